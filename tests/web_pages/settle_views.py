"""A walk past every view of paying an invoice, for audits and pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.web_pages.boxes import SEMMEL
from tests.web_pages.browser import Language, tablet
from tests.web_pages.settle_counter import settling

WHO = "Österreich-Großhandelsgesellschaft Müller-Lüdenscheidt & Söhne"


async def _look_up(page: Page, number: str) -> None:
    await page.locator("#field-draft-invoice").fill(number)
    await page.keyboard.press("Enter")
    told = page.locator("dialog .invoice-head strong", has_text=number)
    await told.or_(page.locator("dialog .notice", has_text=number)).first.wait_for()


async def settle_views(
    browser: Browser, folder: Path, size: tuple[int, int], language: Language
) -> AsyncIterator[tuple[str, Page]]:
    """Yield each view by name once it is shown."""
    async with (
        settling(folder, ("K1", "K2"), ("flexi", "offercube")) as s,
        tablet(
            browser, s.box.address, language=language, size=size, expected=("Failed to load",)
        ) as till,
    ):
        page = till.page
        s.invoice("FV-GREW").name = WHO
        s.invoice("FV2").paid = Decimal("600.00")
        await page.locator(".empty").wait_for()
        yield "settle-list", page
        await page.locator("[data-action=ask-settle]").click()
        await page.locator("dialog[open]").wait_for()
        yield "settle", page
        await _look_up(page, "FV1")
        yield "settle-found", page
        await _look_up(page, "FV-GREW")
        await page.locator("#field-draft-value").fill("50")
        yield "settle-part", page
        await page.locator("#field-draft-value").fill("5000")
        yield "settle-more", page
        await _look_up(page, "FV2")
        yield "settle-paid", page
        await _look_up(page, "NIE-GESEHEN")
        yield "settle-unknown", page
        await page.locator("input[value=offercube]").check()
        yield "settle-blind", page
        await page.locator("input[value=flexi]").check()
        await s.stage.down()
        await page.locator("#field-draft-invoice").fill("FV3")
        await page.keyboard.press("Enter")
        await page.locator("dialog .notice").wait_for()
        yield "settle-gone", page
        await page.locator("#field-draft-value").fill("300")
        await page.locator("[data-key=next]").click()
        await page.locator(".line-invoice").wait_for()
        (receipt,) = s.box.open_receipts()
        await s.box.shop.do("add_line", receipt=receipt.id, rev=receipt.rev, line=SEMMEL)
        await page.locator(".line").nth(1).wait_for()
        yield "settle-receipt", page
        await page.locator("[data-action=ask-cash]").click()
        await page.locator("[data-action=given-exact]").click()
        await page.locator("dialog .pay").click()
        await page.locator(".paper.printed").wait_for()
        yield "settle-done", page
