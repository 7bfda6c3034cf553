"""What a demo left behind, read without the box's own code where that is possible."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode


def codes_on(picture: Path) -> list[str]:
    """Return the QR codes that zbar reads from a picture of a paper."""
    with Image.open(picture) as image:
        return [found.data.decode() for found in decode(image, symbols=[ZBarSymbol.QRCODE])]


@dataclass(frozen=True, slots=True)
class Paper:
    """One printed paper: what zbar reads, and whether it is marked as a copy."""

    picture: Path
    codes: list[str]
    is_copy: bool


def papers(receipts: Path) -> list[Paper]:
    """Return all papers of a printer simulator's directory, in order."""
    found = []
    for picture in sorted(receipts.glob("*.png")):
        text = picture.with_suffix(".txt").read_text(encoding="utf-8")
        found.append(Paper(picture, codes_on(picture), "KOPIE" in text))
    return found


def dep_receipts(out: Path) -> list[str]:
    """Return the JWS of a DEP export, in order."""
    export = json.loads((out / "dep-export.json").read_text(encoding="utf-8"))
    return [jws for group in export["Belege-Gruppe"] for jws in group["Belege-kompakt"]]


def payload_fields(jws: str) -> list[str]:
    """Return the fields of a receipt's payload; index 3 is the Belegnummer."""
    text = jws.split(".")[1]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("_")


def qr_of(jws: str) -> str:
    """Return the QR string that belongs to a JWS."""
    _, text, signature = jws.split(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    return f"{payload}_{base64.b64encode(raw).decode()}"


def journal_rows(out: Path) -> list[dict[str, Any]]:
    """Return all events of a demo's journal by plain SQL."""
    connection = sqlite3.connect(f"file:{out / 'journal.db'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute("SELECT * FROM event ORDER BY seq")]
    finally:
        connection.close()


def acknowledged(out: Path) -> list[dict[str, Any]]:
    """Return what the demo's operator was told; a line cut off by a kill does not count."""
    found = []
    path = out / "acknowledged.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def check_all(out: Path) -> None:
    """Hold papers, DEP, journal and acknowledgements of a finished demo against each other."""
    receipts = dep_receipts(out)
    numbers = [payload_fields(jws)[3] for jws in receipts]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    listed = json.loads((out / "qr-code-rep.json").read_text(encoding="utf-8"))
    assert listed == [qr_of(jws) for jws in receipts]

    printed = papers(out / "receipts")
    originals: Counter[str] = Counter()
    for paper in printed:
        assert len(paper.codes) == 1, f"{paper.picture}: {len(paper.codes)} codes"
        assert paper.codes[0] in listed, f"{paper.picture}: a code the DEP does not know"
        if not paper.is_copy:
            originals[paper.codes[0]] += 1
    twice = [code for code, count in originals.items() if count > 1]
    assert not twice, f"a second paper without KOPIE: {twice}"

    rows = journal_rows(out)
    completed = {row["receipt"]: row for row in rows if row["kind"] == "receipt.completed"}
    assert len(completed) == len(receipts)
    on_paper = {code for paper in printed for code in paper.codes}
    for row in completed.values():
        kind = json.loads(row["body"])["kind"]
        if kind not in {"collective", "month"}:
            assert qr_of(row["jws"]) in on_paper, f"number {row['number']} was never printed"
    ended = {(row["receipt"], row["kind"], row["number"]) for row in rows}
    for answer in acknowledged(out):
        claim = (answer["receipt"], f"receipt.{answer['how']}", answer["number"])
        assert claim in ended, f"acknowledged, but not in the journal: {answer}"


def check_cloud(out: Path) -> None:
    """Hold what the cloud and the external program know against the journal."""
    rows = journal_rows(out)
    opened = [row for row in rows if row["kind"] == "receipt.opened"]
    parked = [
        body["parked_id"] for row in opened if "parked_id" in (body := json.loads(row["body"]))
    ]
    assert len(parked) == len(set(parked)), "a parked receipt was opened twice"

    completed = {row["receipt"]: row for row in rows if row["kind"] == "receipt.completed"}
    documents = json.loads((out / "cloud-documents.json").read_text(encoding="utf-8"))
    for reference, document in documents.items():
        row = completed[document["boxReceiptId"]]
        body = json.loads(row["body"])
        assert body["reference"] == reference
        assert document["reference"] == reference
        assert document["receiptNumber"] == body["belegnummer"]
        assert document["totalCents"] == body["total"]
        assert document["qrCode"] == qr_of(row["jws"])

    webhooks = [
        json.loads(line)
        for line in (out / "webhooks.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    created = {each["id"] for each in webhooks if each["action"] == "receipt.created"}
    assert len(created) == len(completed), "not one document for each completed receipt"
    told = {each["reference"] for each in webhooks if each["action"] == "receipt.created"}
    assert told >= set(documents)
    aborted = {
        json.loads(row["body"])["reference"] for row in rows if row["kind"] == "receipt.aborted"
    }
    assert not aborted & told, "a webhook says that an aborted receipt was created"
    assert {
        each["reference"] for each in webhooks if each["action"] == "receipt.aborted"
    } == aborted
    assert set(documents) | aborted == {
        json.loads(row["body"])["reference"]
        for row in opened
        if "parked_id" in row["body"].decode()
    }
    assert {json.loads(row["body"])["peer"] for row in rows if row["kind"] == "cloud.taken"} == {
        "asello"
    }
