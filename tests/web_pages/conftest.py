"""One browser for all tests of the pages; each test has devices and a box of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.web_pages.browser import CHROMIUM, chromium

PATIENCE_MS = 30_000
"""How long a page may take on a busy machine; a test that needs it all has failed."""

expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    async with chromium() as running:
        yield running
