"""Two tablets, a cloud and a till that all see the same receipt."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web_pages.boxes import KAFFEE, SEMMEL, Counter
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHANGED = "Ein anderes Gerät hat den Beleg geändert."


async def show(page: Page, receipt_id: str) -> None:
    """Open a receipt by its address."""
    await page.goto(f"/#receipt/{receipt_id}")
    await expect(page.locator(".sale")).to_be_visible()


async def test_a_change_on_the_second_tablet_is_told_on_the_first(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with (
            tablet(browser, counter.address) as first,
            tablet(browser, counter.address) as second,
        ):
            await show(first.page, receipt.id)
            await show(second.page, receipt.id)
            await second.page.get_by_role("button", name="Menge erhöhen: Semmel").click()
            await expect(first.page.locator("#total")).to_have_text("€ 1,35")
            await expect(first.page.locator(".notice.told")).to_contain_text(CHANGED)
            await expect(second.page.locator("#total")).to_have_text("€ 1,35")
            await expect(second.page.locator(".notice")).to_have_count(0)


async def test_money_is_not_taken_for_a_total_that_changed_meanwhile(
    browser: Browser, tmp_path: Path
) -> None:
    """The cash panel closes: nobody completes what was changed under his finger."""
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await show(till.page, receipt.id)
            await till.page.get_by_role("button", name="Bar kassieren").click()
            await till.page.get_by_role("button", name="Passend").click()
            await counter.shop.do("add_line", receipt=receipt.id, rev=1, line=KAFFEE)
            await expect(till.page.locator(".notice.told")).to_contain_text(CHANGED)
            await expect(till.page.locator("dialog")).to_have_count(0)
            await expect(till.page.locator("#total")).to_have_text("€ 4,80")
            assert not counter.completed()


async def test_a_stale_command_is_refused_told_and_nothing_of_it_happens(
    browser: Browser, tmp_path: Path
) -> None:
    """The live connection is slow here: the till itself refuses (409)."""
    expected = ("Failed to load resource: the server responded with a status of 409",)
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=expected) as till:
            page = till.page
            await show(page, receipt.id)

            async def overtaken(route: Route) -> None:
                rev = counter.shop.receipt(receipt.id).rev
                await counter.shop.do("add_line", receipt=receipt.id, rev=rev, line=KAFFEE)
                await route.continue_()

            await page.get_by_role("button", name="Bar kassieren").click()
            await page.get_by_role("button", name="Passend").click()
            await page.route("**/complete", overtaken)
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator(".notice.told")).to_contain_text(CHANGED)
            await expect(page.locator("#total")).to_have_text("€ 4,80")
            assert not counter.completed()
            await page.unroute("**/complete")
            await page.get_by_role("button", name="Bar kassieren").click()
            await page.get_by_role("button", name="Passend").click()
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator("h1")).to_have_text("Abgeschlossen")
            assert [body["total"] for body in counter.completed()] == [480]


async def test_a_receipt_that_the_other_tablet_completes_shows_its_number_here(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await show(till.page, receipt.id)
            await counter.shop.complete(receipt)
            await expect(till.page.locator("#number")).to_have_text("2")
            await expect(till.page.locator(".notice.told")).to_contain_text(
                "auf einem anderen Gerät beendet"
            )


async def test_a_receipt_that_its_sender_takes_back_is_said_to_be_withdrawn(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await show(till.page, receipt.id)
            await counter.shop.do("withdraw", receipt=receipt.id)
            await expect(till.page.locator("h1")).to_have_text("Zurückgezogen")


async def test_what_is_being_typed_survives_what_the_box_tells(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page
            await show(page, receipt.id)
            text = page.get_by_label("Bezeichnung")
            await text.focus()
            await page.keyboard.type("Blumen")
            await counter.push(reference="Tisch 9")
            await expect(page.locator(".toast")).to_contain_text("Tisch 9")
            await page.keyboard.type("strauß")
            await expect(text).to_have_value("Blumenstrauß")
            await expect(text).to_be_focused()
