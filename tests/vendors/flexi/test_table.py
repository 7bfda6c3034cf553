"""The whole table of remainders, through the box and the simulated Flexi.

Six values, three signs, with and without an amount per invoice, both readings of ``castka``. The
expectation is written down here once more, as the vendor's page has it.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from tests.vendors.flexi.documents import document, record
from tests.vendors.flexi.shop import Shop, shop

REFUSED, PAIRED, POSTED, LOOSE, IN_ORDER = "refused", "paired", "posted", "loose", "in order"

EXPECTED: Final[dict[str, dict[str, str]]] = {
    "ne": {"=": PAIRED, ">": REFUSED, "<": REFUSED},
    "zauctovat": {"=": PAIRED, ">": POSTED, "<": POSTED},
    "ignorovat": {"=": PAIRED, ">": LOOSE, "<": LOOSE},
    "castecnaUhrada": {"=": PAIRED, ">": REFUSED, "<": IN_ORDER},
    "castecnaUhradaNeboZauctovat": {"=": PAIRED, ">": POSTED, "<": IN_ORDER},
    "castecnaUhradaNeboIgnorovat": {"=": PAIRED, ">": LOOSE, "<": IN_ORDER},
}

COVERS: Final = {
    "ne": ("F-11", "F-12", "F-13", "F-36"),
    "zauctovat": ("F-14", "F-15", "F-30", "F-32"),
    "ignorovat": ("F-16", "F-17", "F-31", "F-33"),
    "castecnaUhrada": ("F-18", "F-19", "F-20", "F-36"),
    "castecnaUhradaNeboZauctovat": ("F-22", "F-23", "F-34"),
    "castecnaUhradaNeboIgnorovat": ("F-24", "F-35"),
}

VALUES = [
    pytest.param(name, marks=pytest.mark.covers("F-10", "F-29", "F-37", *COVERS[name]))
    for name in EXPECTED
]

SINGLE: Final[tuple[tuple[str | None, str, str], ...]] = (
    (None, "=", "="),
    ("400.00", "=", "<"),
    ("1000.00", "=", "="),
    ("1200.00", ">", ">"),
)
"""Amount of a payment of FV1 (1000.00), sign by reading A, sign by reading B."""


@pytest.mark.parametrize("reading", ["A", "B"])
@pytest.mark.parametrize("value", VALUES)
async def test_one_invoice_is_paid_as_the_table_says(
    tmp_path: Path, value: str, reading: str
) -> None:
    async with shop(tmp_path, reading=reading) as s:
        for amount, by_a, by_b in SINGLE:
            s.flexi.reset()
            cell = EXPECTED[value][by_a if reading == "A" else by_b]
            given = Decimal(amount or "1000.00")
            claim = min(given, Decimal(1000)) if reading == "A" else Decimal(1000)

            tried = await s.check(amount=amount, remainder=value)
            assert not s.new_documents, "a dry run stores nothing"
            reply = await s.pay(amount=amount, remainder=value)

            case = (value, reading, amount)
            if cell == REFUSED:
                _is_refused(s, reply)
                assert tried.json()["would"][reading]["refused"], case
                assert tried.status == 502
                continue
            assert reply.status == 201, case
            paid = min(given, claim) if cell == IN_ORDER else claim
            _is_stored(s, cell, given, {"FV1": paid}, given - claim)
            would = tried.json()["would"][reading]
            assert would["paid"] == [f"{paid:.2f}"], case
            assert would["paired"] is (cell != LOOSE), case
            assert ("internal_document" in would) is (cell == POSTED), case


GROUP: Final = {
    ("A", False): {"=": 900, ">": 1200, "<": 700},
    ("A", True): {"=": 700, ">": 1000, "<": 650},
    ("B", False): {"=": 900, ">": 1200, "<": 700},
    ("B", True): {"=": 900, ">": 1200, "<": 700},
}
"""Amount of a cash document for FV2 (600.00) and FV3 (300.00), by reading and by whether FV3 is
limited to 100.00."""


@pytest.mark.parametrize("reading", ["A", "B"])
@pytest.mark.parametrize("value", VALUES)
async def test_two_invoices_share_a_cash_document_as_the_table_says(
    tmp_path: Path, value: str, reading: str
) -> None:
    async with shop(tmp_path, reading=reading) as s:
        for limited in (False, True):
            second = Decimal(100) if limited and reading == "A" else Decimal(300)
            for sign, number in GROUP[reading, limited].items():
                s.flexi.reset()
                amount = Decimal(number)
                shared = {"uhrazujiciDokl": "ext:G:1"}
                limit = {"castka": "100.00"} if limited else {}
                reply = await s.raw(
                    document(
                        record("code:FV2", {**shared, "castka": str(amount), "zbytek": value}),
                        record("code:FV3", {**shared, **limit}),
                    )
                )

                cell = EXPECTED[value][sign]
                if cell == REFUSED:
                    _is_refused(s, reply)
                    continue
                assert reply.status == 201, (value, reading, sign, limited)
                rest = amount - 600 if cell == IN_ORDER else second
                paid = {"FV2": Decimal(600), "FV3": rest}
                _is_stored(s, cell, amount, paid, amount - 600 - second)


def _is_refused(s: Shop, reply: Any) -> None:
    problem = reply.json()
    assert reply.status == 502
    assert problem["code"] == "vendor_rejected"
    assert problem["vendor_status"] == 400
    assert problem["errors"][0]["text"]
    assert not s.new_documents
    assert s.paid("FV1", "FV2", "FV3") == ["0.00"] * 3
    assert not s.internal


def _is_stored(
    s: Shop, cell: str, amount: Decimal, paid: dict[str, Decimal], remainder: Decimal
) -> None:
    (made,) = s.new_documents
    assert made.amount == amount
    assert made.paired is (cell != LOOSE)
    assert {code: s.invoice(code).paid for code in paid} == paid
    assert s.internal == ([remainder] if cell == POSTED else [])


@pytest.mark.covers("F-19", "F-20", "F-21", "F-38", "F-47")
async def test_money_is_used_up_in_the_order_of_listing(tmp_path: Path) -> None:
    """Listed against number and date: FV4 (500), FV2 (600), FV3 (300)."""
    async with shop(tmp_path) as s:
        shared = {"uhrazujiciDokl": "ext:G:2"}
        reply = await s.raw(
            document(
                record("code:FV4", {**shared, "castka": "750.25", "zbytek": "castecnaUhrada"}),
                record("code:FV2", shared),
                record("code:FV3", shared),
            )
        )

        assert reply.status == 201
        assert s.paid("FV4", "FV2", "FV3") == ["500.00", "250.25", "0.00"]
        (made,) = s.new_documents
        assert set(made.pays) == {("faktura-vydana", 1133), ("faktura-vydana", 1131)}
