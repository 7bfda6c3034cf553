"""Feeds exporters from the journal: flat memory, read-only, beside a running box."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any, BinaryIO

from bridge.fiscal.rksv.dep import Group, write_dep
from bridge.journal.event import Event
from bridge.journal.projections import load
from bridge.journal.reader import Reader
from bridge.till.projections import Units


def unit_records(reader: Reader) -> dict[str, dict[str, Any]]:
    """Return what the journal knows of each signing unit, by field 11."""
    return {serial: json.loads(body) for serial, body in load(reader, Units()).items()}


def dep7_groups(reader: Reader, register: str) -> Iterator[Group]:
    """Return a register's DEP as groups: a new one whenever field 11 changes.

    Outage receipts bear the serial used last and stay in its group. The certificate is the
    unit's own, empty in a closed system or when it was never recorded (till-rules.md section 6).
    """
    records = unit_records(reader)
    for serial, receipts in groupby(reader.numbered(register), key=_serial):
        record = records.get(serial, {})
        yield Group(
            base64.b64decode(record.get("certificate", "")),
            tuple(base64.b64decode(issuer) for issuer in record.get("issuers", ())),
            (event.jws or "" for event in receipts),
        )


def export_dep7(reader: Reader, register: str, out: BinaryIO) -> None:
    """Write a register's DEP 7 export (rksv.md section 7)."""
    write_dep(out, dep7_groups(reader, register))


def _serial(event: Event) -> str:
    return str(event.data()["serial"])
