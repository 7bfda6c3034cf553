"""The pages about vendors on a small phone and on a wide screen: nothing is cut off or unnamed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.web_pages.boxes import Counter
from tests.web_pages.browser import DESKTOP, PHONE, Language
from tests.web_pages.test_layout import AUDIT, SMALL_TABLET
from tests.web_pages.vendor_views import Office, vendor_views

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("language", "size"),
    [("de", PHONE), ("de", SMALL_TABLET), ("de", DESKTOP), ("en", PHONE)],
    ids=["de-phone", "de-tablet", "de-desktop", "en-phone"],
)
async def test_every_view_fits_is_named_and_readable(
    browser: Browser, tmp_path: Path, size: tuple[int, int], language: Language
) -> None:
    complaints: dict[str, list[str]] = {}
    async with Counter(tmp_path, open_loopback=False, vendors=Office()) as counter:
        async for view, page in vendor_views(browser, counter, size, language):
            found = await page.evaluate(AUDIT)
            if found:
                complaints[view] = found
    assert complaints == {}
