"""Machine-readable codes read back and verified one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bridge.fiscal.rksv.code import link_hash, ocr_code, qr_code
from bridge.fiscal.rksv.counter import STORNO
from bridge.fiscal.rksv.faults import CodeUnreadable, LinkAlone
from bridge.fiscal.rksv.forms import read_code
from bridge.fiscal.rksv.verify import Report, verify_code
from tests.rksv.cases import DATA, NOW, keys_of, payload_of, receipts_of, with_payload
from tests.support.big_dep import NOTHING, DepMaker
from tests.support.vectors import vectors

RECEIPTS = receipts_of(DATA)
KEYS = keys_of(DATA)
SALE = RECEIPTS[1]


def csv_of(qr: str) -> str:
    return qr[1:].replace("_", ";")


def verified(code: str) -> Report:
    return verify_code(code, KEYS, allow_future=False, now=NOW)


@pytest.mark.parametrize("jws", RECEIPTS)
def test_every_form_of_a_receipt_is_valid_and_tells_the_same(jws: str) -> None:
    qr = qr_code(jws)
    assert read_code(jws).form == "JWS"
    for form, text in (("QR", qr), ("OCR", ocr_code(jws)), ("CSV", csv_of(qr))):
        read = read_code(f" {text}\n")
        assert (read.form, read.text) == (form, qr)
    for code in (jws, qr, ocr_code(jws), csv_of(qr)):
        report = verified(code)
        assert (report.valid, report.findings) == (True, ())


@pytest.mark.parametrize("name", ["qr-code-rep.json", "ocr-code-rep.json"])
@pytest.mark.parametrize("system", ["open", "closed"])
def test_published_codes_are_valid(system: str, name: str) -> None:
    folder = vectors("rksv", "bmf-mustercode-output", system, "TESTSUITE_TEST_SZENARIO_3")
    keys = keys_of(folder)
    codes = json.loads((folder / name).read_bytes())
    assert len(codes) > 70
    for code in codes:
        report = verify_code(code, keys, allow_future=False, now=NOW)
        assert report.valid, code


def test_a_changed_amount_is_found_in_every_form() -> None:
    for code in (qr_code(SALE), ocr_code(SALE), csv_of(qr_code(SALE))):
        report = verified(code.replace("12,50", "2,50"))
        assert [each.check for each in report.findings] == ["CRYPTO_SIGNATURE"]
    changed = with_payload(SALE, payload_of(SALE).replace("12,50", "2,50"))
    assert not verified(changed).valid


def test_an_outage_receipt_is_valid_and_its_text_exact() -> None:
    outage = qr_code(RECEIPTS[6])
    assert verified(outage).valid
    # The text with a small letter, as base64.
    other = outage.replace("_U2lj", "_c2lj")
    assert other != outage
    assert [each.check for each in verified(other).findings] == ["CRYPTO_SIGNATURE"]


def test_a_finding_names_the_belegnummer() -> None:
    finding = verified(qr_code(SALE).replace("12,50", "12.50")).findings[0]
    assert (finding.receipt, finding.number, finding.check) == (None, "2", "FORMAT_TAX_SET")
    assert finding.text.startswith("Belegnummer 2: the amount '12.50' (normal)")


def test_a_startbeleg_by_itself_is_held_to_its_rules() -> None:
    maker = DepMaker(3)
    maker.counter = 1
    wrong_counter = maker.receipt(NOTHING)
    unsigned = DepMaker(3).receipt(NOTHING, signed=False)
    storno = DepMaker(3).receipt((-100, 0, 0, 0, 0), fixed=STORNO)
    for jws, check in (
        (wrong_counter, "CRYPTO_TURNOVER_COUNTER"),
        (unsigned, "STATE_SIGDEVICE"),
        (storno, "TYPE_OF_RECEIPT"),
    ):
        report = verify_code(qr_code(jws), maker.container(), allow_future=False, now=NOW)
        assert not report.valid
        assert check in {each.check for each in report.findings if each.severity == "error"}


def test_receipts_of_the_future_need_to_be_allowed() -> None:
    before = datetime(2024, 1, 1, tzinfo=UTC)
    code = qr_code(SALE)
    report = verify_code(code, KEYS, allow_future=False, now=before)
    assert [each.check for each in report.findings] == ["TIMEOFRECEIPT_WITHIN_PERIOD"]
    assert verify_code(code, KEYS, allow_future=True, now=before).valid


@pytest.mark.parametrize(
    "link",
    [
        link_hash(qr_code(SALE)),
        f"https://shop.example/r/#{link_hash(qr_code(SALE))}",
        f"https://shop.example/r/{link_hash(qr_code(SALE))}",
    ],
)
def test_a_link_alone_says_that_it_cannot_be_verified(link: str) -> None:
    with pytest.raises(LinkAlone):
        verified(link)


@pytest.mark.parametrize(
    "text", ["", "hello", "_", "a.b", "ö.b.c", "\x00", "x" * 20_000, "_1\n_2", "\udc80"]
)
def test_what_is_no_code_at_all_is_a_fault_or_an_error(text: str) -> None:
    try:
        valid = verified(text).valid
    except CodeUnreadable:
        valid = False
    assert not valid
