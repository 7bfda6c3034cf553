"""The network printer's driver passes the contract over every wire, and is honest over cut ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from drivers.contract.printer import Outcome
from drivers.ports import TcpPort
from drivers.printers.encode import encode_page
from drivers.printers.escpos_tcp import EscPosPrinter
from simulators.printer.simulator import PrinterSimulator
from tests.conftest import Scale
from tests.printing_driver.contract import Desk, PrinterContract
from tests.printing_driver.pages import receipt, texts_of
from tests.printing_driver.shared import PATIENT
from tests.support.wires import WHOLE_WIRES, Proxy, Wire


@pytest.mark.parametrize("columns", [48, 42])
class TestDirectly(PrinterContract):
    @pytest.fixture
    async def desk(self, columns: int) -> AsyncIterator[Desk]:
        async with PrinterSimulator(columns=columns) as simulator:
            port = TcpPort("127.0.0.1", simulator.port)
            yield Desk(EscPosPrinter("bon", port, columns=columns, limits=PATIENT), simulator)


@pytest.mark.parametrize("wire", WHOLE_WIRES, ids=lambda wire: wire.name)
class TestOverWires(PrinterContract):
    @pytest.fixture
    async def desk(self, wire: Wire) -> AsyncIterator[Desk]:
        async with PrinterSimulator() as simulator, Proxy(simulator.port, wire, seed=7) as proxy:
            port = TcpPort("127.0.0.1", proxy.port)
            yield Desk(EscPosPrinter("bon", port, limits=PATIENT), simulator)


def _positions(length: int, rounds: int) -> list[int]:
    """Return byte positions spread over a job, its both ends closely."""
    step = max(1, length // rounds)
    return sorted({*range(1, 24), *range(24, length, step), *range(length - 6, length + 1)})


async def test_a_wire_cut_at_any_byte_never_makes_the_driver_lie(scale: Scale) -> None:
    page, after = receipt(42, 1), receipt(42, 2)
    # Questions (9 bytes), the confirmation of nothing (3), the page, its confirmation (3).
    whole = 9 + 3 + len(encode_page(page).data) + 3
    seen = set()
    for position in _positions(whole, scale.of(12, 400)):
        async with (
            PrinterSimulator(columns=42) as simulator,
            Proxy(simulator.port, Wire("cut", cut_after=position)) as proxy,
        ):
            port = TcpPort("127.0.0.1", proxy.port)
            printer = EscPosPrinter("bon", port, columns=42, limits=PATIENT)
            result = (await printer.print(page)).outcome
            seen.add(result)
            await simulator.machine.idle()
            printed = [list(paper.texts) for paper in simulator.papers]
            if result is Outcome.PRINTED:
                assert printed == [texts_of(page)], position
            elif result is Outcome.NOT_PRINTED:
                assert simulator.machine.lines_printed == 0, position
            assert (await printer.print(after)).outcome is Outcome.PRINTED, position
            assert list(simulator.papers[-1].texts)[-len(texts_of(after)) :] == texts_of(after)
    assert seen >= {Outcome.PRINTED, Outcome.UNKNOWN}


async def test_a_wire_that_loses_the_confirmation_leaves_the_outcome_unknown() -> None:
    async with (
        PrinterSimulator() as simulator,
        # Three answers to the questions, one to the confirmation of nothing.
        Proxy(simulator.port, Wire("cut answers", portion=1, cut_answers_after=4)) as proxy,
    ):
        printer = EscPosPrinter("bon", TcpPort("127.0.0.1", proxy.port), limits=PATIENT)
        result = await printer.print(receipt())
        await simulator.machine.idle()
    assert result.outcome is Outcome.UNKNOWN
