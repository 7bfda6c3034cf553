"""Devices as a technician sees them: the list, and tests that do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.devices import faults
from bridge.devices.printers import PrinterWatch
from bridge.devices.registry import Device, Registry, printer_tests, unit_tests
from bridge.fiscal.rksv.units import SharedUnit
from bridge.health import HealthBoard
from bridge.web.parts import Devices
from drivers.contract.clock import SystemClock
from drivers.contract.fault import Fault
from drivers.contract.printer import Outcome
from drivers.printers.faults import PrinterPaperOut
from simulators.soft_unit import SoftUnit, UnitDamaged
from tests.devices.simulated import PrinterProcess, eventually
from tests.printing.harness import FakePrinter, PaperOut
from tests.signing.cards import Desk
from tests.till.harness import FakeClock


@dataclass(frozen=True, slots=True)
class Shop:
    """A real printer simulator with its directory of papers, and a registry that has it."""

    printer: PrinterProcess
    papers: Path
    registry: Registry

    def texts(self) -> list[str]:
        """Return the papers that came out, as text."""
        return [path.read_text(encoding="utf-8") for path in sorted(self.papers.glob("*.txt"))]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    papers = tmp_path_factory.mktemp("papers")
    with PrinterProcess(0, "--out", str(papers)) as printer:
        watch = PrinterWatch(
            printer.driver(), HealthBoard(SystemClock()), SystemClock(), lambda: 0.5
        )
        tests = printer_tests(watch)
        device = Device("printer:bar", "printer", f"tcp:127.0.0.1:{printer.port}", tuple(tests))
        yield Shop(printer, papers, Registry([(device, tests)]))


def test_a_registry_is_what_the_web_room_asks_for(shop: Shop) -> None:
    devices: Devices = shop.registry
    (device,) = devices.listed()
    assert (device.name, device.tests) == ("printer:bar", ("status", "print", "drawer"))


async def test_the_test_page_says_that_it_is_no_receipt(shop: Shop) -> None:
    assert await shop.registry.test("printer:bar", "print") == {"outcome": "printed"}
    await eventually(lambda: len(shop.texts()) == 1)
    (text,) = shop.texts()
    assert "KEIN BELEG / NO RECEIPT" in text
    assert "äöüß ÄÖÜ €" in text
    assert max(len(line) for line in text.splitlines()) <= 48


async def test_the_drawer_opens_once_per_test(shop: Shop) -> None:
    pulses = shop.printer.state()["drawer_pulses"]
    assert await shop.registry.test("printer:bar", "drawer") == {"opened": True}
    assert shop.printer.state()["drawer_pulses"] == pulses + 1


async def test_the_status_is_the_printers_word(shop: Shop) -> None:
    found = await shop.registry.test("printer:bar", "status")
    assert found["online"] is True
    assert found["paper"] == "ok"
    shop.printer.set(paper="out")
    try:
        for test in ("status", "print"):
            with pytest.raises(PrinterPaperOut):
                await shop.registry.test("printer:bar", test)
        await shop.registry.test("printer:bar", "drawer")
    finally:
        shop.printer.set(paper="ok")


async def test_unknown_names_say_what_there_is(shop: Shop) -> None:
    with pytest.raises(faults.DeviceUnknown) as unknown:
        await shop.registry.test("printer:foo", "print")
    assert unknown.value.facts == {"devices": ["printer:bar"]}
    with pytest.raises(faults.TestUnknown) as no_test:
        await shop.registry.test("printer:bar", "explode")
    assert no_test.value.facts == {"tests": ["drawer", "print", "status"]}


@pytest.mark.parametrize(
    ("outcome", "reason", "fault"),
    [
        (Outcome.UNKNOWN, None, faults.TestPageLost),
        (Outcome.UNKNOWN, PaperOut("x"), PaperOut),
        (Outcome.NOT_PRINTED, PaperOut("x"), PaperOut),
    ],
)
async def test_a_test_page_is_never_called_printed_unless_it_is(
    outcome: Outcome, reason: Fault | None, fault: type[Fault]
) -> None:
    printer = FakePrinter()
    printer.outcomes = [outcome]
    printer.reason = reason  # type: ignore[assignment]  # a printer that gives no reason
    clock = FakeClock()
    tests = printer_tests(PrinterWatch(printer, HealthBoard(clock), clock, lambda: 0.5))
    with pytest.raises(fault):
        await tests["print"]()


async def test_probing_a_unit_tells_its_serial_or_its_fault() -> None:
    soft = SoftUnit("card", "card")
    unit = SharedUnit(soft)
    await unit.wake()
    tests = unit_tests(unit)
    assert list(tests) == ["probe", "read"]
    record = await soft.read()
    for test in tests.values():
        assert await test() == {"serial": record.serial, "vda": "AT100"}
    soft.damaged = True
    for test in tests.values():
        with pytest.raises(UnitDamaged):
            await test()


async def test_no_test_of_a_card_spends_a_pin_try_or_signs() -> None:
    desk = Desk()
    unit = SharedUnit(desk.unit())
    await unit.wake()
    before = desk.card.state
    tests = unit_tests(unit)
    for _ in range(5):
        for test in tests.values():
            await test()
    after = desk.card.state
    assert (after.tries_left, after.verifies, after.signatures) == (before.tries_left, 0, 0)
    await desk.close()
