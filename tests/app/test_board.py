"""The box's health board and its devices, as pages, API and command line see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.app import Box
from bridge.fiscal.rksv.unit_faults import SignatureNeeded
from bridge.health import Level
from bridge.supervisor import SLOW_S
from drivers.signing.faults import CardAbsent, PinRefused
from tests.app.boxes import Shop, do, sell, start_register
from tests.devices.simulated import PrinterProcess, eventually
from tests.signing.cards import WRONG_PIN
from tests.till.harness import FakeClock

PRINTER = '\n[[printer]]\nname = "bar"\naddress = "tcp:127.0.0.1:{port}"\n'


def said(box: Box, name: str) -> tuple[Level, str] | None:
    """Return level and phase of a part, ``None`` while it is not on the board."""
    part = box.board.part(name)
    return None if part is None else (part.level, part.phase)


def longest(clock: FakeClock) -> float:
    """Return how long the last sleeper still sleeps."""
    return max(clock.sleeping)


async def test_everything_a_technician_asks_for_is_on_the_board(tmp_path: Path) -> None:
    box = await Shop(tmp_path).start()
    await box.journal_check
    await eventually(lambda: said(box, "disk") is not None)
    assert [part.name for part in box.board.parts()] == [
        "disk",
        "journal",
        "register:A",
        "register:B",
        "unit:card",
    ]
    assert said(box, "unit:card") == (Level.OK, "ready")
    assert said(box, "journal") == (Level.OK, "checked")
    assert said(box, "register:A") == (Level.DEGRADED, "not_started")
    await start_register(box, "A")
    await eventually(lambda: said(box, "register:A") == (Level.OK, "ready"))
    await box.stop()


async def test_a_card_put_back_is_found_and_ends_the_outage_by_itself(tmp_path: Path) -> None:
    clock = FakeClock()
    shop = Shop(tmp_path, clock=clock)
    box = await shop.start()
    await start_register(box, "A")
    await eventually(lambda: said(box, "unit:card") == (Level.OK, "ready"))
    shop.slot.switches.change({"pulled": True})
    done = await sell(box, "A", "sale-outage")
    assert done.event.data()["signed"] is False
    await eventually(lambda: said(box, "unit:card") == (Level.FAILED, "waiting"))
    part = box.board.part("unit:card")
    assert part is not None
    assert isinstance(part.fault, CardAbsent)
    await eventually(lambda: said(box, "register:A") == (Level.DEGRADED, "outage"))
    shop.slot.switches.change({"pulled": False})
    await eventually(lambda: longest(clock) > 1800)
    clock.advance(longest(clock))
    await eventually(lambda: said(box, "unit:card") == (Level.OK, "ready"))
    await eventually(lambda: said(box, "register:A") == (Level.OK, "ready"))
    collective = box.journal.reader.by_number("A", 3)
    assert collective is not None
    assert collective.data()["kind"] == "collective"
    await box.stop()


async def test_after_a_refused_pin_the_card_is_looked_at_rarely_and_never_given_it_again(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    shop = Shop(tmp_path, pin=WRONG_PIN, clock=clock)
    box = await shop.start()
    with pytest.raises(SignatureNeeded):
        await start_register(box, "A")
    verifies = shop.slot.own.state.verifies
    assert verifies == 1
    for tries in range(1, 5):
        await eventually(lambda: said(box, "unit:card") == (Level.FAILED, "waiting"))
        part = box.board.part("unit:card")
        assert part is not None
        assert isinstance(part.fault, PinRefused)
        await eventually(lambda: SLOW_S[0] <= longest(clock) <= SLOW_S[1])
        clock.advance(longest(clock))
        await eventually(lambda tries=tries: looked(box) > tries)  # type: ignore[misc]  # a loop variable
    assert shop.slot.own.state.verifies == verifies
    await box.stop()


def looked(box: Box) -> int:
    """Return how often the card was found out since it was last well."""
    part = box.board.part("unit:card")
    return 0 if part is None else int(part.facts.get("tries", 0))


async def test_devices_are_listed_and_tested_by_their_names_on_the_board(tmp_path: Path) -> None:
    with PrinterProcess() as printer:
        shop = Shop(tmp_path, more=PRINTER.format(port=printer.port))
        box = await shop.start()
        listed = {device.name: device for device in box.devices.listed()}
        assert list(listed) == ["unit:card", "printer:bar"]
        assert listed["printer:bar"].address == f"tcp:127.0.0.1:{printer.port}"
        found = await box.devices.test("unit:card", "probe")
        assert found["vda"] == "AT100"
        assert await box.devices.test("printer:bar", "print") == {"outcome": "printed"}
        assert await box.devices.test("printer:bar", "drawer") == {"opened": True}
        await eventually(lambda: said(box, "printer:bar") == (Level.OK, "ready"))
        assert shop.slot.own.state.verifies == 0
        await box.stop()


async def test_a_box_whose_printer_is_off_starts_sells_and_prints_when_it_is_on(
    tmp_path: Path,
) -> None:
    probe = PrinterProcess()
    probe.kill()
    printer = PRINTER.format(port=probe.port)
    shop = Shop(tmp_path, more=printer, printer_of_a='printer = "bar"')
    box = await shop.start()
    await start_register(box, "A")
    await sell(box, "A", "sale-without-paper")
    await eventually(lambda: said(box, "printer:bar") == (Level.FAILED, "waiting"))
    with PrinterProcess(probe.port) as simulator:
        await box.printing.idle()
        assert simulator.state()["papers"] == 2
        await eventually(lambda: said(box, "printer:bar") == (Level.OK, "ready"))
        await do(box, type="reprint", receipt=first_receipt(box), key="reprint-once-more")
        await box.printing.idle()
        assert simulator.state()["papers"] == 3
    await box.stop()


def first_receipt(box: Box) -> str:
    """Return the id of register A's first receipt."""
    event = box.journal.reader.by_number("A", 1)
    assert event is not None
    return str(event.receipt)
