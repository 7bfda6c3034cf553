"""Random damage: nothing crashes, nothing tampered is ever called valid, all modes agree."""

from __future__ import annotations

import io
import random

import pytest

from bridge.fiscal.rksv.dep_reader import Receipts, read_dep
from bridge.fiscal.rksv.faults import CodeUnreadable, DepUnreadable, KeysUnreadable
from bridge.fiscal.rksv.finding import Report
from bridge.fiscal.rksv.keys import KeyContainer, read_container
from bridge.fiscal.rksv.verify import verify_code, verify_dep
from bridge.fiscal.rksv.verify.engine import BLOCK_BYTES
from tests.conftest import Scale
from tests.rksv.cases import DATA, NOW, dep_of, keys_of, payload_of, receipts_of, with_payload

SEED = 7_131
DEP = (DATA / "dep-export.json").read_bytes()
FEW_BLOCKS = 700


def verdict(dep: bytes, keys: KeyContainer) -> Report | None:
    """Verify by the fast path and by the reference; ``None`` if the file is unreadable."""
    answers: list[Report | None] = []
    for workers, block_bytes in ((0, BLOCK_BYTES), (1, BLOCK_BYTES), (1, FEW_BLOCKS)):
        try:
            answers.append(
                verify_dep(io.BytesIO(dep), keys, now=NOW, workers=workers, block_bytes=block_bytes)
            )
        except DepUnreadable:
            answers.append(None)
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


def read_receipts(dep: bytes) -> list[str | None]:
    return [
        entry
        for item in read_dep(io.BytesIO(dep))
        if isinstance(item, Receipts)
        for entry in item.entries
    ]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip a bit, or remove, double or replace a piece."""
    where = chance.randrange(len(data))
    length = chance.choice((1, 1, 2, 40, 300))
    piece = data[where : where + length]
    match chance.randrange(5):
        case 0 | 1:
            flipped = data[where] ^ (1 << chance.randrange(8))
            return data[:where] + bytes([flipped]) + data[where + 1 :]
        case 2:
            return data[:where] + data[where + length :]
        case 3:
            return data[:where] + piece + data[where:]
        case _:
            other = chance.choice((b"", b"0", b"null", b'"', b"]", b"[{", b"\\u0041", b"\xc3\xa4"))
            return data[:where] + other + data[where + length :]


def test_random_damage_of_a_file_never_makes_other_receipts_valid(scale: Scale) -> None:
    print("seed", SEED)
    chance = random.Random(SEED)
    keys = keys_of(DATA)
    right = receipts_of(DATA)
    found = {"unreadable": 0, "invalid": 0, "valid": 0}
    for _ in range(scale.of(600, 20_000)):
        dep = damaged(DEP, chance)
        report = verdict(dep, keys)
        if report is None:
            found["unreadable"] += 1
        elif report.valid:
            found["valid"] += 1
            # Whole receipts missing at the end cannot be seen from the DEP alone.
            assert read_receipts(dep) == right[: report.receipts]
        else:
            found["invalid"] += 1
            assert report.findings
    print(found)
    assert found["unreadable"] > 20
    assert found["invalid"] > 20


def test_random_damage_within_a_payload_is_always_found(scale: Scale) -> None:
    print("seed", SEED + 1)
    chance = random.Random(SEED + 1)
    keys = keys_of(DATA)
    receipts = receipts_of(DATA)
    alphabet = "_0123456789,-:TAB=+/ Z\né\x00"
    for _ in range(scale.of(300, 10_000)):
        index = chance.randrange(len(receipts))
        text = payload_of(receipts[index])
        where = chance.randrange(len(text) + 1)
        changed = text[:where] + chance.choice(alphabet) + text[where + chance.randrange(2) :]
        if changed == text:
            continue
        tampered = [*receipts]
        tampered[index] = with_payload(receipts[index], changed)
        report = verdict(dep_of(tampered), keys)
        assert report is not None
        assert not report.valid, changed


def test_random_damage_of_a_code_is_always_found(scale: Scale) -> None:
    print("seed", SEED + 2)
    chance = random.Random(SEED + 2)
    keys = keys_of(DATA)
    codes = [jws.encode() for jws in receipts_of(DATA) if len(jws.rsplit(".", 1)[1]) == 86]
    for _ in range(scale.of(400, 10_000)):
        code = chance.choice(codes)
        changed = damaged(code, chance)
        text = changed.decode(errors="surrogateescape")
        if text.strip() == code.decode():
            continue
        try:
            report = verify_code(text, keys, allow_future=False, now=NOW)
        except CodeUnreadable:
            continue
        assert not report.valid, text


def test_random_damage_of_a_key_container_is_told_or_harmless(scale: Scale) -> None:
    print("seed", SEED + 3)
    chance = random.Random(SEED + 3)
    container = (DATA / "cryptographicMaterialContainer.json").read_bytes()
    right = keys_of(DATA)
    refused = 0
    for _ in range(scale.of(300, 10_000)):
        data = damaged(container, chance)
        try:
            keys = read_container(io.BytesIO(data))
        except KeysUnreadable:
            refused += 1
            continue
        report = verdict(DEP, keys)
        assert report is not None
        same_keys = keys.aes_key == right.aes_key and (
            {entry.id: entry.public_key() for entry in keys.entries}
            == {entry.id: entry.public_key() for entry in right.entries}
        )
        assert report.valid is same_keys
    assert refused > 100


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '"x"', "5", '{"Belege-Gruppe":{}}', '{"Belege-Gruppe":[5]}']
)
def test_tiny_files_get_a_verdict(text: str) -> None:
    report = verdict(text.encode(), keys_of(DATA))
    assert report is None or not report.valid
