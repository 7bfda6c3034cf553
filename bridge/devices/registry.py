"""The devices of the box as a technician sees them: a list, and tests to carry out.

What a device is comes from whoever composes the box; here are the tests of each kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.devices.faults import DeviceUnknown, TestPageLost, TestUnknown
from bridge.devices.printers import PrinterWatch, status_facts
from drivers.contract.fault import Fault
from drivers.contract.page import Item, Page, TextLine
from drivers.contract.printer import Outcome
from drivers.contract.signing import UnitRecord

Test = Callable[[], Awaitable[Mapping[str, Any]]]
"""Carries a test out and returns what it found. Raises the device's faults."""


@dataclass(frozen=True, slots=True)
class Device:
    """A configured device. ``name`` is its name on the health board (``printer:counter``),
    ``address`` as configured, ``tests`` what ``Registry.test`` can do with it."""

    name: str
    kind: str
    address: str
    tests: tuple[str, ...] = ()


class Registry:
    """Configured devices with their tests."""

    def __init__(self, devices: Iterable[tuple[Device, Mapping[str, Test]]]) -> None:
        self._devices = {device.name: (device, tests) for device, tests in devices}

    def listed(self) -> Sequence[Device]:
        """Return all devices, in the order given."""
        return tuple(device for device, _ in self._devices.values())

    async def test(self, name: str, test: str) -> Mapping[str, Any]:
        """Carry a test out. Raises ``DeviceUnknown``, ``TestUnknown`` and the device's faults."""
        if name not in self._devices:
            raise DeviceUnknown(f"no device {name!r}", devices=sorted(self._devices))
        tests = self._devices[name][1]
        if test not in tests:
            raise TestUnknown(f"{name} has no test {test!r}", tests=sorted(tests))
        return await tests[test]()


class ProbedUnit(Protocol):
    """A signing unit that can be asked and read anew, see ``SharedUnit``."""

    fault: Fault | None
    record: UnitRecord | None

    async def probe(self) -> bool: ...

    async def read(self) -> bool: ...


def unit_tests(unit: ProbedUnit) -> dict[str, Test]:
    """Return the tests of a signing unit; none of them spends a PIN try.

    ``probe`` asks whether it answers, ``read`` takes the card that is there now as the unit.
    """

    async def probe() -> dict[str, Any]:
        await unit.probe()
        return _found(unit)

    async def read() -> dict[str, Any]:
        await unit.read()
        return _found(unit)

    return {"probe": probe, "read": read}


def printer_tests(printer: PrinterWatch) -> dict[str, Test]:
    """Return the tests of a printer.

    ``status`` asks it, ``print`` prints a small page that is no receipt, ``drawer`` opens the
    drawer.
    """

    async def status() -> dict[str, Any]:
        found = await printer.status()
        if found.fault is not None:
            raise found.fault
        return status_facts(found)

    async def print_page() -> dict[str, Any]:
        result = await printer.print(_test_page(printer.name, printer.columns))
        if result.outcome is Outcome.PRINTED:
            return {"outcome": str(result.outcome)}
        raise result.fault or TestPageLost(f"{printer.name}: {result.outcome}")

    async def drawer() -> dict[str, Any]:
        await printer.open_drawer()
        return {"opened": True}

    return {"status": status, "print": print_page, "drawer": drawer}


def _found(unit: ProbedUnit) -> dict[str, Any]:
    if unit.fault is not None:
        raise unit.fault
    return {} if unit.record is None else {"serial": unit.record.serial, "vda": unit.record.vda}


def _test_page(name: str, columns: int) -> Page:
    items: tuple[Item, ...] = (
        TextLine("TESTSEITE", "center", bold=True, tall=True),
        TextLine("KEIN BELEG / NO RECEIPT", "center", bold=True),
        TextLine(f"Drucker {name}"[:columns], "center"),
        TextLine("äöüß ÄÖÜ € " + "-" * (columns - 11)),
        TextLine(("1234567890" * 5)[:columns]),
    )
    return Page(f"test page of {name}", columns, items)
