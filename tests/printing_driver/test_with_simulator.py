"""The driver against the simulated printer: what it claims is what lies on the counter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol, decode

from drivers.contract.fault import Fault
from drivers.contract.page import Page, QrCode, TextLine
from drivers.contract.printer import Outcome, Paper
from drivers.ports import TcpPort
from drivers.printers.escpos_tcp import EscPosPrinter
from drivers.printers.faults import (
    PrinterConnectionLost,
    PrinterCoverOpen,
    PrinterCutterError,
    PrinterNoConfirmation,
    PrinterOffline,
    PrinterPaperOut,
    PrinterSilent,
    PrinterUnreachable,
)
from simulators.printer.paper import Paper as PrintedPaper
from simulators.printer.paper import TextRun
from simulators.printer.render import render, to_png
from simulators.printer.simulator import PrinterSimulator
from simulators.printer.switches import Settings
from tests.conftest import Scale
from tests.printing_driver.pages import receipt, rksv_code
from tests.printing_driver.shared import PATIENT, kind

SILENCE_S = 0.3
HASTY = replace(PATIENT, connect_s=SILENCE_S, confirm_s=SILENCE_S, settle_s=SILENCE_S)
VERY_HASTY = replace(HASTY, status_s=SILENCE_S)
"""For printers that never answer a status question."""

PAGE = Page("Bon", 48, (TextLine("Grüße 2 €"), TextLine("zwei"), TextLine("drei"), QrCode("x")))
TEXTS = ("Grüße 2 €", "zwei", "drei")


@asynccontextmanager
async def desk(
    *, columns: int = 48, hasty: bool = False, **switches: Any
) -> AsyncIterator[tuple[PrinterSimulator, EscPosPrinter]]:
    """Run a simulated printer and its driver."""
    settings = Settings(**switches)
    async with PrinterSimulator(columns=columns, settings=settings) as simulator:
        port = TcpPort("127.0.0.1", simulator.port)
        silent = settings.silent_status or settings.never_read
        limits = (VERY_HASTY if silent else HASTY) if hasty else PATIENT
        yield simulator, EscPosPrinter("bon", port, columns=columns, limits=limits)


def heal(simulator: PrinterSimulator) -> None:
    simulator.switches.change(asdict(Settings()))


async def on_the_counter(simulator: PrinterSimulator) -> list[tuple[str, ...]]:
    """Return the texts of all papers once the printer is in order and has printed the rest."""
    heal(simulator)
    await simulator.settled()
    rest = simulator.machine.torn_off()
    papers = [*simulator.papers, *([rest] if rest else [])]
    assert not [paper.unknown for paper in papers if paper.unknown]
    return [paper.texts for paper in papers if paper.texts]


@pytest.mark.parametrize("columns", [48, 42])
async def test_a_receipt_lies_on_the_counter_as_it_was_meant(columns: int) -> None:
    meant = receipt(columns)
    async with desk(columns=columns) as (simulator, bon):
        for _ in range(2):
            result = await bon.print(meant)
            assert (result.outcome, result.fault) == (Outcome.PRINTED, None)
        papers = simulator.papers
    wanted = tuple(
        item.text.replace("–", "-") for item in meant.items if isinstance(item, TextLine)
    )
    codes = tuple(item.data for item in meant.items if isinstance(item, QrCode))
    assert [paper.texts for paper in papers] == [wanted] * 2
    assert [paper.codes for paper in papers] == [codes] * 2
    assert not any(paper.unknown or paper.notes for paper in papers)


@pytest.mark.parametrize("columns", [48, 42])
async def test_styles_come_out_as_they_were_meant(columns: int) -> None:
    lines = (
        TextLine("fett", bold=True),
        TextLine("breit", wide=True),
        TextLine("hoch", tall=True, align="right"),
        TextLine("unter", underline=True, align="center"),
        TextLine("weiß", invert=True),
        TextLine("nichts"),
    )
    async with desk(columns=columns) as (simulator, bon):
        assert (await bon.print(Page("Bon", columns, lines))).outcome is Outcome.PRINTED
        (paper,) = simulator.papers
    for line, run in zip(lines, text_runs(paper), strict=True):
        style = run.style
        found = (style.bold, style.width == 2, style.height == 2, bool(style.underline))
        assert found == (line.bold, line.wide, line.tall, line.underline), line.text
        assert style.invert is line.invert
        middle = (run.x + run.end) / 2
        wanted = {
            "left": run.x == 0,
            "right": run.end == paper.width,
            "center": abs(middle - paper.width / 2) <= 12,
        }
        assert wanted[line.align], line.text


def text_runs(paper: PrintedPaper) -> list[TextRun]:
    return [piece for row in paper.rows for piece in row.pieces if isinstance(piece, TextRun)]


@pytest.mark.parametrize("profile", ["TM-T20II", "POS-5890"], ids=["native", "image"])
@pytest.mark.parametrize("level", ["L", "M"])
@pytest.mark.parametrize("columns", [48, 42])
async def test_the_code_is_read_from_the_paper(columns: int, level: str, profile: str) -> None:
    async with PrinterSimulator(columns=columns) as simulator:
        port = TcpPort("127.0.0.1", simulator.port)
        bon = EscPosPrinter("bon", port, columns=columns, profile=profile, limits=PATIENT)
        for length in (200, 265, 330):
            data = rksv_code(length)
            code = QrCode(data, "L" if level == "L" else "M")
            page = Page("Bon", columns, (TextLine("oben"), code, TextLine("unten")))
            assert (await bon.print(page)).outcome is Outcome.PRINTED
            # Printers without codes of their own have no cutter either: the paper is torn off.
            paper = simulator.machine.torn_off() or simulator.papers[-1]
            picture = Image.open(BytesIO(to_png(render(paper))))
            (found,) = decode(picture, symbols=[ZBarSymbol.QRCODE])
            assert found.data.decode() == data


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({"paper": "out"}, PrinterPaperOut),
        ({"cover_open": True}, PrinterCoverOpen),
        ({"offline": True}, PrinterOffline),
        ({"silent_status": True}, PrinterSilent),
        ({"never_read": True}, PrinterSilent),
        ({"refuse_connect": True}, PrinterUnreachable),
    ],
    ids=str,
)
async def test_a_printer_that_cannot_print_leaves_the_counter_empty(
    switches: dict[str, Any], fault: type[Fault]
) -> None:
    async with desk(hasty=True, **switches) as (simulator, bon):
        result = await bon.print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.NOT_PRINTED, fault)
        assert kind((await bon.status()).fault) is fault
        assert await on_the_counter(simulator) == []


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({"out_after_lines": 2}, PrinterPaperOut),
        ({"cutter_error": True}, PrinterCutterError),
        ({"silent_confirm": True}, PrinterNoConfirmation),
        ({"reset_after_bytes": 60}, PrinterConnectionLost),
    ],
    ids=str,
)
async def test_trouble_in_mid_job_is_unknown_and_comes_to_light(
    switches: dict[str, Any], fault: type[Fault]
) -> None:
    async with desk(hasty=True, **switches) as (simulator, bon):
        result = await bon.print(PAGE)
        assert (result.outcome, kind(result.fault)) == (Outcome.UNKNOWN, fault)
        assert len(await on_the_counter(simulator)) == 1


async def test_the_rest_of_a_job_in_doubt_does_not_confirm_the_next_job() -> None:
    async with desk(hasty=True, out_after_lines=2) as (simulator, bon):
        assert (await bon.print(PAGE)).outcome is Outcome.UNKNOWN
        heal(simulator)
        # The first job is printed to its end now; its confirmation may come to the second job.
        second = Page("Bon 2", 48, tuple(TextLine(f"Zeile {n}") for n in range(5)))
        simulator.switches.change({"silent_confirm": True})
        assert (await bon.print(second)).outcome is not Outcome.PRINTED


async def test_a_slow_printer_prints(scale: Scale) -> None:
    async with desk(bytes_per_s=scale.of(4000, 960)) as (simulator, bon):
        assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
        assert [paper.texts for paper in simulator.papers] == [TEXTS]


async def test_what_is_claimed_is_true_wherever_the_wire_breaks(scale: Scale) -> None:
    seed = 20231
    print(f"seed {seed}")
    randomness = random.Random(seed)
    for _ in range(scale.of(15, 150)):
        place = randomness.randint(1, 260)
        async with desk(hasty=True, reset_after_bytes=place) as (simulator, bon):
            result = await bon.print(PAGE)
            at_once = [paper.texts for paper in simulator.papers]
            counter = await on_the_counter(simulator)
        if result.outcome is Outcome.PRINTED:
            assert at_once == [TEXTS], f"place {place}"
        elif result.outcome is Outcome.NOT_PRINTED:
            assert counter == [], f"place {place}"
        else:
            assert isinstance(result.fault, Fault)


async def test_low_paper_is_told_and_printed_on() -> None:
    async with desk(paper="low") as (simulator, bon):
        assert (await bon.status()).paper is Paper.LOW
        assert (await bon.print(PAGE)).outcome is Outcome.PRINTED
        assert [paper.texts for paper in simulator.papers] == [TEXTS]


async def test_the_drawer_opens_with_and_without_paper() -> None:
    for paper in ("ok", "out"):
        async with desk(paper=paper) as (simulator, bon):
            assert (await bon.status()).drawer_pin_high is False
            await bon.open_drawer()
            assert simulator.machine.pulses == 1
            assert (await bon.status()).drawer_pin_high is True
            assert await on_the_counter(simulator) == []


async def test_two_boxes_share_a_printer_that_takes_one_client() -> None:
    async with desk() as (simulator, first):
        second = EscPosPrinter("other", TcpPort("127.0.0.1", simulator.port), limits=PATIENT)
        results = await asyncio.gather(*(each.print(PAGE) for each in (first, second) * 3))
        assert [result.outcome for result in results] == [Outcome.PRINTED] * 6
        assert [paper.texts for paper in simulator.papers] == [TEXTS] * 6
