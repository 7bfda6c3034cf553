"""What the tests of this folder share: reading cases, verifying in all modes, tampering."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.fiscal.rksv.dep import Group, write_dep
from bridge.fiscal.rksv.jws import HEADER
from bridge.fiscal.rksv.keys import KeyContainer, read_container
from bridge.fiscal.rksv.verify import Report, verify_dep

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 1, tzinfo=UTC)

MODES: dict[str, dict[str, Any]] = {
    "reference": {"workers": 0},
    "whole blocks": {"workers": 1},
    "one receipt a block": {"workers": 1, "block_bytes": 1},
    "about three receipts a block": {"workers": 1, "block_bytes": 700},
}


def keys_of(folder: Path) -> KeyContainer:
    with (folder / "cryptographicMaterialContainer.json").open("rb") as stream:
        return read_container(stream)


def receipts_of(folder: Path) -> list[str]:
    document = json.loads((folder / "dep-export.json").read_bytes())
    return [jws for group in document["Belege-Gruppe"] for jws in group["Belege-kompakt"]]


def dep_of(receipts: Iterable[str], certificate: bytes = b"") -> bytes:
    out = io.BytesIO()
    write_dep(out, [Group(certificate, (), receipts)])
    return out.getvalue()


def verify_in_all_modes(dep: bytes, keys: KeyContainer, **options: Any) -> Report:
    """Verify in every mode, insist that all say the same, and return it."""
    given: dict[str, Any] = {"now": NOW, **options}
    reports = {
        mode: verify_dep(io.BytesIO(dep), keys, **settings, **given)
        for mode, settings in MODES.items()
    }
    expected = reports["reference"]
    for mode, report in reports.items():
        assert report == expected, mode
    return expected


def checks(report: Report) -> set[tuple[int | None, str]]:
    """Return (receipt, check) of every error."""
    return {(each.receipt, each.check) for each in report.findings if each.severity == "error"}


def payload_of(jws: str) -> str:
    encoded = jws.split(".")[1]
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def with_payload(jws: str, payload: str) -> str:
    """Put another payload under the same signature."""
    encoded = base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")
    return f"{HEADER}.{encoded}.{jws.split('.')[2]}"


def replaced(receipts: Sequence[str], index: int, jws: str) -> list[str]:
    return [*receipts[:index], jws, *receipts[index + 1 :]]
