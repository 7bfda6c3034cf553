"""The PC/SC service of the tests, a card in its first reader, and a unit on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from drivers.signing.acos_id import AcosIdUnit
from simulators.card.pcscd import PrivatePcscd
from tests.signing import pcscd

pcscd.point_client_here()


@pytest.fixture(scope="session")
def service() -> Iterator[PrivatePcscd]:
    """The service; a test that stops it starts it again."""
    yield from pcscd.run_service()


@pytest.fixture
def reader(service: PrivatePcscd) -> Iterator[pcscd.Reader]:
    """The first reader with a card in it, which must never get a wrong PIN."""
    reader = pcscd.Reader(service)
    yield reader
    reader.take_away()
    for card in (reader.card, reader.other):
        assert card.refused == 0
        assert card.state.tries_left == 3


@pytest.fixture
def other(reader: pcscd.Reader) -> Iterator[pcscd.OtherProgram]:
    """Another program, not connected yet."""
    program = pcscd.OtherProgram(reader.name)
    yield program
    program.close()


@pytest.fixture
async def unit(reader: pcscd.Reader) -> AsyncIterator[AcosIdUnit]:
    """A unit on the first reader."""
    unit = pcscd.pcsc_unit(reader.name)
    yield unit
    await unit.close()
