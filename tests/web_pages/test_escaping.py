"""Texts of others are shown as text, wherever they appear."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bridge.health import Level
from drivers.contract.fault import Fault
from drivers.printers.faults import PrinterUnreachable
from tests.till.harness import line
from tests.web_pages.boxes import TECHNICIAN, Counter
from tests.web_pages.browser import tablet
from tests.web_pages.vendor_views import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANARY = "<img src=x onerror=window.pwned=1>"
BREAKOUT = "\"'><script>window.pwned=1</script>{{7*7}}"


async def test_markup_in_texts_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(
            line(CANARY, 120),
            line(BREAKOUT, 100),
            reference=CANARY,
            parked_id="p-1",
            origin=CANARY,
            note=BREAKOUT,
            customer={"name": CANARY},
        )
        fault: Fault = PrinterUnreachable(BREAKOUT)
        counter.shop.board.report(f"printer:{CANARY}", Level.FAILED, CANARY, fault, fact=BREAKOUT)
        counter.shop.register().latch = CANARY
        async with tablet(browser, counter.address) as till:
            page = till.page
            await expect(page.locator(".receipt-name")).to_have_text(CANARY)
            await expect(page.locator("#strip")).to_contain_text(CANARY)
            await counter.push(reference=BREAKOUT, origin=BREAKOUT[:60])
            await expect(page.locator("#toasts")).to_contain_text(BREAKOUT)
            await page.goto(f"/#receipt/{receipt.id}")
            await expect(page.locator("h1")).to_have_text(CANARY)
            await expect(page.locator(".line-name")).to_have_text([CANARY, BREAKOUT])
            await expect(page.locator(".sale-title")).to_contain_text(BREAKOUT)
            await page.locator("[data-action=ask-price]").first.click()
            await expect(page.locator(".about")).to_have_text(CANARY)
            await page.keyboard.press("Escape")
            counter.shop.register().latch = None
            await page.locator("[data-action=ask-cash]").click()
            await page.get_by_role("button", name="Passend").click()
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator(".result-facts")).to_contain_text(CANARY)
            await page.goto("/status")
            await expect(page.locator("#board")).to_contain_text(BREAKOUT)
            assert await page.evaluate("window.pwned") is None
            assert await page.locator("img, script:not([src])").count() == 0


async def test_pages_have_no_script_or_style_of_their_own(browser: Browser, tmp_path: Path) -> None:
    """The content security policy would stop them; nothing may even be tried."""
    async with (
        Counter(tmp_path, open_loopback=False, vendors=Office()) as counter,
        tablet(browser, counter.address) as till,
    ):
        await till.sign_in(TECHNICIAN)
        for path in ("/", "/status", "/vendors", "/vendors/runs/0192fa1"):
            response = await till.page.goto(path)
            assert response is not None
            policy = response.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            html = await response.text()
            assert "<style" not in html
            assert " style=" not in html
            assert " onclick" not in html
