"""Signing in and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.web_pages.boxes import SEMMEL, TOKEN, Counter
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = ("Failed to load resource: the server responded with a status of 401",)


async def test_somebody_unknown_sees_the_sign_in_and_nothing_of_the_shop_s_business(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path, open_loopback=False) as counter:
        await counter.push(SEMMEL, reference="geheim")
        async with tablet(browser, counter.address) as till:
            await expect(till.page.locator("h1")).to_have_text("Anmelden")
            assert "geheim" not in await till.page.content()
            await till.page.goto("/status")
            await expect(till.page.locator("h1")).to_have_text("Anmelden")


async def test_a_wrong_token_is_refused_with_advice_and_the_right_one_opens_the_till(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        Counter(tmp_path, open_loopback=False) as counter,
        tablet(browser, counter.address, expected=REFUSED) as till,
    ):
        page = till.page
        token = page.get_by_label("Zugangsschlüssel")
        await expect(token).to_be_focused()
        await page.get_by_role("button", name="Anmelden").click()
        await expect(page.get_by_role("alert")).to_have_text("Bitte den Zugangsschlüssel eingeben.")
        await token.fill("not-the-right-token")
        await page.get_by_role("button", name="Anmelden").click()
        await expect(page.get_by_role("alert")).to_contain_text("anmelden")
        await expect(token).to_be_focused()
        await token.fill(TOKEN)
        await token.press("Enter")
        await expect(page.locator("h1")).to_have_text("Offene Belege")
        await counter.push(SEMMEL, reference="Tisch 4")
        await expect(page.locator(".receipt-card")).to_contain_text("Tisch 4")
        assert TOKEN not in page.url
        assert TOKEN not in await page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
        )


async def test_signing_out_leaves_nothing_behind(browser: Browser, tmp_path: Path) -> None:
    """A refresh under way at that moment is refused, as it should be."""
    async with (
        Counter(tmp_path, open_loopback=False) as counter,
        tablet(browser, counter.address, expected=REFUSED) as till,
    ):
        await till.sign_in()
        await till.page.get_by_role("button", name="Abmelden").click()
        await expect(till.page.locator("h1")).to_have_text("Anmelden")
        await till.page.goto("/")
        await expect(till.page.locator("h1")).to_have_text("Anmelden")


async def test_who_needs_no_session_is_not_asked_to_end_one(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.locator("h1")).to_have_text("Offene Belege")
        await expect(till.page.get_by_role("button", name="Abmelden")).to_have_count(0)
