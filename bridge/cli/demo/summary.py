"""The end of the demo: export, verification, and everything that lies beside the journal."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from bridge.app import journal_paths
from bridge.cli.demo.record import Record
from bridge.cli.demo.shop import REGISTER
from bridge.config import Config, credentials_for, read_aes_key
from bridge.exports import export_dep7, unit_records
from bridge.fiscal.rksv.code import qr_code
from bridge.fiscal.rksv.keys import KeyContainer, read_container, write_container
from bridge.fiscal.rksv.verify import Report, verify_dep
from bridge.journal.reader import Reader
from bridge.model import events


def report(out: Path, config: Config, record: Record) -> bool:
    """Write the demo's files and say what came out. Returns whether all of it is valid."""
    with Reader(journal_paths(config).database) as reader:
        with (out / "dep-export.json").open("wb") as dep:
            export_dep7(reader, REGISTER, dep)
        with (out / "cryptographicMaterialContainer.json").open("wb") as container:
            write_container(container, _keys(config, reader))
        reader.copy_to(out / "journal.db")
        codes = [qr_code(event.jws or "") for event in reader.numbered(REGISTER)]
        counts = Counter(_kind(event.kind, event.body) for event in reader.events())
    _write(out / "qr-code-rep.json", codes)
    _write(out / "cloud-documents.json", record.documents)
    verified = _verify(out)
    summary = {
        "receipts": counts["parked"],
        "completed": counts[events.COMPLETED],
        "aborted": counts[events.ABORTED],
        "papers": counts[events.PAPER_PRINTED],
        "webhooks": len(record.notified),
        "valid": verified.valid,
    }
    agrees = (
        summary["webhooks"] == summary["completed"]
        and summary["aborted"] == len(record.aborted)
        and summary["receipts"] == len(record.documents) + len(record.aborted)
    )
    summary["valid"] = verified.valid and agrees
    _write(out / "summary.json", summary)
    for finding in verified.findings:
        print(f"   {finding.severity}: {finding.text}")
    if not agrees:
        print("   error: box, cloud and external program do not agree")
    print(
        f"{summary['receipts']} parked receipts opened; {summary['completed']} receipts in the DEP "
        f"({'valid' if verified.valid else 'NOT VALID'}), {summary['aborted']} aborted, "
        f"{summary['papers']} papers printed, {summary['webhooks']} webhooks received"
    )
    print(f"pictures: {out / 'receipts'}  DEP: {out / 'dep-export.json'}")
    return bool(summary["valid"])


def _kind(kind: str, body: bytes) -> str:
    """Return what is counted: an opened receipt counts when it was parked at the cloud."""
    if kind == events.OPENED and "parked_id" in json.loads(body):
        return "parked"
    return kind


def _keys(config: Config, reader: Reader) -> KeyContainer:
    register = config.register_named(REGISTER)
    credentials = credentials_for(config.box.credentials_dir, {})
    return KeyContainer.of(
        read_aes_key(credentials, register.aes_key), unit_records(reader).values()
    )


def _verify(out: Path) -> Report:
    with (out / "cryptographicMaterialContainer.json").open("rb") as container:
        keys = read_container(container)
    return verify_dep(
        out / "dep-export.json",
        keys,
        workers=1,
        allow_future=False,
        now=datetime.now(UTC),
    )


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
