"""Pictures of every view, for people: ``python -m tests.web_pages.screenshots DIRECTORY``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.web_pages.boxes import Counter
from tests.web_pages.browser import DESKTOP, PHONE, Language, chromium, tablet
from tests.web_pages.settle_views import settle_views
from tests.web_pages.vendor_views import Office, vendor_views
from tests.web_pages.views import views

SIZES = {"phone": PHONE, "desktop": DESKTOP}
LANGUAGES: tuple[Language, ...] = ("de", "en")


async def take(folder: Path) -> None:
    """Write ``<view>-<language>-<device>.png`` for all views, languages and devices into
    a folder that exists."""
    async with chromium() as browser:
        for device, size in SIZES.items():
            for language in LANGUAGES:
                ending = f"{language}-{device}.png"
                with tempfile.TemporaryDirectory() as data:
                    async with Counter(Path(data), ("K1", "K2")) as counter:
                        async for view, page in views(browser, counter, size, language):
                            await page.screenshot(path=folder / f"{view}-{ending}")
                with tempfile.TemporaryDirectory() as data:
                    async with Counter(
                        Path(data), open_loopback=False, vendors=Office()
                    ) as counter:
                        async for view, page in vendor_views(browser, counter, size, language):
                            await page.screenshot(path=folder / f"{view}-{ending}", full_page=True)
                with tempfile.TemporaryDirectory() as data:
                    async for view, page in settle_views(browser, Path(data), size, language):
                        await page.screenshot(path=folder / f"{view}-{ending}")
                with tempfile.TemporaryDirectory() as data:
                    async with (
                        Counter(Path(data), open_loopback=False) as counter,
                        tablet(browser, counter.address, language=language, size=size) as till,
                    ):
                        await till.page.screenshot(path=folder / f"signin-{ending}")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target))
