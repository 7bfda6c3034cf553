"""What every receipt printer must do. Subclass it and give a ``desk``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from drivers.contract.printer import Outcome, Paper, Printer
from simulators.printer.simulator import PrinterSimulator
from tests.printing_driver.pages import receipt, rksv_code, texts_of


@dataclass(frozen=True, slots=True)
class Desk:
    """A driver, and the printer at the other end of its wire."""

    printer: Printer
    simulator: PrinterSimulator


class PrinterContract:
    """Abstract: pytest collects it only through subclasses whose name begins with ``Test``."""

    async def test_a_ready_printer_says_so(self, desk: Desk) -> None:
        status = await desk.printer.status()
        assert (status.online, status.paper, status.cover_open) == (True, Paper.OK, False)
        assert status.fault is None

    async def test_what_is_printed_is_what_was_meant(self, desk: Desk) -> None:
        page = receipt(desk.printer.columns)
        result = await desk.printer.print(page)
        assert (result.outcome, result.fault) == (Outcome.PRINTED, None)
        (paper,) = desk.simulator.papers
        assert list(paper.texts) == texts_of(page)
        assert paper.codes == (rksv_code(231),)
        assert (paper.notes, paper.unknown) == ((), ())

    async def test_jobs_in_a_row_are_papers_of_their_own(self, desk: Desk) -> None:
        pages = [receipt(desk.printer.columns, number) for number in range(3)]
        for page in pages:
            assert (await desk.printer.print(page)).outcome is Outcome.PRINTED
        assert [list(paper.texts) for paper in desk.simulator.papers] == [
            texts_of(page) for page in pages
        ]

    async def test_jobs_at_the_same_time_do_not_mix(self, desk: Desk) -> None:
        pages = [receipt(desk.printer.columns, number) for number in range(4)]
        jobs = [desk.printer.print(page) for page in pages]
        results = await asyncio.gather(*jobs, desk.printer.status(), return_exceptions=False)
        assert [result.outcome for result in results[:4] if hasattr(result, "outcome")] == [
            Outcome.PRINTED
        ] * 4
        assert [list(paper.texts) for paper in desk.simulator.papers] == [
            texts_of(page) for page in pages
        ]

    async def test_the_drawer_opens_and_its_switch_is_seen(self, desk: Desk) -> None:
        assert (await desk.printer.status()).drawer_pin_high is False
        await desk.printer.open_drawer()
        assert desk.simulator.switches.settings.drawer_open
        assert (await desk.printer.status()).drawer_pin_high is True

    async def test_a_caller_that_gives_up_leaves_a_working_printer(self, desk: Desk) -> None:
        task = asyncio.create_task(desk.printer.print(receipt(desk.printer.columns, 1)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        page = receipt(desk.printer.columns, 2)
        assert (await desk.printer.print(page)).outcome is Outcome.PRINTED
        assert list(desk.simulator.papers[-1].texts) == texts_of(page)

    async def test_closing_twice_does_no_harm(self, desk: Desk) -> None:
        await desk.printer.close()
        await desk.printer.close()
