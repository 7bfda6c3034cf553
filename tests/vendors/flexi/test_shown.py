"""An invoice in neutral words, for whoever takes the money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.model.roles import Role
from bridge.vendors.flexi.shown import neutral
from tests.vendors.flexi.shop import shop


@pytest.mark.parametrize(
    ("number", "state", "left", "locked"),
    [
        ("FV1", "open", 100_000, False),
        ("FV-GREW", "partly_paid", 20_000, False),
        ("FV-STORNO", "cancelled", 5_000, False),
        ("FV-LOCKED", "open", 5_000, True),
    ],
)
async def test_the_counter_sees_how_an_invoice_stands(
    tmp_path: Path, number: str, state: str, left: int, locked: bool
) -> None:
    async with shop(tmp_path) as s:
        reply = await s.box.call("GET", f"/invoices/{number}", role=Role.TILL)

        body = reply.json()
        assert (body["state"], body["open_cents"], body["locked"]) == (state, left, locked)
        assert (body["invoice"], body["currency"]) == (number, "EUR")


async def test_a_paid_invoice_is_named_paid(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        await s.pay()
        body = (await s.box.call("GET", "/invoices/FV1")).json()

        assert (body["state"], body["open_cents"], body["total_cents"]) == ("paid", 0, 100_000)


async def test_digits_are_the_printed_number_when_asked_for_so(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.invoice("FV2").kod = "1129"
        internal = await s.box.call("GET", "/invoices/1129")
        printed = await s.box.call("GET", "/invoices/1129", query={"by": "number"})
        named = await s.box.call("GET", "/invoices/code:1129", query={"by": "number"})
        odd = await s.box.call("GET", "/invoices/1129", query={"by": "guess"})

        assert internal.json()["kod"] == "FAKTURA1"
        assert printed.json()["total_cents"] == named.json()["total_cents"] == 60_000
        assert printed.json()["invoice"] == "1129"
        assert odd.status == 422


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"zbyvaUhradit": "0.0"}, "paid"),
        ({"zbyvaUhradit": "5.00", "stavUhrK": "stavUhr.uhrazenoRucne"}, "paid"),
        ({"stavUhrK": "stavUhr.castUhr"}, "partly_paid"),
        ({"storno": True, "stavUhrK": "stavUhr.uhrazeno"}, "cancelled"),
        ({}, "open"),
    ],
)
def test_the_state_is_found_with_little_said(fields: dict[str, Any], state: str) -> None:
    assert neutral(fields)["state"] == state


def test_what_flexi_does_not_say_is_null() -> None:
    assert neutral({"sumCelkem": "NaN", "zbyvaUhradit": "lots", "kod": ""}) == {
        "invoice": None,
        "customer": None,
        "total_cents": None,
        "open_cents": None,
        "currency": None,
        "state": "open",
        "locked": False,
    }


def test_a_code_with_a_colon_stays_a_code_when_it_is_settled() -> None:
    assert neutral({"kod": "A:1", "sumCelkem": "0.1"})["invoice"] == "code:A:1"
    assert neutral({"kod": "A1", "sumCelkem": "10.005"})["total_cents"] == 1001


async def test_a_number_with_a_slash_is_one_number(tmp_path: Path) -> None:
    async with shop(tmp_path) as s:
        s.invoice("FV1").kod = "2026/17"
        found = await s.box.call("GET", "/invoices/2026%2F17")
        paid = await s.pay(invoice="code:2026/17")

        assert (found.status, found.json()["invoice"]) == (200, "2026/17")
        assert (paid.status, paid.json()["state"]) == (201, "succeeded")
