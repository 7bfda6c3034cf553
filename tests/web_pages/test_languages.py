"""German and English: complete, chosen by the browser or by the person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bridge.web.pages.rendering import STATIC, TEMPLATES
from bridge.web.pages.texts import TEXTS
from tests.web_pages.boxes import SEMMEL, Counter
from tests.web_pages.browser import tablet

browsing = pytest.mark.asyncio(loop_scope="session")

SCRIPTS = sorted(path for path in STATIC.glob("*.js") if path.name != "apidocs.js")
BUILT = (
    *("level.", "kind.", "phase.", "paper.", "register.", "role."),
    *("run.", "resolved.", "fact.", "queued_", "unknown_", "settle_state."),
)
"""Beginnings of names that are put together from what the box says."""


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def used() -> set[str]:
    """Return every name of a text that a script, a template or a view asks for."""
    found: set[str] = set()
    for path in SCRIPTS:
        source = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"\"([a-z_]+(?:\.[a-z_]+)?)\"", source))
    for path in TEMPLATES.glob("*.html"):
        found |= set(re.findall(r"\bt\.(\w+)", path.read_text(encoding="utf-8")))
    for name in ("box_state.py", "run_words.py"):
        views = (TEMPLATES.parent / "pages" / name).read_text(encoding="utf-8")
        found |= set(re.findall(r"words\[\"(\w+)\"\]", views))
        found |= set(re.findall(r"\(\"(run_\w+)\", ", views))
    found |= {
        f"{state}_{what}"
        for state in ("latched", "closed", "not_started")
        for what in ("title", "advice")
    }
    found |= {
        f"{state}_{what}"
        for state in ("aborted", "withdrawn", "expired")
        for what in ("title", "text")
    }
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_fill_in_the_same(name: str) -> None:
    text = TEXTS[name]
    assert text.de.strip() == text.de != ""
    assert text.en.strip() == text.en != ""
    assert placeholders(text.de) == placeholders(text.en)


def test_every_text_that_a_script_asks_for_exists() -> None:
    for path in SCRIPTS:
        names = set(re.findall(r"\bt\(\"([^\"]+)\"", path.read_text(encoding="utf-8")))
        assert names <= TEXTS.keys(), path.name


def test_no_text_is_left_that_nobody_shows() -> None:
    assert {name for name in TEXTS if not name.startswith(BUILT)} - used() == set()


@browsing
async def test_an_english_browser_sees_english_throughout(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL, reference="Table 4")
        expected = ("Failed to load resource: the server responded with a status of 422",)
        async with tablet(browser, counter.address, language="en", expected=expected) as till:
            page = till.page
            await expect(page.locator("html")).to_have_attribute("lang", "en")
            await expect(page.locator("h1")).to_have_text("Open receipts")
            await expect(page.locator(".receipt-facts")).to_have_text("1 item · just now")
            await expect(page.locator(".chip").first).to_contain_text("working")
            await page.goto(f"/#receipt/{receipt.id}")
            await expect(page.locator("#total")).to_have_text("€0.90")
            await page.get_by_role("button", name="Discount").click()
            await page.get_by_role("radio", name="in euros").check()
            await page.get_by_role("textbox", name="in euros").fill("5")
            await page.get_by_role("button", name="Apply").click()
            await expect(page.locator("dialog .notice")).to_contain_text("The discount exceeds")
            await page.keyboard.press("Escape")
            await page.get_by_role("button", name="Take cash").click()
            await page.get_by_role("button", name="€5", exact=True).click()
            await expect(page.locator("#change")).to_have_text("€4.10")
            await page.get_by_role("button", name="Complete").click()
            await expect(page.locator("h1")).to_have_text("Completed")
            await expect(page.locator(".papers")).to_contain_text("Printed")


@browsing
async def test_the_language_is_switched_and_stays_switched(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        page = till.page
        await expect(page.locator("h1")).to_have_text("Offene Belege")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("h1")).to_have_text("Open receipts")
        await page.goto("/status")
        await expect(page.locator("h1")).to_have_text("State of the box")
        await page.get_by_role("button", name="Deutsch").click()
        await expect(page.locator("h1")).to_have_text("Zustand der Box")


@browsing
async def test_the_sign_in_speaks_both_languages(browser: Browser, tmp_path: Path) -> None:
    async with (
        Counter(tmp_path, open_loopback=False) as counter,
        tablet(browser, counter.address, language="en") as till,
    ):
        await expect(till.page.get_by_label("Access token")).to_be_visible()
        await till.page.get_by_role("button", name="Deutsch").click()
        await expect(till.page.get_by_label("Zugangsschlüssel")).to_be_visible()
