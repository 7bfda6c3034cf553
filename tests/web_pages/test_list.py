"""The list of open receipts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.web_pages.boxes import KAFFEE, SEMMEL, Counter, eventually
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_empty_list_explains_what_happens_next(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.locator(".empty h2")).to_have_text("Kein offener Beleg")
        await expect(till.page.locator(".empty p")).to_contain_text("erscheint er hier von selbst")
        await expect(till.page.locator("h1")).to_have_text("Offene Belege")


async def test_a_pushed_receipt_appears_without_reload(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.locator(".empty")).to_be_visible()
        await till.page.evaluate("window.loadedOnce = true")
        await counter.push(SEMMEL, KAFFEE, reference="Tisch 4")
        card = till.page.locator(".receipt-card")
        await expect(card.locator(".receipt-name")).to_have_text("Tisch 4")
        await expect(card.locator(".badge").first).to_have_text("asello")
        await expect(card.locator(".receipt-total")).to_have_text("€ 4,80")
        await expect(card.locator(".receipt-facts")).to_have_text("2 Positionen · soeben")
        assert await till.page.evaluate("window.loadedOnce")


async def test_a_new_push_stands_at_the_top_and_stands_out(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        await counter.push(reference="früher")
        counter.shop.clock.advance(60)
        async with tablet(browser, counter.address) as till:
            cards = till.page.locator(".receipt-card")
            await expect(cards).to_have_count(1)
            await expect(cards.first).not_to_contain_text("neu")
            await counter.push(reference="jetzt")
            await expect(cards).to_have_count(2)
            await expect(cards.first.locator(".receipt-name")).to_have_text("jetzt")
            await expect(cards.first.locator(".badge.new")).to_have_text("neu")
            await expect(cards.last.locator(".badge.new")).to_have_count(0)
            await expect(till.page.locator("#toasts")).to_contain_text(
                "Neuer Beleg von asello: jetzt"
            )
            await expect(till.page).to_have_title("(2) Offene Belege · Bäckerei Öllinger")


async def test_a_push_is_told_while_another_receipt_is_worked_on(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await till.page.get_by_role("button", name="Neuer Beleg").click()
        await expect(till.page.locator(".no-lines")).to_be_visible()
        await counter.push(SEMMEL, reference="Tisch 9")
        toast = till.page.locator(".toast")
        await expect(toast).to_contain_text("Neuer Beleg von asello: Tisch 9")
        await toast.get_by_role("link", name="Ansehen").click()
        await expect(till.page.locator("h1")).to_have_text("Tisch 9")


async def test_the_age_of_a_receipt_is_counted_by_the_clock_of_the_box(
    browser: Browser, tmp_path: Path
) -> None:
    """The tablet's clock is years behind that of this box."""
    async with Counter(tmp_path) as counter:
        await counter.push()
        counter.shop.clock.advance(125)
        async with tablet(browser, counter.address, frozen=True) as till:
            facts = till.page.locator(".receipt-facts")
            await expect(facts).to_have_text("1 Position · vor 2 min")
            await till.page.clock.run_for(60_000)
            await expect(facts).to_have_text("1 Position · vor 3 min")


async def test_receipts_are_opened_at_the_register_that_was_chosen(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        Counter(tmp_path, ("K1", "K2")) as counter,
        tablet(browser, counter.address) as till,
    ):
        await till.page.get_by_label("Kasse").select_option("K2")
        await till.page.get_by_role("button", name="Neuer Beleg").click()
        await expect(till.page.locator(".sale-title .facts")).to_contain_text("Kasse K2")
        assert [each.register for each in counter.open_receipts()] == ["K2"]
        await till.page.goto("/")
        await expect(till.page.get_by_label("Kasse")).to_have_value("K2")


async def test_one_register_needs_no_choice(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.get_by_role("button", name="Neuer Beleg")).to_be_visible()
        await expect(till.page.get_by_label("Kasse")).to_have_count(0)


async def test_a_receipt_that_ends_elsewhere_leaves_the_list(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL, reference="Tisch 4")
        async with tablet(browser, counter.address) as till:
            await expect(till.page.locator(".receipt-card")).to_have_count(1)
            await counter.shop.complete(receipt)
            await expect(till.page.locator(".empty")).to_be_visible()
            await expect(till.page.locator(".recent-row")).to_contain_text("Tisch 4")


async def test_looking_at_the_page_tells_the_box_that_somebody_waits(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        assert counter.seen == 0
        async with tablet(browser, counter.address):
            await eventually(lambda: counter.seen > 0, "the box learns that somebody looks")


async def test_a_page_that_nobody_looks_at_does_not_count_as_somebody_waiting(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.locator(".chip")).to_have_count(3)
        seen = counter.seen
        answer = await till.page.request.get("/strip?away")
        assert answer.ok
        assert counter.seen == seen
        await till.page.request.get("/strip")
        assert counter.seen == seen + 1
