"""The DEP 7 export, written as a stream (rksv.md section 7); ``dep_reader`` reads it.

Written are exactly the three keys, the certificate before the receipts, so that a reader needs
one pass.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

GROUPS = "Belege-Gruppe"
CERTIFICATE = "Signaturzertifikat"
ISSUERS = "Zertifizierungsstellen"
RECEIPTS = "Belege-kompakt"


@dataclass(frozen=True, slots=True)
class Group:
    """Receipts under one signing certificate, which is empty where it is not known."""

    certificate: bytes
    issuers: tuple[bytes, ...]
    receipts: Iterable[str]


def write_dep(out: BinaryIO, groups: Iterable[Group]) -> None:
    """Write a DEP in flat memory.

    The receipts of a group are used up before the next group is asked for.
    """
    out.write(f'{{"{GROUPS}":['.encode())
    before = ""
    for group in groups:
        certificate = json.dumps(base64.b64encode(group.certificate).decode())
        issuers = json.dumps([base64.b64encode(issuer).decode() for issuer in group.issuers])
        out.write(
            f'{before}\n{{"{CERTIFICATE}":{certificate},'
            f'"{ISSUERS}":{issuers},"{RECEIPTS}":['.encode()
        )
        separator = "\n"
        for receipt in group.receipts:
            out.write(f"{separator}{json.dumps(receipt)}".encode())
            separator = ",\n"
        out.write(b"]}")
        before = ","
    out.write(b"]}\n")
