"""The status page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bridge.health import Level
from drivers.printers.faults import PrinterPaperOut
from tests.web_pages.boxes import TECHNICIAN, Counter, eventually
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_board_is_shown_with_reason_and_advice_and_keeps_fresh(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        page = till.page
        await page.get_by_role("link", name="Zustand").click()
        await expect(page.locator(".summary")).to_have_text("Alles in Ordnung")
        fault = PrinterPaperOut("sensor says end of paper")
        counter.shop.board.report("printer:kitchen", Level.FAILED, "waiting", fault, tries=3)
        part = page.locator("[data-part='printer:kitchen']")
        await expect(part.locator("h2")).to_have_text("Drucker kitchen")
        await expect(part).to_contain_text("gestört")
        await expect(part).to_contain_text("seit 10:00")
        await expect(part).to_contain_text(PrinterPaperOut.title.de)
        await expect(part).to_contain_text(PrinterPaperOut.advice.de)
        await expect(part).to_contain_text("sensor says end of paper")
        await expect(part).to_contain_text("wartet auf den nächsten Versuch")
        await expect(part).to_contain_text("tries 3")
        await expect(page.locator(".summary")).to_have_text("1 Teil braucht Aufmerksamkeit")
        await expect(page.locator(".part").first).to_contain_text("Drucker kitchen")
        counter.shop.board.report("printer:kitchen", Level.OK, "ready")
        await expect(page.locator(".summary")).to_have_text("Alles in Ordnung")


async def test_registers_are_shown_with_their_last_number(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await counter.push()
        await till.page.goto("/status")
        register = till.page.locator(".part", has_text="KASSE-K1")
        await expect(register).to_contain_text("bereit")
        await expect(register).to_contain_text("letzter Beleg Nr. 1")
        await expect(register).to_contain_text("1 offen")


async def test_links_connect_when_a_person_asks(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await till.page.goto("/status")
        await till.page.get_by_role("button", name="Jetzt verbinden").click()
        await expect(till.page.locator("#toasts")).to_contain_text("versuchen es jetzt")
        await eventually(lambda: counter.connects == 1, "the links are woken")


async def test_exports_are_offered_to_those_who_may_have_them(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path, open_loopback=False) as counter:
        async with tablet(browser, counter.address) as till:
            await till.sign_in()
            await till.page.goto("/status")
            await expect(till.page.locator(".hint")).to_contain_text("tablet (Kassa)")
            await expect(till.page.locator("a[href*='dep7']")).to_have_count(0)
        async with tablet(browser, counter.address) as till:
            await till.sign_in(TECHNICIAN)
            await till.page.goto("/status")
            await expect(
                till.page.locator("a[href='/v1/exports/dep7?register=K1']")
            ).to_be_visible()


async def test_the_status_page_tells_that_the_box_is_gone(browser: Browser, tmp_path: Path) -> None:
    expected = ("Failed to load resource: net::ERR",)
    async with (
        Counter(tmp_path) as counter,
        tablet(browser, counter.address, expected=expected) as till,
    ):
        await till.page.goto("/status")
        await expect(till.page.locator(".summary")).to_be_visible()
        await counter.hang_up()
        await expect(till.page.locator(".lost")).to_contain_text("Keine Verbindung")
        await counter.serve()
        # Unless the page has found the box by itself meanwhile.
        await till.page.evaluate("document.querySelector('[data-action=retry-now]')?.click()")
        await expect(till.page.locator(".lost")).to_have_count(0, timeout=20_000)
