"""Three-valued truth: what a job's outcome is, whatever the printer and its wire do."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from dataclasses import replace

import pytest

from drivers.contract.fault import Fault
from drivers.contract.page import Page, QrCode, TextLine
from drivers.contract.printer import Outcome, Printer
from drivers.ports import TcpPort, open_tcp
from drivers.printers.escpos_tcp import EscPosPrinter
from drivers.printers.faults import (
    PrinterConnectionLost,
    PrinterNoConfirmation,
    PrinterPageUnsupported,
    PrinterPaperOut,
    PrinterProfileUnknown,
    PrinterSilent,
    PrinterStalled,
    PrinterUnreachable,
)
from tests.conftest import Scale
from tests.printing_driver.scripted import READY, Script, scripted
from tests.printing_driver.shared import (
    DATA,
    DRAWER_PULSE,
    PAGE,
    PAPER_OUT,
    PATIENT,
    SHORT_S,
    TROUBLES,
    driver,
    kind,
    narrow,
    nobody_listens,
)


def test_the_driver_fulfils_the_contract() -> None:
    printer: Printer = EscPosPrinter(
        "bon", TcpPort("192.0.2.1", 9100), columns=42, profile="TM-T88V"
    )
    assert (printer.name, printer.columns) == ("bon", 42)


class TestPrinted:
    """Only the printer's own word makes a paper printed."""

    async def test_a_confirmed_job_is_printed_and_came_over_whole(self) -> None:
        async with scripted() as (printer, port):
            result = await driver(port).print(PAGE)
        assert (result.outcome, result.fault) == (Outcome.PRINTED, None)
        assert printer.page == DATA
        assert printer.questions[0] == b"\x10\x04\x01"
        assert printer.questions[-1] == b"\x1d\x72\x01"

    async def test_low_paper_does_not_stop_a_job(self) -> None:
        script = Script(status=READY | {4: b"\x1e"}, confirm_page=b"\x03")
        async with scripted(script) as (printer, port):
            result = await driver(port).print(PAGE)
        assert result.outcome is Outcome.PRINTED
        assert printer.page == DATA

    async def test_each_job_has_a_connection_of_its_own_and_leaves_none_open(self) -> None:
        async with scripted() as (printer, port):
            bon = driver(port)
            for _ in range(3):
                assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
        assert printer.pages == [DATA] * 3
        assert printer.most_open == 1
        assert printer.open_now == 0

    async def test_jobs_and_questions_from_all_sides_never_mix(self) -> None:
        async with scripted() as (printer, port):
            bon = driver(port)
            await asyncio.gather(
                bon.print(PAGE), bon.status(), bon.open_drawer(), bon.print(PAGE), bon.status()
            )
        assert printer.most_open == 1
        assert [bytes(each) for each in printer.pages] == [DATA, b"", DRAWER_PULSE, DATA, b""]

    async def test_a_printer_that_serves_somebody_else_is_tried_again(self) -> None:
        async with scripted(Script(close_on_connect=3)) as (printer, port):
            result = await driver(port).print(PAGE)
        assert result.outcome is Outcome.PRINTED
        assert printer.pages == [DATA]

    async def test_a_printer_that_refuses_at_first_is_tried_again(self) -> None:
        refusals = [ConnectionRefusedError("busy"), TimeoutError("busy"), OSError("no route")]

        async def reluctant(
            port: TcpPort,
        ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            if refusals:
                raise refusals.pop()
            return await open_tcp(port)

        async with scripted() as (_, port):
            bon = EscPosPrinter("bon", port, limits=PATIENT, open_connection=reluctant)
            assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
        assert not refusals

    async def test_what_a_printer_says_unasked_is_passed_over(self) -> None:
        unasked = b"\x11\x14\x00\x00\x00\x5fEPSON\x00\x13\x1c\x00\x0f\x00"
        async with scripted(Script(greeting=unasked, before_confirm=unasked)) as (printer, port):
            result = await driver(port).print(PAGE)
        assert result.outcome is Outcome.PRINTED
        assert printer.page == DATA


class TestNotPrinted:
    """Claimed only when no byte of the page can have reached the printer."""

    @pytest.mark.parametrize(("status", "fault"), TROUBLES)
    async def test_a_printer_in_trouble_gets_no_byte_of_the_page(
        self, status: dict[int, bytes], fault: type[Fault]
    ) -> None:
        async with scripted(Script(status=status)) as (printer, port):
            result = await driver(port).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, fault)
        assert printer.page == b""

    @pytest.mark.parametrize(
        "status",
        [
            {},
            {1: b"\x12"},
            {1: b"\x12", 2: b"\x12"},
            {1: b"\x12", 3: b"\x12", 4: b"\x12"},
            {2: b"\x12", 3: b"\x12", 4: b"\x12"},
            {1: b"\x12", 2: b"\x52", 4: b"\x12"},
        ],
        ids=["nothing", "1", "1 and 2", "all but 2", "all but 1", "all but the error it reports"],
    )
    async def test_a_silent_printer_gets_no_byte_of_the_page(
        self, status: dict[int, bytes]
    ) -> None:
        limits = replace(PATIENT, status_s=SHORT_S * 4)
        async with scripted(Script(status=status)) as (printer, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, PrinterSilent)
        assert printer.page == b""

    async def test_an_answer_that_is_none_leaves_the_printer_silent(self) -> None:
        nonsense = {1: b"\x00", 2: b"\xff", 3: b"\x11", 4: b"OK\r\n"}
        limits = replace(PATIENT, status_s=SHORT_S)
        async with scripted(Script(status=nonsense)) as (printer, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, PrinterSilent)
        assert printer.page == b""

    async def test_a_printer_that_accepts_but_never_reads_is_silent(self) -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(1)
            port = TcpPort(*listening.getsockname())
            result = await driver(port, replace(PATIENT, status_s=SHORT_S)).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, PrinterSilent)

    async def test_a_printer_that_is_off_is_unreachable(self) -> None:
        limits = replace(PATIENT, connect_s=SHORT_S)
        result = await driver(nobody_listens(), limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, PrinterUnreachable)

    async def test_a_connection_that_never_comes_about_is_given_up(self) -> None:
        async def never(port: TcpPort) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            await asyncio.Event().wait()
            return await open_tcp(port)

        limits = replace(PATIENT, connect_try_s=SHORT_S, connect_s=SHORT_S)
        bon = EscPosPrinter("bon", TcpPort("192.0.2.1", 9100), limits=limits, open_connection=never)
        result = await bon.print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, PrinterUnreachable)

    async def test_a_printer_that_always_hangs_up_at_once_is_named_so(self) -> None:
        limits = replace(PATIENT, connect_s=SHORT_S)
        async with scripted(Script(close_on_connect=1_000_000)) as (printer, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (
            Outcome.NOT_PRINTED,
            PrinterConnectionLost,
        )
        assert printer.page == b""

    async def test_an_unknown_profile_is_told_without_troubling_the_printer(self) -> None:
        async with scripted() as (printer, port):
            bon = EscPosPrinter("bon", port, profile="TM-NONE", limits=PATIENT)
            result = await bon.print(PAGE)
            status = await bon.status()
        assert (result.outcome, kind(result.fault)) == (
            Outcome.NOT_PRINTED,
            PrinterProfileUnknown,
        )
        assert kind(status.fault) is PrinterProfileUnknown
        assert printer.questions == []

    async def test_a_page_that_no_bytes_can_say_is_not_printed(self) -> None:
        async with scripted() as (printer, port):
            result = await driver(port).print(Page("Bon", 48, (QrCode("x" * 3000),)))
        assert (result.outcome, kind(result.fault)) == (
            Outcome.NOT_PRINTED,
            PrinterPageUnsupported,
        )
        assert printer.page == b""


class TestUnknown:
    """Silence after the first byte of the page is never a yes and never a no."""

    async def test_a_job_without_confirmation_is_unknown(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S)
        async with scripted(Script(confirm_page=None)) as (printer, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterNoConfirmation)
        assert printer.page == DATA

    async def test_a_printer_that_never_confirms_anything_is_unknown(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S, settle_s=SHORT_S)
        async with scripted(Script(confirm=None, confirm_page=None)) as (printer, port):
            bon = driver(port, limits)
            for _ in range(2):
                result = await bon.print(PAGE)
                assert (result.outcome, kind(result.fault)) == (
                    Outcome.UNKNOWN,
                    PrinterNoConfirmation,
                )
        assert printer.pages == [DATA] * 2

    @pytest.mark.parametrize(("status", "fault"), TROUBLES)
    async def test_trouble_in_mid_job_is_unknown_and_the_printer_is_asked_why(
        self, status: dict[int, bytes], fault: type[Fault]
    ) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S)
        script = Script(confirm_page=None, status_after_page=status)
        async with scripted(script) as (_, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, fault)

    async def test_a_printer_that_falls_silent_for_good_is_unknown(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S, status_s=SHORT_S * 4)
        async with scripted(Script(confirm_page=None, status_after_page={})) as (_, port):
            result = await driver(port, limits).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterSilent)

    async def test_a_confirmation_without_paper_is_no_yes(self) -> None:
        async with scripted(Script(confirm_page=b"\x0f")) as (_, port):
            result = await driver(port).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterPaperOut)

    async def test_nothing_but_an_ordered_answer_confirms(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S)
        for other in (b"\x12", b"\x10\x00\x00\x00", b"\x5fEPSON\x00", b"\x11", b"\xff"):
            async with scripted(Script(confirm_page=other)) as (_, port):
                result = await driver(port, limits).print(PAGE)
            assert result.outcome is Outcome.UNKNOWN, other.hex()

    async def test_a_connection_cut_at_any_byte_is_never_taken_for_a_yes_or_a_no(
        self, scale: Scale
    ) -> None:
        seed = 1883
        print(f"seed {seed}")
        rounds = min(scale.of(25, len(DATA)), len(DATA))
        places = {1, len(DATA), *random.Random(seed).sample(range(1, len(DATA) + 1), rounds)}
        for place in sorted(places):
            async with scripted(Script(reset_at=place)) as (printer, port):
                result = await driver(port).print(PAGE)
            assert (result.outcome, kind(result.fault)) == (
                Outcome.UNKNOWN,
                PrinterConnectionLost,
            ), f"cut at byte {place}"
            assert printer.page == DATA[:place]

    async def test_a_connection_cut_before_the_confirmation_is_unknown(self) -> None:
        async with scripted(Script(reset_on_confirm=True)) as (printer, port):
            result = await driver(port).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterConnectionLost)
        assert printer.page == DATA

    async def test_after_a_cut_the_printer_is_asked_anew_why(self) -> None:
        script = Script(reset_at=20, status_after_page=PAPER_OUT)
        async with scripted(script) as (_, port):
            result = await driver(port).print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterPaperOut)

    async def test_a_printer_that_stops_reading_does_not_hold_the_box(self) -> None:
        lines = tuple(TextLine("x" * 48) for _ in range(12_000))
        limits = replace(PATIENT, stall_s=SHORT_S * 10, close_s=SHORT_S)
        async with scripted(Script(stop_at=100)) as (printer, port):
            bon = EscPosPrinter("bon", port, limits=limits, open_connection=narrow)
            result = await bon.print(Page("long", 48, lines))
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, PrinterStalled)
        assert len(printer.page) == 100

    @pytest.mark.parametrize("when", ["on connecting", "when asked"])
    async def test_a_late_confirmation_of_one_job_does_not_confirm_the_next(
        self, when: str
    ) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S, settle_s=SHORT_S)
        async with scripted(Script(confirm_page=None)) as (printer, port):
            bon = driver(port, limits)
            first = await bon.print(PAGE)
            if when == "on connecting":
                printer.script.greeting = b"\x00"
            else:
                printer.script.owed = b"\x00"
            second = await bon.print(PAGE)
        assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
        assert printer.pages == [DATA] * 2

    @pytest.mark.parametrize(
        ("answers", "outcome"), [(b"\x00", Outcome.UNKNOWN), (b"\x00\x00", Outcome.PRINTED)]
    )
    async def test_an_answer_to_the_question_before_the_job_is_not_taken_for_the_one_after(
        self, answers: bytes, outcome: Outcome
    ) -> None:
        limits = replace(PATIENT, settle_s=SHORT_S)
        if outcome is Outcome.UNKNOWN:
            limits = replace(limits, confirm_s=SHORT_S)
        async with scripted(Script(confirm=None, confirm_page=answers)) as (_, port):
            assert (await driver(port, limits).print(PAGE)).outcome is outcome

    async def test_a_confirmation_before_the_job_does_not_confirm_it(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S)
        script = Script(confirm=b"\x00\x00\x00", confirm_page=None)
        async with scripted(script) as (_, port):
            assert (await driver(port, limits).print(PAGE)).outcome is Outcome.UNKNOWN

    async def test_after_a_job_in_doubt_the_next_one_can_be_printed(self) -> None:
        limits = replace(PATIENT, confirm_s=SHORT_S)
        async with scripted(Script(reset_at=30)) as (printer, port):
            bon = driver(port, limits)
            assert (await bon.print(PAGE)).outcome is Outcome.UNKNOWN
            printer.script.reset_at = None
            bon = driver(port)
            assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
        assert printer.pages[-1] == DATA

    async def test_a_cancelled_job_lets_go_of_the_printer(self) -> None:
        async with scripted(Script(stop_at=10)) as (printer, port):
            bon = driver(port)
            job = asyncio.create_task(bon.print(PAGE))
            await printer.page_begun.wait()
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
            printer.script.stop_at = None
            assert (await bon.print(PAGE)).outcome is Outcome.PRINTED


async def test_characters_that_cannot_be_printed_are_counted_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with scripted() as (_, port):
        with caplog.at_level(logging.WARNING):
            await driver(port).print(Page("Bon 7", 48, (TextLine("寿司 2 €"),)))
    (record,) = [each for each in caplog.records if each.name.startswith("drivers.")]
    assert "2 characters" in record.getMessage()
    assert "Bon 7" in record.getMessage()
    assert "寿" not in record.getMessage()


async def test_closing_twice_does_no_harm() -> None:
    bon = driver(TcpPort("192.0.2.1", 9100))
    await bon.close()
    await bon.close()
