"""What a printer on the network says of itself, and the drawer at its connector."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract.fault import Fault
from drivers.contract.printer import Outcome, Paper, PrinterStatus
from drivers.printers.escpos_tcp import EscPosPrinter
from drivers.printers.faults import (
    PrinterConnectionLost,
    PrinterCoverOpen,
    PrinterNoConfirmation,
    PrinterSilent,
    PrinterUnreachable,
)
from tests.printing_driver.scripted import READY, Script, scripted
from tests.printing_driver.shared import (
    COVER_OPEN,
    DRAWER_PULSE,
    PAGE,
    PAPER_OUT,
    PATIENT,
    SHORT_S,
    TROUBLES,
    driver,
    kind,
    nobody_listens,
)


class TestStatus:
    """What a printer says of itself."""

    async def test_a_ready_printer_says_so(self) -> None:
        async with scripted(Script(status=READY | {1: b"\x16"})) as (printer, port):
            status = await driver(port).status()
        assert status == PrinterStatus(True, Paper.OK, cover_open=False, drawer_pin_high=True)
        assert printer.page == b""

    @pytest.mark.parametrize(("answers", "fault"), TROUBLES)
    async def test_trouble_is_named(self, answers: dict[int, bytes], fault: type[Fault]) -> None:
        async with scripted(Script(status=answers)) as (_, port):
            status = await driver(port).status()
        assert (status.online, kind(status.fault)) == (False, fault)

    async def test_silence_is_unknown(self) -> None:
        async with scripted(Script(status={})) as (_, port):
            status = await driver(port, replace(PATIENT, status_s=SHORT_S)).status()
        assert (status.online, status.paper) == (None, Paper.UNKNOWN)
        assert kind(status.fault) is PrinterSilent

    async def test_an_unreachable_printer_is_unknown(self) -> None:
        status = await driver(nobody_listens(), replace(PATIENT, connect_s=SHORT_S)).status()
        assert (status.online, status.paper) == (None, Paper.UNKNOWN)
        assert kind(status.fault) is PrinterUnreachable


class TestDrawer:
    """The drawer opens by a pulse that does no harm to its coil."""

    @pytest.mark.parametrize(("pin", "selector"), [(2, 0), (5, 1)])
    async def test_the_pulse_comes_to_the_pin_of_the_drawer(self, pin: int, selector: int) -> None:
        async with scripted() as (printer, port):
            bon = EscPosPrinter("bon", port, limits=PATIENT, drawer_pin=5 if pin == 5 else 2)
            await bon.open_drawer()
        assert printer.page == DRAWER_PULSE[:2] + bytes([selector]) + DRAWER_PULSE[3:]

    async def test_the_drawer_opens_without_paper_too(self) -> None:
        async with scripted(Script(status=PAPER_OUT)) as (printer, port):
            await driver(port).open_drawer()
        assert printer.page == b"\x10\x14\x01\x00\x01"

    @pytest.mark.parametrize(
        ("status", "fault"), [(COVER_OPEN, PrinterCoverOpen), ({}, PrinterSilent)]
    )
    async def test_a_pulse_that_cannot_come_now_is_not_left_behind_for_later(
        self, status: dict[int, bytes], fault: type[Fault]
    ) -> None:
        async with scripted(Script(status=status)) as (printer, port):
            with pytest.raises(fault):
                await driver(port, replace(PATIENT, status_s=SHORT_S)).open_drawer()
        assert printer.page == b""

    async def test_a_pulse_without_confirmation_is_told(self) -> None:
        async with scripted(Script(confirm_page=None)) as (_, port):
            with pytest.raises(PrinterNoConfirmation):
                await driver(port, replace(PATIENT, confirm_s=SHORT_S)).open_drawer()

    async def test_an_unreachable_printer_is_told(self) -> None:
        bon = driver(nobody_listens(), replace(PATIENT, connect_s=SHORT_S))
        with pytest.raises(PrinterUnreachable):
            await bon.open_drawer()

    async def test_a_late_answer_to_the_pulse_confirms_no_paper(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S, settle_s=SHORT_S)
        async with scripted() as (printer, port):
            bon = driver(port, limits)
            assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
            printer.script.reset_on_confirm = True
            with pytest.raises(PrinterConnectionLost):
                await bon.open_drawer()
            printer.script.reset_on_confirm = False
            printer.script.confirm_page = None
            printer.script.confirm = None
            before = len(printer.questions)
            assert (await bon.print(PAGE)).outcome is Outcome.NOT_PRINTED
        ordered = [each for each in printer.questions[before:] if each[:2] == b"\x1d\x72"]
        assert len(ordered) == 1, "the job did not first wait for the answer left behind"
