"""Paying an invoice on a small phone and on a wide screen: nothing is cut off or hard to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.web_pages.browser import DESKTOP, PHONE, Language
from tests.web_pages.settle_views import settle_views

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "size"),
    [("de", PHONE), ("en", PHONE), ("de", DESKTOP)],
    ids=["de-phone", "en-phone", "de-desktop"],
)
async def test_every_view_of_paying_an_invoice_fits_and_is_readable(
    browser: Browser, tmp_path: Path, size: tuple[int, int], language: Language
) -> None:
    complaints: dict[str, list[str]] = {}
    async for view, page in settle_views(browser, tmp_path, size, language):
        found = await page.evaluate(AUDIT)
        if found:
            complaints[view] = found
    assert complaints == {}
