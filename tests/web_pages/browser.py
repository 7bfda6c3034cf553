"""A real Chromium for the tests of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Page, Playwright, async_playwright

from tests.web_pages.boxes import TOKEN

CHROMIUM = Path("/usr/bin/chromium")

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE, DESKTOP = (360, 640), (1280, 800)

Language = Literal["de", "en"]


@dataclass(slots=True)
class Tablet:
    """One device at the counter: a page of its own, and what its console has complained of.

    ``expected`` are beginnings of complaints that the test brings about itself.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    async def sign_in(self, token: str = TOKEN) -> None:
        """Sign in on the page that is shown."""
        await self.page.locator("#token").fill(token)
        await self.page.locator("#signin button[type=submit]").click()
        await self.page.locator("#strip").wait_for(state="attached")

    def unexpected(self) -> list[str]:
        """Return errors of scripts and breaches of the content security policy."""
        return [text for text in self.complaints if not text.startswith(self.expected)]

    def heard(self, message: ConsoleMessage) -> None:
        """Note what the console says."""
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser."""
    playwright: Playwright
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tablet(
    browser: Browser,
    address: str,
    *,
    language: Language = "de",
    size: tuple[int, int] = DESKTOP,
    frozen: bool = False,
    expected: tuple[str, ...] = (),
) -> AsyncIterator[Tablet]:
    """Open the operator page on a device of its own; at the end nothing unexpected may have been
    complained of. The time of a ``frozen`` one passes only when the test says so."""
    width, height = size
    context = await browser.new_context(
        base_url=address,
        locale="de-AT" if language == "de" else "en-GB",
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    page = await context.new_page()
    if frozen:
        await page.clock.install(time=datetime(2020, 1, 1, tzinfo=UTC))
    found = Tablet(page, expected=expected)
    page.on("console", lambda message: found.heard(message))
    page.on("pageerror", lambda error: found.complaints.append(f"script: {error}"))
    try:
        await page.goto("/")
        yield found
        assert not found.unexpected(), found.unexpected()
    finally:
        await context.close()
