"""One stage for all tests of this folder that only share it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.flow.stage import Stage, set_up

LINKS = 11


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A box with as many clouds as there are close codes."""
    root = tmp_path_factory.mktemp("flow")
    async with set_up(root, [f"R{number}" for number in range(LINKS)]) as made:
        yield made
