"""On a small phone and on a wide screen: nothing is cut off, small, unnamed or hard to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.web_pages.boxes import Counter
from tests.web_pages.browser import DESKTOP, PHONE, Language
from tests.web_pages.views import views

pytestmark = pytest.mark.asyncio(loop_scope="session")

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")

SMALL_TABLET = (768, 1024)


@pytest.mark.parametrize(
    ("language", "size"),
    [("de", PHONE), ("de", SMALL_TABLET), ("de", DESKTOP), ("en", PHONE), ("en", DESKTOP)],
    ids=["de-phone", "de-tablet", "de-desktop", "en-phone", "en-desktop"],
)
async def test_every_view_fits_is_named_and_readable(
    browser: Browser, tmp_path: Path, size: tuple[int, int], language: Language
) -> None:
    complaints: dict[str, list[str]] = {}
    async with Counter(tmp_path, ("K1", "K2")) as counter:
        async for view, page in views(browser, counter, size, language):
            found = await page.evaluate(AUDIT)
            if found:
                complaints[view] = found
    assert complaints == {}
