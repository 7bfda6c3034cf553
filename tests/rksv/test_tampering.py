"""DEPs that were valid once: every rule, at every place around block borders, in every mode."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from bridge.fiscal.rksv.code import payload
from bridge.fiscal.rksv.counter import STORNO, TRAINING
from bridge.fiscal.rksv.jws import assemble, chain_value, signing_input
from bridge.fiscal.rksv.verify import Report
from tests.conftest import Scale
from tests.rksv.cases import checks, dep_of, payload_of, replaced, verify_in_all_modes, with_payload
from tests.support.big_dep import NOTHING, DepMaker

SEED = 410_2015
COUNT = 14
"""Receipts; with about three to a block the places meet every border from both sides."""

PLACES = range(2, COUNT)
"""Tampered receipts: all but the first (it has rules of its own) and the last."""


def sales(seed: int = SEED) -> tuple[DepMaker, list[str]]:
    maker = DepMaker(seed)
    return maker, [maker.receipt(NOTHING), *(maker.receipt((100, 0, 0, 0, 0)) for _ in range(13))]


def verified(maker: DepMaker, receipts: list[str]) -> Report:
    return verify_in_all_modes(dep_of(receipts), maker.container())


def test_the_untouched_dep_is_valid() -> None:
    report = verified(*sales())
    assert (report.valid, report.receipts, report.findings) == (True, COUNT, ())


@pytest.mark.parametrize("place", range(1, COUNT + 1))
def test_a_flipped_bit_of_a_signature_is_found(place: int) -> None:
    maker, receipts = sales()
    head, _, signature = receipts[place - 1].rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[random.Random(place).randrange(64)] ^= 1
    changed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    report = verified(maker, replaced(receipts, place - 1, f"{head}.{changed}"))
    found = checks(report)
    assert (place, "CRYPTO_SIGNATURE") in found
    if place < COUNT:
        assert (place + 1, "DEP_CHAINING_VALUE") in found


@pytest.mark.parametrize("place", PLACES)
def test_an_amount_changed_under_its_signature_is_found(place: int) -> None:
    maker, receipts = sales()
    old = payload_of(receipts[place - 1])
    changed = with_payload(receipts[place - 1], old.replace("1,00", "1,01"))
    found = checks(verified(maker, replaced(receipts, place - 1, changed)))
    assert {(place, "CRYPTO_SIGNATURE"), (place, "DEP_TURNOVER_COMPARE")} <= found


@pytest.mark.parametrize("place", PLACES)
def test_a_removed_receipt_is_found(place: int) -> None:
    maker, receipts = sales()
    del receipts[place - 1]
    found = checks(verified(maker, receipts))
    assert found == {(place, "DEP_CHAINING_VALUE"), (place, "DEP_TURNOVER_COMPARE")}


@pytest.mark.parametrize("place", PLACES)
def test_swapped_receipts_are_found(place: int) -> None:
    maker, receipts = sales()
    receipts[place - 1 : place + 1] = reversed(receipts[place - 1 : place + 1])
    assert (place, "DEP_CHAINING_VALUE") in checks(verified(maker, receipts))


@pytest.mark.parametrize("place", PLACES)
def test_a_receipt_stored_twice_is_found(place: int) -> None:
    maker, receipts = sales()
    receipts.insert(place, receipts[place - 1])
    report = verified(maker, receipts)
    assert (place + 1, "DEP_UNIQUE_RECEIPT_ID") in checks(report)
    text = next(each.text for each in report.findings if each.check == "DEP_UNIQUE_RECEIPT_ID")
    assert f"receipt {place} bears the Belegnummer {place}" in text


class Insider(DepMaker):
    """Has the card: a receipt out of rule, all others signed and chained onto it."""

    def make(self, place: int, wrong: Callable[[Insider], str]) -> list[str]:
        receipts = [self.receipt(NOTHING)]
        while len(receipts) < COUNT:
            if len(receipts) + 1 == place:
                receipts.append(wrong(self))
            else:
                receipts.append(self.receipt((100, 0, 0, 0, 0)))
        return receipts

    def forged(self, **fields: str) -> str:
        """Make the next receipt with some fields of our choice, well signed."""
        before = self.chain
        rightly = payload_of(self.receipt((100, 0, 0, 0, 0))).split("_")
        text = payload(
            fields.get("suite", self.suite),
            fields.get("kassen_id", self.kassen_id),
            fields.get("number", rightly[3]),
            fields.get("time", rightly[4]),
            (100, 0, 0, 0, 0),
            fields.get("counter", rightly[10]),
            fields.get("serial", self.serial),
            fields.get("chain", before),
        )
        if "amount" in fields:
            text = text.replace("_1,00_", f"_{fields['amount']}_")
        to_sign = signing_input(text)
        jws = assemble(to_sign, self._sign(to_sign))
        self.chain = chain_value(jws)
        return jws

    def miscounted(self) -> str:
        self.counter += 1
        return self.receipt((100, 0, 0, 0, 0))

    def earlier(self) -> str:
        self.time -= timedelta(hours=1)
        return self.receipt((100, 0, 0, 0, 0))

    def other_kassen_id(self) -> str:
        self.kassen_id, right = "BIG-2", self.kassen_id
        try:
            return self.receipt((100, 0, 0, 0, 0))
        finally:
            self.kassen_id = right


FORGED: dict[str, tuple[Callable[[Insider], str], str]] = {
    "counter": (Insider.miscounted, "DEP_TURNOVER_COMPARE"),
    "time": (Insider.earlier, "DEP_TIME_SEQUENCE"),
    "other register": (Insider.other_kassen_id, "DEP_ONLY_ONE_CASHBOX_ID"),
    "number again": (lambda maker: maker.forged(number="1"), "DEP_UNIQUE_RECEIPT_ID"),
    "empty number": (
        lambda maker: maker.forged(number=""),
        "BASICCONSTRAINTS_NUMBER_OF_ELEMENTS",
    ),
    "future": (
        lambda maker: maker.forged(time="2199-01-01T00:00:00"),
        "TIMEOFRECEIPT_WITHIN_PERIOD",
    ),
    "impossible hour": (
        lambda maker: maker.forged(time="2024-06-01T24:00:00"),
        "FORMAT_CHECK_TIMEANDDATE",
    ),
    "other digits": (
        lambda maker: maker.forged(time="2024-06-0１T10:00:00"),
        "FORMAT_CHECK_TIMEANDDATE",
    ),
    "chain": (lambda maker: maker.forged(chain="AAAAAAAAAAA="), "DEP_CHAINING_VALUE"),
    "surplus bits of the chain": (
        lambda maker: maker.forged(chain=maker.chain[:-2] + chr(ord(maker.chain[-2]) + 1) + "="),
        "FORMAT_CHAIN_VALUE_PREVIOUS_RECEIPT_BASE64",
    ),
    "start's chain": (
        lambda maker: maker.forged(chain=chain_value(maker.kassen_id)),
        "TYPE_OF_RECEIPT",
    ),
    "unknown serial": (lambda maker: maker.forged(serial="abc"), "VERIFICATION_FROM_CASHBOX"),
    "closed system": (lambda maker: maker.forged(suite="R1-AT0"), "DEP_ONLY_ONE_SYTEM_TYPE"),
    "suite": (lambda maker: maker.forged(suite="R1-AT01"), "FORMAT_RK_STRING"),
    "long code": (
        lambda maker: maker.forged(number="9" * 900),
        "BASICCONSTRAINTS_RECEIPT_LENGTH",
    ),
    "endless code": (
        lambda maker: maker.forged(number="9" * 9000),
        "BASICCONSTRAINTS_RECEIPT_LENGTH",
    ),
    "counter of 17 bytes": (
        lambda maker: maker.forged(counter=base64.b64encode(bytes(17)).decode()),
        "FORMAT_ENCRYPTED_TURN_OVER_VALUE_BASE64",
    ),
    "plus sign": (lambda maker: maker.forged(amount="+1,00"), "FORMAT_TAX_SET"),
    "decimal point": (lambda maker: maker.forged(amount="1.00"), "FORMAT_TAX_SET"),
    "line break": (lambda maker: maker.forged(amount="1,00\n"), "FORMAT_TAX_SET"),
}


@pytest.mark.parametrize("place", [2, 4, 5, 6, 7, COUNT])
@pytest.mark.parametrize("name", FORGED)
def test_a_well_signed_receipt_out_of_rule_is_found(name: str, place: int) -> None:
    forge, check = FORGED[name]
    maker = Insider(SEED)
    report = verified(maker, maker.make(place, forge))
    assert (place, check) in checks(report)


@pytest.mark.parametrize("place", PLACES)
def test_a_counted_training_receipt_is_found_at_the_next_counter(place: int) -> None:
    maker = Insider(SEED)
    receipts = maker.make(place, lambda insider: insider.forged(counter=TRAINING))
    assert checks(verified(maker, receipts)) == {(place + 1, "DEP_TURNOVER_COMPARE")}


def test_a_second_startbeleg_is_found() -> None:
    maker = DepMaker(SEED)
    receipts = [maker.receipt(NOTHING), maker.receipt((100, 0, 0, 0, 0))]
    maker.chain = chain_value(maker.kassen_id)
    receipts.append(maker.receipt(NOTHING))
    assert checks(verified(maker, receipts)) == {(3, "DEP_STATE")}


LETTERS = "nsoxu"
"""Sale, Nullbeleg, outage receipt, training, unsigned storno."""


def legal(letters: str) -> bool:
    """Say again, from the decree, whether the outages in a sequence end as they must."""
    for index, letter in enumerate(letters):
        if letter in "ou":
            after = letters[index + 1 : index + 3]
            if len(after) == 2 and not set(after) & set("osu"):
                return False
    return True


def test_outages_end_with_a_sammelbeleg_at_any_place(scale: Scale) -> None:
    seed = 36_1
    print("seed", seed)
    chance = random.Random(seed)
    verdicts = set()
    for _ in range(scale.of(60, 1000)):
        letters = "".join(chance.choices(LETTERS, k=9))
        maker = DepMaker(chance.getrandbits(32))
        receipts = [maker.receipt(NOTHING)]
        for letter in letters:
            amounts = NOTHING if letter == "s" else (100, 0, 0, 0, 0)
            fixed = {"x": TRAINING, "u": STORNO}.get(letter, "")
            receipts.append(maker.receipt(amounts, fixed=fixed, signed=letter not in "ou"))
        report = verified(maker, receipts)
        assert report.valid is legal(letters), letters
        assert {check for _, check in checks(report)} <= {"DEP_STATE"}
        verdicts.add(report.valid)
    assert verdicts == {True, False}


@pytest.mark.parametrize("counter_bytes", [5, 8, 16])
@pytest.mark.parametrize(("suite", "serial"), [("R1-AT3", "7E57"), ("R1-AT0", "U:ATU12345678-K0")])
def test_mixed_deps_of_all_kinds_are_valid(counter_bytes: int, suite: str, serial: str) -> None:
    maker = DepMaker(
        SEED, kassen_id="Käse 1", suite=suite, serial=serial, counter_bytes=counter_bytes
    )
    report = verified(maker, [*maker.receipts(120)])
    assert (report.valid, report.receipts, report.findings) == (True, 120, ())


def test_a_dep_whose_every_receipt_is_wrong_lists_the_first_thousand() -> None:
    maker = DepMaker(SEED)
    receipts = [*maker.receipts(1200)]
    wrong = [with_payload(jws, payload_of(jws).replace("BIG-1", "BIG-9")) for jws in receipts]
    report = verified(maker, wrong)
    assert report.errors > 1200
    assert len(report.findings) == 1000
