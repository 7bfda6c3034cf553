"""The card unit passes the contract in process and over TCP with the simulator as a program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from tests.signing.cards import Desk, make_unit
from tests.signing.contract import SigningUnitContract
from tests.signing.process import SimulatorProcess


@pytest.fixture(scope="module")
def reader_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A port that a card in another process keeps trying."""
    probe = VpcdTransport(VpcdAddress("127.0.0.1", 0))
    _, port = probe.listen()
    probe.close()
    with SimulatorProcess(port, tmp_path_factory.mktemp("card") / "state.json"):
        yield port


class TestCardInProcess(SigningUnitContract):
    @pytest.fixture
    async def unit(self) -> AsyncIterator[AcosIdUnit]:
        desk = Desk()
        yield desk.unit()
        await desk.close()


class TestCardOverTcp(SigningUnitContract):
    @pytest.fixture
    async def unit(self, reader_port: int) -> AsyncIterator[AcosIdUnit]:
        unit = make_unit(
            VpcdTransport(VpcdAddress("127.0.0.1", reader_port)), connect_timeout_s=10.0
        )
        yield unit
        await unit.close()
