"""Each fault of the simulated printer → what the driver says, and what is on the paper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from drivers.contract.fault import Fault, all_faults
from drivers.contract.page import Page, QrCode, TextLine
from drivers.contract.printer import Outcome, Paper
from drivers.ports import TcpPort
from drivers.printers.conversation import Limits
from drivers.printers.escpos_tcp import EscPosPrinter
from drivers.printers.faults import (
    PrinterConnectionLost,
    PrinterCoverOpen,
    PrinterCutterError,
    PrinterFault,
    PrinterNoConfirmation,
    PrinterOffline,
    PrinterPaperOut,
    PrinterSilent,
    PrinterStalled,
    PrinterUnreachable,
)
from simulators.printer.simulator import PrinterSimulator
from simulators.printer.switches import Settings
from tests.printing_driver.pages import receipt, rksv_code, texts_of
from tests.printing_driver.shared import PATIENT, SHORT_S, narrow

Desk = tuple[EscPosPrinter, PrinterSimulator]

UNCONFIRMED = replace(PATIENT, confirm_s=0.3, settle_s=SHORT_S)
"""For pages that get no confirmation."""


@asynccontextmanager
async def desk(limits: Limits = PATIENT, columns: int = 48, **switches: Any) -> AsyncIterator[Desk]:
    async with PrinterSimulator(columns=columns, settings=Settings(**switches)) as simulator:
        port = TcpPort("127.0.0.1", simulator.port)
        yield EscPosPrinter("bon", port, columns=columns, limits=limits), simulator


def long_page(lines: int = 200) -> Page:
    return Page("long", 48, tuple(TextLine(f"Zeile {number}") for number in range(lines)))


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the simulator has no event for these
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("switches", "fault", "paper"),
    [
        ({"paper": "out"}, PrinterPaperOut, Paper.OUT),
        ({"cover_open": True}, PrinterCoverOpen, Paper.OK),
        ({"offline": True}, PrinterOffline, Paper.OK),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_a_printer_that_cannot_print_is_sent_nothing_and_prints_once_it_can(
    switches: dict[str, Any], fault: type[Fault], paper: Paper
) -> None:
    async with desk(**switches) as (printer, simulator):
        status = await printer.status()
        assert (status.online, status.paper, type(status.fault)) == (False, paper, fault)
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.NOT_PRINTED, fault)
        simulator.switches.change({"paper": "ok", "cover_open": False, "offline": False})
        await simulator.machine.idle()
        assert simulator.machine.lines_printed == 0
        assert (await printer.print(receipt())).outcome is Outcome.PRINTED
        assert len(simulator.papers) == 1


async def test_low_paper_is_told_and_printed_on() -> None:
    async with desk(paper="low") as (printer, simulator):
        status = await printer.status()
        assert (status.paper, status.fault) == (Paper.LOW, None)
        assert (await printer.print(receipt())).outcome is Outcome.PRINTED
        assert len(simulator.papers) == 1


async def test_paper_that_ends_in_mid_job_leaves_the_outcome_unknown() -> None:
    async with desk(UNCONFIRMED, out_after_lines=5) as (printer, simulator):
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.UNKNOWN, PrinterPaperOut)
        assert simulator.machine.lines_printed == 5
        assert simulator.papers == []


async def test_a_printer_that_finishes_an_old_job_does_not_confirm_the_new_one_with_it() -> None:
    limits = replace(UNCONFIRMED, settle_s=10)
    async with desk(limits, out_after_lines=5) as (printer, simulator):
        first, second = receipt(number=1), receipt(number=2)
        assert (await printer.print(first)).outcome is Outcome.UNKNOWN
        simulator.switches.change({"paper": "ok"})
        assert (await printer.print(second)).outcome is Outcome.PRINTED
        printed = [list(paper.texts) for paper in simulator.papers]
        assert printed == [texts_of(first), texts_of(second)]


async def test_a_jammed_cutter_leaves_the_outcome_unknown_until_it_is_freed() -> None:
    async with desk(UNCONFIRMED, cutter_error=True) as (printer, simulator):
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.UNKNOWN, PrinterCutterError)
        assert type((await printer.status()).fault) is PrinterCutterError
        simulator.switches.change({"cutter_error": False})
        assert (await printer.print(receipt(number=2))).outcome is Outcome.PRINTED
        assert len(simulator.papers) == 2


async def test_a_slow_printer_is_waited_for() -> None:
    async with desk(bytes_per_s=20_000) as (printer, simulator):
        result = await printer.print(long_page())
        assert result.outcome is Outcome.PRINTED
        assert list(simulator.papers[0].texts) == [f"Zeile {number}" for number in range(200)]


async def test_a_printer_that_refuses_connections_is_unreachable() -> None:
    limits = replace(PATIENT, connect_s=SHORT_S)
    async with desk(limits, refuse_connect=True) as (printer, simulator):
        status = await printer.status()
        assert (status.online, status.paper) == (None, Paper.UNKNOWN)
        assert type(status.fault) is PrinterUnreachable
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.NOT_PRINTED, PrinterUnreachable)
        with pytest.raises(PrinterUnreachable):
            await printer.open_drawer()
        assert simulator.machine.lines_printed == 0


async def test_a_printer_that_listens_again_in_time_prints() -> None:
    async with desk(refuse_connect=True) as (printer, simulator):
        job = asyncio.create_task(printer.print(receipt()))
        await asyncio.sleep(0)
        simulator.switches.change({"refuse_connect": False})
        assert (await job).outcome is Outcome.PRINTED


@pytest.mark.parametrize("switch", ["never_read", "silent_status"])
async def test_silence_is_its_own_state_and_nothing_is_sent(switch: str) -> None:
    async with desk(replace(PATIENT, status_s=SHORT_S), **{switch: True}) as (printer, simulator):
        status = await printer.status()
        assert (status.online, status.paper) == (None, Paper.UNKNOWN)
        assert type(status.fault) is PrinterSilent
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.NOT_PRINTED, PrinterSilent)
        simulator.switches.change({switch: False})
        assert (await printer.print(receipt())).outcome in {
            Outcome.PRINTED,
            Outcome.NOT_PRINTED,  # a slow machine may be silent for a moment
        }
        await simulator.machine.idle()
        assert len(simulator.papers) <= 1


async def test_a_late_status_answer_is_waited_for() -> None:
    async with desk(status_delay_ms=50) as (printer, simulator):
        assert (await printer.print(receipt())).outcome is Outcome.PRINTED
        assert len(simulator.papers) == 1


@pytest.mark.parametrize("after", [1, 100, 700])
async def test_a_connection_reset_in_mid_job_leaves_the_outcome_unknown(after: int) -> None:
    # Print data begin behind the three bytes that ask for a confirmation of nothing.
    async with desk(reset_after_bytes=3 + after) as (printer, simulator):
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.UNKNOWN, PrinterConnectionLost)
        await simulator.machine.idle()
        assert simulator.papers == []
        second = receipt(number=2)
        assert (await printer.print(second)).outcome is Outcome.PRINTED
        expected = texts_of(second)
        assert list(simulator.papers[0].texts)[-len(expected) :] == expected


async def test_a_reset_for_want_of_paper_is_diagnosed_on_a_new_connection() -> None:
    async with desk(reset_after_bytes=700, out_after_lines=2) as (printer, _):
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.UNKNOWN, PrinterPaperOut)


async def test_a_printer_that_prints_without_confirming_leaves_the_outcome_unknown() -> None:
    async with desk(UNCONFIRMED, silent_confirm=True) as (printer, simulator):
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.UNKNOWN, PrinterNoConfirmation)
        assert len(simulator.papers) == 1


async def test_a_printer_that_ceases_to_confirm_is_not_fed_one_paper_after_the_other() -> None:
    async with desk(UNCONFIRMED) as (printer, simulator):
        assert (await printer.print(receipt(number=1))).outcome is Outcome.PRINTED
        simulator.switches.change({"silent_confirm": True})
        assert (await printer.print(receipt(number=2))).outcome is Outcome.UNKNOWN
        for _ in range(3):
            result = await printer.print(receipt(number=3))
            assert result.outcome is Outcome.NOT_PRINTED
            assert type(result.fault) is PrinterNoConfirmation
        assert len(simulator.papers) == 2
        simulator.switches.change({"silent_confirm": False})
        assert (await printer.print(receipt(number=3))).outcome is Outcome.PRINTED


async def test_a_printer_that_stops_taking_data_is_stalled() -> None:
    # More than all buffers on the way take.
    big = Page("big", 48, tuple(TextLine("x" * 48) for _ in range(20_000)))
    limits = replace(PATIENT, stall_s=0.3)
    async with PrinterSimulator(settings=Settings(out_after_lines=3)) as simulator:
        port = TcpPort("127.0.0.1", simulator.port)
        printer = EscPosPrinter("bon", port, limits=limits, open_connection=narrow)
        result = await printer.print(big)
    assert result.outcome is Outcome.UNKNOWN
    assert type(result.fault) is PrinterStalled


async def test_the_drawer_opens_although_paper_is_out() -> None:
    async with desk(paper="out") as (printer, simulator):
        await printer.open_drawer()
        assert (simulator.machine.pulses, simulator.switches.settings.drawer_open) == (1, True)


async def test_the_drawer_stays_shut_and_the_reason_is_told_while_the_cover_is_open() -> None:
    async with desk(cover_open=True) as (printer, simulator):
        with pytest.raises(PrinterCoverOpen):
            await printer.open_drawer()
        assert simulator.machine.pulses == 0


async def test_status_changes_that_the_printer_pushes_do_not_disturb_a_job() -> None:
    async with desk() as (printer, simulator):
        _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"\x1da\xff")
        await writer.drain()
        await until(lambda: simulator.server.connections == 1)
        await until(lambda: simulator.machine.buffered == 0)
        writer.close()
        await writer.wait_closed()
        job = asyncio.create_task(printer.print(receipt()))
        simulator.switches.change({"drawer_open": True})
        assert (await job).outcome is Outcome.PRINTED


async def test_a_client_that_hangs_on_blocks_the_others_as_in_real_printers() -> None:
    limits = replace(PATIENT, status_s=SHORT_S)
    async with desk(limits) as (printer, simulator):
        _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        await until(lambda: simulator.server.connections == 1)
        result = await printer.print(receipt())
        assert (result.outcome, type(result.fault)) == (Outcome.NOT_PRINTED, PrinterSilent)
        writer.close()
        await writer.wait_closed()
        await simulator.machine.idle()
        assert simulator.machine.lines_printed == 0


async def test_the_code_page_survives_jobs_in_a_row() -> None:
    page = Page("twice", 42, (TextLine("Grüße 2 € äöüÄÖÜß"), QrCode(rksv_code(200), "L")))
    async with desk(columns=42) as (printer, simulator):
        for _ in range(2):
            assert (await printer.print(page)).outcome is Outcome.PRINTED
        assert [paper.texts for paper in simulator.papers] == [("Grüße 2 € äöüÄÖÜß",)] * 2


def test_every_printer_fault_tells_a_shopkeeper_what_to_do_in_both_languages() -> None:
    faults = [fault for fault in all_faults().values() if issubclass(fault, PrinterFault)]
    assert len(faults) >= 13
    for fault in faults:
        assert fault.code.startswith("printer_")
        for text in (fault.title, fault.advice):
            assert text.de
            assert text.en
            assert text.de != text.en
