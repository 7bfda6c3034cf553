"""A walk past every view of the pages, for audits and pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator

from playwright.async_api import Browser, Page

from bridge.health import Level
from drivers.contract.printer import Outcome
from drivers.printers.faults import PrinterNoConfirmation, PrinterPaperOut
from tests.till.harness import line
from tests.web_pages.boxes import Counter, eventually
from tests.web_pages.browser import Language, tablet

LONG = "Frau Magister Österreicher-Großmann, Abholung um 17:30"

WORDS: dict[str, tuple[str, ...]] = {
    "de": ("Semmel", "Großer Brauner", "Apfelstrudel mit Vanillesauce", "Bergkäse 12 Monate"),
    "en": ("Roll", "Large coffee", "Apple strudel with custard", "Mountain cheese, 12 months"),
}


async def _open(page: Page, receipt_id: str) -> None:
    await page.goto(f"/#receipt/{receipt_id}")
    await page.locator(".sale, .done").first.wait_for()


async def _panel(page: Page, action: str) -> None:
    await page.locator(f"[data-action={action}]").first.click()
    await page.locator("dialog[open]").wait_for()


async def _closed(page: Page) -> None:
    await page.keyboard.press("Escape")
    await page.locator("dialog").wait_for(state="detached")


async def _sold(page: Page) -> None:
    await _panel(page, "ask-cash")
    await page.locator("[data-key=note-50]").click()
    await page.locator("dialog .pay").click()
    await page.locator(".done").wait_for()


async def views(
    browser: Browser, counter: Counter, size: tuple[int, int], language: Language
) -> AsyncIterator[tuple[str, Page]]:
    """Yield each view by name once it is shown.

    The box needs two registers, ``K1`` and ``K2``, and open loopback.
    """
    roll, coffee, strudel, cheese = WORDS[language]
    await eventually(lambda: len(counter.printer.papers) == 2, "the Startbelege are printed")
    async with tablet(browser, counter.address, language=language, size=size) as till:
        page = till.page
        await page.locator(".empty").wait_for()
        yield "empty", page

        await counter.push(line(coffee, 390, "normal"), reference="B-2041", register="K2")
        counter.shop.clock.advance(240)
        await page.reload()
        await page.locator(".receipt-card").wait_for()
        receipt = await counter.push(
            line(roll, 45, "reduced1", quantity="6.000"),
            line(coffee, 390, "normal", quantity="2.000"),
            line(strudel, 560, "reduced1", discount_percent="10"),
            line(cheese, 2490, "reduced1", quantity="0.350"),
            reference="Tisch 4" if language == "de" else "Table 4",
        )
        await page.locator(".badge.new").wait_for()
        yield "list", page

        await _open(page, receipt.id)
        yield "receipt", page
        if await page.locator("[data-action=ask-amount]").count():
            await _panel(page, "ask-amount")
            yield "amount", page
            await _closed(page)
        for panel in ("quantity", "price", "discount", "abort"):
            await _panel(page, f"ask-{panel}")
            yield panel, page
            await _closed(page)
        await _panel(page, "ask-cash")
        yield "cash-empty", page
        await page.locator("[data-key=note-50]").click()
        yield "cash", page
        await page.locator("dialog .pay").click()
        await page.locator(".paper.printed").wait_for()
        yield "done", page

        await page.goto("/#")
        await page.locator("[data-action=new-receipt]").click()
        await page.locator(".no-lines").wait_for()
        yield "new", page

        troubled = await counter.push(line(cheese, 2490, "reduced1"), reference=LONG)
        counter.shop.soft[0].damaged = True
        counter.printer.outcomes = [Outcome.UNKNOWN]
        counter.printer.reason = PrinterNoConfirmation("no answer to the status request")
        await _open(page, troubled.id)
        await _sold(page)
        await page.locator(".paper.unknown").wait_for()
        await page.locator("#strip .notice").first.wait_for()
        yield "outage-done", page

        await counter.push(line(strudel, 560, "reduced1"), reference=LONG)
        fault = PrinterPaperOut("sensor says end of paper")
        counter.shop.board.report("printer:kitchen", Level.FAILED, "waiting", fault, tries=7)
        await page.goto("/#")
        await page.locator(".notice", has_text="kitchen").wait_for()
        yield "outage-list", page

        await page.goto("/status")
        await page.locator(".part").first.wait_for()
        yield "status", page

        await page.goto("/")
        aborted = counter.open_receipts()[0]
        await _open(page, aborted.id)
        await _panel(page, "ask-abort")
        await page.locator("input[value=reason_other]").check()
        yield "abort-other", page
        await page.locator("input[value=reason_mistake]").check()
        await page.locator("dialog .destructive").click()
        await page.locator(".result.aborted").wait_for()
        yield "aborted", page
    async with tablet(
        browser, counter.address, language=language, size=size, expected=("Failed to load",)
    ) as till:
        await till.page.locator(".receipt-card").first.wait_for()
        await counter.hang_up()
        await till.page.locator(".lost").wait_for()
        yield "lost", till.page
        await counter.serve()
