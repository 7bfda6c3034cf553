"""One run of the demo: desk, box, external program, operator, export, verification, summary."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
from itertools import count
from pathlib import Path

import httpx

from bridge.app import journal_paths
from bridge.cli.demo.box import BoxProcess
from bridge.cli.demo.counter import Counter
from bridge.cli.demo.customer import Customer
from bridge.cli.demo.desk import Desk, free_port, simulated_desk, tell
from bridge.cli.demo.faults import BoxAnswersNot, DirectoryNotOurs
from bridge.cli.demo.operator import Operator
from bridge.cli.demo.record import Record
from bridge.cli.demo.shop import errand, write_shop
from bridge.cli.demo.summary import report
from bridge.config import credentials_for, load_config
from bridge.config.faults import CountryNotBuilt
from bridge.journal.projections import load
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.printing.papers import Papers

MARK = ".bonbridge-demo"
"""File that says that a directory is a demo's: only such a one is emptied."""

OUTAGE_AT, OUTAGE_RECEIPTS = 3, 2
"""After a third of the receipts the card is pulled; so many go out without signature."""

AT_ONCE = 3
"""Receipts that the external program has opened at the counter at the same time."""

SETTLE_S = 60.0
"""Seconds for papers and webhooks to follow the last receipt."""

LOOK_S = 0.05


def run_demo(args: argparse.Namespace) -> int:
    """Run the demo; 0 when everything came out valid. Raises faults of set-up."""
    if args.country != "at":
        raise CountryNotBuilt
    out = args.out.absolute()
    _prepare(out)
    with simulated_desk(out, args.columns) as desk:
        return asyncio.run(_Demo(args, out, desk).run())


def _prepare(out: Path) -> None:
    if out.exists() and not (out / MARK).exists() and any(out.iterdir()):
        raise DirectoryNotOurs(str(out))
    if out.exists():
        for entry in out.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    (out / "receipts").mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()


class _Demo:
    def __init__(self, args: argparse.Namespace, out: Path, desk: Desk) -> None:
        self.args = args
        self.out = out
        self.desk = desk
        listen = f"127.0.0.1:{args.port or free_port()}"
        self.page = f"http://{listen}"
        path = write_shop(out, desk, listen, args.seed, args.language, args.columns)
        self.config = load_config(path)
        self.box = BoxProcess(path, out / "bonbridge.log")

    async def run(self) -> int:
        """Run everything; 0 when it came out valid."""
        async with contextlib.AsyncExitStack() as stack:
            record = stack.enter_context(Record(self.out))
            await self.box.start()
            stack.push_async_callback(self.box.stop)
            api = await stack.enter_async_context(httpx.AsyncClient(base_url=self.page))
            token = credentials_for(self.config.box.credentials_dir, {}).read("technician.token")
            operator = Operator(api, token, self.args.seed, record.acknowledged)
            # Whenever the box starts somebody stands there and waits.
            self.box.started = operator.connect_now
            await operator.connect_now()
            customer = await stack.enter_async_context(
                Customer.at(self.desk.cloud, record, self.args.receipts)
            )
            print(f"bonbridge demo, Austria: {self.args.receipts} receipts → {self.out}")
            print(f"the operator page: {self.page}")
            await operator.start_register()
            chance = random.Random(f"kills/{self.args.seed}")  # noqa: S311 - not a secret
            async with self.box.killed(self.args.kills, chance):
                await self._sell(operator, customer)
            await operator.own_receipt("null")
            await self._settled(customer)
            valid = report(self.out, self.config, record)
            if not self.args.once:
                await self._stay(customer)
        return 0 if valid else 1

    async def _sell(self, operator: Operator, customer: Customer) -> None:
        """Have all receipts parked, pushed, served and reported back."""
        counter = Counter(operator, self.args.seed, self.args.receipts)
        total = self.args.receipts
        outage = total // OUTAGE_AT if total > 2 * OUTAGE_RECEIPTS else None
        serving = asyncio.create_task(counter.serve())
        try:
            for first, last, out in _stretches(total, outage):
                if out:
                    print("   ---  the signature card is pulled out of its reader")
                    await self._card(pulled=True)
                await self._bought(customer, serving, first, last)
                if out:
                    await self._card(pulled=False)
                    print("   ---  the card is back: the next receipt ends the outage")
                    await operator.card_is_back()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _bought(
        self, customer: Customer, serving: asyncio.Task[None], first: int, last: int
    ) -> None:
        """Send the customers of these numbers, a few at a time; stop when the operator does."""
        places = asyncio.Semaphore(AT_ONCE)

        async def buy(number: int) -> None:
            async with places:
                await customer.buy(errand(self.args.seed, number))

        buying = asyncio.gather(*(buy(number) for number in range(first, last)))
        await asyncio.wait((buying, serving), return_when=asyncio.FIRST_COMPLETED)
        if not buying.done():
            buying.cancel()
            await asyncio.gather(buying, return_exceptions=True)
            serving.result()
        buying.result()

    async def _card(self, *, pulled: bool) -> None:
        await asyncio.to_thread(tell, self.desk.card_control, pulled=pulled)

    async def _settled(self, customer: Customer) -> None:
        """Wait until every paper has its outcome and every receipt its webhook."""
        with Reader(journal_paths(self.config).database) as reader:
            completed = sum(event.kind == events.COMPLETED for event in reader.events())
            for _ in range(int(SETTLE_S / LOOK_S)):
                left = load(reader, Papers()).values()
                due = any(b'"state": "unknown"' not in each for each in left)
                if not due and customer.webhooks >= completed:
                    return
                await asyncio.sleep(LOOK_S)
            message = (
                f"{len(left)} papers are left, {customer.webhooks} webhooks for {completed} "
                "completed receipts"
            )
            raise BoxAnswersNot(message)

    async def _stay(self, customer: Customer) -> None:
        """Stay up, with receipts at the counter for whoever opens the page."""
        print(f"The box stays up with its simulators. Operator page: {self.page}")
        print(f"{AT_ONCE} parked receipts wait there; others follow. Ctrl-C ends it.", flush=True)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        numbers = count(self.args.receipts)

        async def buy() -> None:
            for number in numbers:
                await customer.buy(errand(self.args.seed, number))

        visitors = [asyncio.create_task(buy()) for _ in range(AT_ONCE)]
        await stop.wait()
        for visitor in visitors:
            visitor.cancel()
        await asyncio.gather(*visitors, return_exceptions=True)


def _stretches(total: int, outage: int | None) -> list[tuple[int, int, bool]]:
    """Return the receipts as stretches (from, to, card is out)."""
    if outage is None:
        return [(0, total, False)]
    back = outage + OUTAGE_RECEIPTS
    return [(0, outage, False), (outage, back, True), (back, total, False)]
