"""One stage for all tests of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.flow.stage import Stage, set_up


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A box with as many clouds as the file says by ``LINKS``, each with a register of its own."""
    registers = [f"R{number}" for number in range(request.module.LINKS)]
    async with set_up(tmp_path_factory.mktemp("flow"), registers) as made:
        yield made
