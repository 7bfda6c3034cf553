"""Forgeries aimed at the fast path: what a parser or decoder in a hurry would let pass."""

from __future__ import annotations

import string

import pytest

from bridge.fiscal.rksv.code import format_time, payload
from bridge.fiscal.rksv.jws import assemble, chain_value, signing_input
from bridge.fiscal.rksv.verify import Report, engine
from bridge.fiscal.rksv.verify.sequence import Seen, Sequence
from tests.rksv.cases import checks, dep_of, replaced, verify_in_all_modes
from tests.support.big_dep import NOTHING, DepMaker

SEED = 99
SALE = (100, 0, 0, 0, 0)
BASE64URL = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def verified(maker: DepMaker, receipts: list[str]) -> Report:
    return verify_in_all_modes(dep_of(receipts), maker.container())


def sales(maker: DepMaker, count: int = 8) -> list[str]:
    return [maker.receipt(NOTHING), *(maker.receipt(SALE) for _ in range(count - 1))]


def next_letter(letter: str) -> str:
    """Return the base64url character whose lowest bit differs."""
    return BASE64URL[BASE64URL.index(letter) ^ 1]


def sign(maker: DepMaker, to_sign: bytes) -> str:
    """Sign what we like and chain the next receipt onto it."""
    jws = assemble(to_sign, maker._sign(to_sign))
    maker.chain = chain_value(jws)
    return jws


def test_a_valid_block_is_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast path takes all kinds of receipts: else it is only a detour."""
    walked = 0

    class Counting(Sequence):
        def take(self, entry: str | None) -> Seen:
            nonlocal walked
            walked += 1
            return super().take(entry)

    monkeypatch.setattr(engine, "Sequence", Counting)
    maker = DepMaker(SEED, kassen_id="Käse")
    receipts = [*maker.receipts(300)]
    assert verified(maker, receipts).valid
    fast_modes = 3
    assert walked == len(receipts) + fast_modes


def test_an_unsigned_startbeleg_is_found() -> None:
    maker = DepMaker(SEED)
    receipts = [maker.receipt(NOTHING, signed=False), maker.receipt(NOTHING)]
    assert checks(verified(maker, receipts)) == {(1, "STATE_SIGDEVICE")}


def test_an_unreadable_receipt_does_not_put_the_next_counter_in_the_wrong() -> None:
    maker = DepMaker(SEED)
    receipts = sales(maker, 3)
    maker.number = lambda count: f"{count}_"
    receipts.append(maker.receipt(SALE))
    maker.number = str
    receipts += [maker.receipt(SALE), maker.receipt(SALE)]
    report = verified(maker, receipts)
    assert checks(report) == {(4, "BASICCONSTRAINTS_NUMBER_OF_ELEMENTS")}


@pytest.mark.parametrize("place", range(1, 9))
def test_surplus_bits_of_a_signature_are_found(place: int) -> None:
    """The decoded signature is right, but the text is not what an encoder writes."""
    maker = DepMaker(SEED)
    receipts = sales(maker)
    jws = receipts[place - 1]
    changed = replaced(receipts, place - 1, jws[:-1] + next_letter(jws[-1]))
    assert (place, "FORMAT_SIGNATURE_BASE64") in checks(verified(maker, changed))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_surplus_bits_of_a_signed_payload_are_found(length: int) -> None:
    maker = DepMaker(SEED)
    receipts = sales(maker, 4)
    maker.number = lambda count: str(count) * length
    text = signing_input(maker_payload(maker, maker.number(5), maker.counter + 100))
    encoded = text.split(b".")[1]
    odd = text[:-1] + next_letter(text[-1:].decode()).encode()
    receipts.append(sign(maker, odd))
    found = checks(verified(maker, receipts))
    # Without surplus bits the last character is part of the chaining value.
    wrong = "JWS_FORMAT" if len(encoded) % 4 else "DEP_CHAINING_VALUE"
    assert (5, wrong) in found or (5, "FORMAT_CHAIN_VALUE_PREVIOUS_RECEIPT_BASE64") in found


def maker_payload(maker: DepMaker, number: str, counter: int, chain: str = "") -> str:
    return payload(
        maker.suite,
        maker.kassen_id,
        number,
        format_time(maker.time),
        SALE,
        maker.cipher.encrypt(maker.kassen_id, number, counter),
        maker.serial,
        chain or maker.chain,
    )


def test_two_payloads_in_one_receipt_do_not_hide_a_third() -> None:
    """One receipt of rubbish and one of two payloads are two receipts and two payloads."""
    maker = DepMaker(SEED)
    receipts = sales(maker, 4)
    first = maker_payload(maker, "5", maker.counter + 100)
    receipts.append(sign(maker, signing_input("_" + "x" * 150)))
    second = maker_payload(maker, "6", maker.counter + 200)
    receipts.append(sign(maker, signing_input(f"{first}\n{second}")))
    found = checks(verified(maker, receipts))
    assert {place for place, _ in found} == {5, 6}


@pytest.mark.parametrize("foreign", ["=", " ", "!", ".", "\n", "\u00e4", "\u0000"])
@pytest.mark.parametrize("where", [5, 40, -30, -1])
def test_foreign_characters_in_a_jws_are_found(foreign: str, where: int) -> None:
    """Decoders of base64 like to skip them."""
    maker = DepMaker(SEED)
    receipts = sales(maker)
    jws = receipts[5]
    escaped = {"\n": "\\n", "\u0000": "\\u0000"}.get(foreign, foreign)
    changed = replaced(receipts, 5, f"{jws[:where]}{escaped}{jws[where:]}")
    report = verified(maker, changed)
    assert 6 in {place for place, _ in checks(report)}


def test_a_counter_that_ran_over_is_found() -> None:
    maker = DepMaker(SEED, counter_bytes=5)
    much = (300_000_000_000, 0, 0, 0, 0)
    receipts = [maker.receipt(NOTHING), maker.receipt(much)]
    maker.counter -= 1 << 40
    receipts += [maker.receipt(much), maker.receipt(SALE)]
    assert checks(verified(maker, receipts)) == {(3, "DEP_TURNOVER_COMPARE")}


@pytest.mark.parametrize(
    ("suite", "serial", "check"),
    [
        ("R1-AT1", "U:ATU12345678-K0", "FORMAT_HEX_CHARS"),
        ("R1-AT0", "7e57", "FORMAT_CLOSED_SYSTEM_SERIAL"),
        ("R1-AT0", "ATU12345678-K0", "FORMAT_CLOSED_SYSTEM_SERIAL"),
    ],
)
def test_field_11_must_be_that_of_the_system_even_if_the_container_knows_it(
    suite: str, serial: str, check: str
) -> None:
    maker = DepMaker(SEED, suite=suite, serial=serial)
    assert checks(verified(maker, sales(maker))) == {(place, check) for place in range(1, 9)}


def test_a_blank_around_the_kassen_id_deserves_a_warning_each_time() -> None:
    maker = DepMaker(SEED, kassen_id="BIG-1 ")
    report = verified(maker, sales(maker))
    assert (report.valid, report.warnings) == (True, 8)
    assert "the Kassen-ID begins or ends with a blank" in report.findings[0].text
