"""Amounts in the scripts: exact to the cent, in both notations, never through a fraction."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from bridge.model.commands import parse_percent, parse_quantity
from bridge.model.money import format_cents, format_quantity
from tests.web_pages.boxes import Counter
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEED = 20261121

CENTS = {
    "12,50": 1250,
    "12.50": 1250,
    "12,5": 1250,
    "12": 1200,
    "12,": 1200,
    ",5": 50,
    "0,01": 1,
    "0": 0,
    "-3,20": -320,
    " 7,00 ": 700,
    "10000000": 10**9,
    "0,29": 29,
    "1,15": 115,
    "4,35": 435,
    "10000000,01": None,
    "12,505": None,
    "1.234,50": None,
    "1.234": None,
    "12,5,0": None,
    "": None,
    ",": None,
    "-": None,
    "abc": None,
    "1e3": None,
    "0x10": None,
    "٣": None,
}
QUANTITIES = {"2": 2000, "0,750": 750, "1.5": 1500, "0": None, "0,0001": None, "-1": -1000}
PERCENTS = {"10": 1000, "2,5": 250, "100": 10_000, "100,01": None, "-1": None, "x": None}


async def called(browser: Browser, folder: Path, function: str, *calls: list[Any]) -> list[Any]:
    """Return what a function of ``money.js`` answers to each call."""
    async with Counter(folder) as counter, tablet(browser, counter.address) as till:
        script = """async ([name, calls]) => {
            const money = await import("/static/money.js");
            return calls.map((each) => money[name](...each));
        }"""
        found: list[Any] = await till.page.evaluate(script, [function, list(calls)])
        return found


@pytest.mark.parametrize(
    ("function", "table"),
    [("parseCents", CENTS), ("parseQuantity", QUANTITIES), ("parsePercent", PERCENTS)],
)
async def test_what_is_typed_is_read_exactly_or_not_at_all(
    browser: Browser, tmp_path: Path, function: str, table: dict[str, int | None]
) -> None:
    answers = await called(browser, tmp_path, function, *([text] for text in table))
    assert dict(zip(table, answers, strict=True)) == table


async def test_every_amount_that_is_shown_for_editing_is_read_back_as_it_was(
    browser: Browser, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    amounts = [*range(-130, 130), *(chance.randrange(-(10**9), 10**9) for _ in range(500))]
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        script = """async ([amounts, language]) => {
            const { editCents, parseCents } = await import("/static/money.js");
            return amounts.map((cents) => editCents(cents, language)).map(
                (text) => [text, parseCents(text)]);
        }"""
        for language in ("de", "en"):
            shown = await till.page.evaluate(script, [amounts, language])
            assert [cents for _, cents in shown] == amounts
            if language == "de":
                assert [text for text, _ in shown] == [format_cents(each) for each in amounts]


async def test_amounts_are_grouped_as_the_language_has_it(browser: Browser, tmp_path: Path) -> None:
    calls = [[123_456_789, "de"], [123_456_789, "en"], [-5, "de"], [-5, "en"], [100_000, "de"]]
    assert await called(browser, tmp_path, "formatMoney", *calls) == [
        "€\u00a01.234.567,89",
        "€1,234,567.89",
        "−€\u00a00,05",
        "−€0.05",
        "€\u00a01.000,00",
    ]


async def test_quantities_and_percentages_are_sent_as_the_till_reads_them(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        quantities, percents = [1, 750, 1000, -2500, 10**9], [1, 250, 1000, 10_000]
        script = """async ([quantities, percents]) => {
            const money = await import("/static/money.js");
            return [quantities.map(money.quantityText), percents.map(money.percentText),
                    quantities.map((each) => money.formatQuantity(each, "de"))];
        }"""
        sent, shares, shown = await till.page.evaluate(script, [quantities, percents])
        assert [parse_quantity(text) for text in sent] == quantities
        assert [parse_percent(text) for text in shares] == percents
        assert shown == [format_quantity(each) for each in quantities]
