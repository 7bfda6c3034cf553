"""Paying a vendor's open invoice in the shop: a line of its own kind (till-rules.md 5)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from bridge.config.schema import RksvSettings
from bridge.model.faults import CommandInvalid
from bridge.printing.layout import Style
from bridge.till.amounts import Settling
from bridge.till.faults import (
    DiscountImpossible,
    SettlementLineFixed,
    SettlementRateFixed,
    SettlementVendorUnknown,
)
from tests.printing.test_layout import assert_fits, page, text
from tests.till.harness import Shop, line, new_key

SETTLING = Settling(frozenset({"flexi"}))
FV1 = {"vendor": "flexi", "invoice": "FV1"}


def payment(cents: int = 5000, **fields: Any) -> dict[str, Any]:
    """Return a line that pays invoice FV1."""
    return {"text": "Zahlung Rechnung FV1", "unit_cents": cents, "settles": FV1, **fields}


async def test_the_payment_of_an_invoice_is_signed_in_betrag_satz_null(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        done = await shop.sale(line(cents=120), payment(5000))
        body = done.event.data()
        assert body["amounts"] == [0, 120, 0, 5000, 0]
        assert body["totals"] == {"reduced1": 120, "zero": 5000}
        assert body["counter"] == 5120
        shop.bons()


@pytest.mark.parametrize(
    ("rate", "amounts"), [("normal", [5000, 0, 0, 0, 0]), ("special", [0, 0, 0, 0, 5000])]
)
async def test_the_configuration_may_choose_another_rate(
    tmp_path: Path, rate: str, amounts: list[int]
) -> None:
    async with Shop(tmp_path, settling=Settling(frozenset({"flexi"}), rate)) as shop:
        done = await shop.sale(payment(5000))
        assert done.event.data()["amounts"] == amounts
        with pytest.raises(SettlementRateFixed):
            await shop.open(payment(rate="zero"))
        await shop.open(payment(rate=rate))


def test_the_setting_and_the_till_agree_on_the_usual_rate() -> None:
    assert RksvSettings().settlement_rate == Settling().rate == "zero"


async def test_the_wish_to_report_it_is_in_the_completion_event(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        done = await shop.sale(line(), payment(5000))
        first, second = done.event.data()["lines"]
        assert "settles" not in first
        assert second["settles"] == {"vendor": "flexi", "invoice": "FV1", "kind": "issued"}
        assert second["cents"] == 5000


async def test_only_vendors_of_the_configuration_can_be_named(tmp_path: Path) -> None:
    async with Shop(tmp_path) as shop:
        with pytest.raises(SettlementVendorUnknown, match="none"):
            await shop.open(payment())
        receipt = await shop.open()
        with pytest.raises(SettlementVendorUnknown):
            await shop.do("add_line", receipt=receipt.id, rev=1, line=payment())
        assert shop.receipt(receipt.id) == receipt
    async with Shop(tmp_path / "other", settling=SETTLING) as shop:
        other = {"vendor": "offercube", "invoice": "17"}
        with pytest.raises(SettlementVendorUnknown, match="known: flexi"):
            await shop.open(payment(settles=other))


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_cents": -5000},
        {"unit_cents": 0},
        {"quantity": "2"},
        {"quantity": "-1"},
        {"quantity": "0.5"},
        {"discount_percent": "10"},
        {"settles": {"vendor": "flexi"}},
        {"settles": {"vendor": "flexi", "invoice": ""}},
        {"settles": {**FV1, "kind": "received"}},
        {"settles": {**FV1, "amount": 1}},
    ],
    ids=str,
)
async def test_the_payment_of_an_invoice_is_one_positive_amount_without_discount(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        with pytest.raises(CommandInvalid):
            await shop.open(payment(**wrong))
        assert not shop.register().open


async def test_a_plain_line_needs_its_rate_as_before(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        with pytest.raises(CommandInvalid, match=r"lines\.0\.rate: Field required"):
            await shop.open({"text": "Semmel", "unit_cents": 120})


@pytest.mark.parametrize(
    ("discount", "off"), [({"percent": "10"}, 20), ({"cents": 150}, 150)], ids=str
)
async def test_a_discount_on_the_receipt_leaves_the_payment_of_an_invoice_alone(
    tmp_path: Path, discount: dict[str, Any], off: int
) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        # A ware of the same rate as the payment shares nothing with it.
        receipt = await shop.open(line("Marke", 200, "zero"), payment(5000))
        await shop.do("set_discount", receipt=receipt.id, rev=1, **discount)
        done = await shop.complete(shop.receipt(receipt.id))
        body = done.event.data()
        assert body["total"] == 5200 - off
        cut = [each for each in body["lines"] if each["text"] == "Rabatt"]
        assert [(each["rate"], each["cents"]) for each in cut] == [("zero", -off)]
        shop.bons()


async def test_a_discount_larger_than_what_is_sold_is_refused(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        receipt = await shop.open(line(cents=100), payment(5000))
        with pytest.raises(DiscountImpossible):
            await shop.do("set_discount", receipt=receipt.id, rev=1, cents=101)
        only = await shop.open(payment(5000))
        with pytest.raises(DiscountImpossible):
            await shop.do("set_discount", receipt=only.id, rev=1, cents=1)


async def test_a_payment_of_an_invoice_stays_one_and_no_other_line_becomes_one(
    tmp_path: Path,
) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        receipt = await shop.open(line(), payment(5000))
        of = {"receipt": receipt.id}
        for n, changed in ((1, payment()), (2, line())):
            with pytest.raises(SettlementLineFixed):
                await shop.do("change_line", **of, rev=1, n=n, line=changed)
        await shop.do("change_line", **of, rev=1, n=2, line=payment(4000))
        assert shop.receipt(receipt.id).lines[1].cents == 4000
        assert shop.receipt(receipt.id).lines[1].settles is not None
        await shop.do("remove_line", **of, rev=2, n=2)


async def test_an_open_payment_of_an_invoice_survives_a_restart(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        receipt = await shop.open(payment(5000))
    async with shop.again() as shop:
        assert shop.receipt(receipt.id) == receipt
        # A vendor that is taken out of the configuration keeps no receipt from its end.
    async with shop.again(settling=Settling()) as shop:
        await shop.complete(shop.receipt(receipt.id))


async def test_a_storno_takes_the_money_back_and_names_the_invoice(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        sold = await shop.sale(line(), payment(5000))
        done = await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        body = done.event.data()
        assert body["amounts"] == [0, -120, 0, -5000, 0]
        assert body["lines"][1]["cents"] == -5000
        assert body["lines"][1]["settles"]["invoice"] == "FV1"
        shop.bons()


async def test_a_storno_of_an_older_tills_receipt_names_no_vendor(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        with pytest.raises(SettlementVendorUnknown):
            await shop.do(
                "storno_foreign", register_id="K1", number="9", lines=[payment()], key=new_key()
            )


async def test_a_repeated_command_with_a_payment_has_its_effect_once(tmp_path: Path) -> None:
    async with Shop(tmp_path, settling=SETTLING) as shop:
        receipt = await shop.open()
        key = new_key()
        for _ in range(2):
            await shop.do("add_line", receipt=receipt.id, rev=1, line=payment(), key=key)
        assert len(shop.receipt(receipt.id).lines) == 2


@pytest.mark.parametrize(
    ("columns", "language"), list(itertools.product((42, 48), ("de", "en"))), ids=str
)
async def test_the_paper_says_which_invoice_was_paid_and_that_a_storno_does_not_undo_it(
    tmp_path: Path, columns: int, language: str
) -> None:
    style = Style(columns, language)
    async with Shop(tmp_path, settling=SETTLING) as shop:
        sold = await shop.sale(payment(5000))
        paper = page(sold.event, style)
        assert_fits(paper)
        said = text(paper)
        assert "1 Zahlung Rechnung FV1 50,00 D" in said
        words = {"de": "Bezahlte Rechnung: FV1 (flexi)", "en": "Invoice paid: FV1 (flexi)"}
        assert words[language] in said
        cancelled = await shop.do("storno", receipt=sold.event.receipt, key=new_key())
        paper = page(cancelled.event, style)
        assert_fits(paper)
        words = {
            "de": "Rechnung FV1 (flexi): Die dort gemeldete Zahlung wird durch dieses Storno nicht "
            "zurückgenommen",
            "en": "Invoice FV1 (flexi): the payment reported there is not taken back by this "
            "storno",
        }
        assert words[language] in text(paper)
