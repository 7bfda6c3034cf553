"""One cloud of the box, as a process, and the external program that uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.cloud.program import ExternalProgram, Item, Order
from simulators.cloud.program_faults import CloudNotReached, CloudRefused
from simulators.cloud.secret_files import program_login
from tests.cloud_sim.process import CloudProcess
from tests.flow.box import BOX, Box, CloudEntry, Counter
from tests.flow.waiting import LONGEST_S, SELDOM_S, until

CASH_REGISTER = 34950
UNKNOWN_REGISTER = 34951
"""Number of a cash register that the box does not have."""

POLLING = ("--poll-interval-s", "0.001", "--poll-tolerated", "1000000")
"""The tests ask often; that this gets a program blocked is tested elsewhere."""

CALM: dict[str, Any] = {
    "http_status": 0,
    "close_code": 0,
    "black_hole": "",
    "drop_after_frames": 0,
    "drop_before_ack": 0,
    "repeat_frames": 0,
    "reorder_window": 0,
    "ack_delay_ms": 0,
    "never_ack": False,
    "clock_offset_s": 0,
    "no_jump": False,
}
"""Switches that last, switched off."""


@dataclass(slots=True)
class Sale:
    """A receipt of the external program: its own name for it, and the cloud's. ``answer`` is what
    the box told the operator when it ended there."""

    reference: str
    parked: str
    answer: dict[str, Any] | None = None


def receipt_order(reference: str | None, cash_register: int = CASH_REGISTER) -> Order:
    """Return a receipt to park."""
    items = (Item("Semmel", 49, "D", "3"), Item("Kaffee", 390))
    return Order(items, reference, cash_register=cash_register)


@dataclass(slots=True)
class Link:
    """``name`` and ``register`` as the box knows them. ``sales`` are all that were parked,
    ``heard`` all that the cloud told the program."""

    name: str
    register: str
    data: Path
    box: Box | None = None
    counter: Counter | None = None
    cloud: CloudProcess = field(init=False)
    program: ExternalProgram = field(init=False)
    sales: list[Sale] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    _read: int = 0

    async def start_cloud(self, *options: str) -> None:
        """Start the cloud; a second time on the same ports."""
        ports: tuple[str, ...] = ()
        if hasattr(self, "cloud"):
            ready = self.cloud.ready
            ports = (
                *("--ws-port", ready["ws"].rpartition(":")[2].partition("/")[0]),
                *("--http-port", ready["http"].rpartition(":")[2]),
            )
        self.cloud = await asyncio.to_thread(
            CloudProcess,
            self.data,
            *("--box", BOX, "--redelivery-s", "0.2", *POLLING, *ports, *options),
            *("--cash-register", f"{CASH_REGISTER}={BOX}/{self.register}"),
            *("--cash-register", f"{UNKNOWN_REGISTER}={BOX}/NOWHERE"),
        )

    async def start_program(self) -> None:
        """Start the external program."""
        self.program = await self.another_program("external program", self.heard)

    async def another_program(self, name: str, heard: list[dict[str, Any]]) -> ExternalProgram:
        """Start a program of that name; the caller stops it."""
        ready = self.cloud.ready
        login = program_login(Path(ready["login_file"]))
        program = ExternalProgram(ready["http"], login, name=name, heard=heard.append, poll_s=2.0)
        await program.start()
        return program

    async def stop(self) -> None:
        """End both."""
        if hasattr(self, "program"):
            await self.program.stop()
        if hasattr(self, "cloud"):
            self.cloud.__exit__(None, None, None)

    def entry(self, pings: tuple[float, float]) -> CloudEntry:
        """Return the cloud as the box's configuration names it."""
        return CloudEntry(
            *(self.name, self.cloud.ready["ws"], self.cloud.token(BOX), (self.register,)), pings
        )

    # Switches

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request to the cloud's control port."""
        answer = await asyncio.to_thread(self.cloud.ask, **request)
        assert "error" not in answer, answer
        return answer

    async def set(self, **switches: Any) -> None:
        """Change fault switches."""
        await self.ask(set=switches)

    async def calm(self) -> None:
        """Switch everything off that lasts."""
        await self.set(**CALM)

    async def do(self, action: str, **more: Any) -> None:
        """Have the cloud do something at once."""
        await self.ask(do=action, **more)

    async def state(self) -> dict[str, Any]:
        """What the cloud knows."""
        state: dict[str, Any] = (await self.ask(get="state"))["state"]
        return state

    async def frames(self) -> list[dict[str, Any]]:
        """All numbered frames of the box that the cloud has, in its order."""
        found: list[dict[str, Any]] = []
        while page := (await self.ask(get="frames", after=found[-1]["n"] if found else 0))[
            "frames"
        ]:
            found += page
        return found

    # The box's side

    @property
    def operator(self) -> Counter:
        """The operator of the link's box."""
        assert self.counter is not None
        return self.counter

    async def part(self) -> dict[str, Any]:
        """What the box says of the link."""
        return await self.operator.part(f"cloud:{self.name}")

    async def connected(self) -> None:
        """Have the box connect, as often as it takes, until the link is ready."""
        await until(self._is_ready, f"{self.name} is connected", SELDOM_S)

    async def _is_ready(self) -> bool:
        part = await self.part()
        if part.get("phase") == "waiting":
            await self.operator.connect_now()
        if part.get("phase") != "ready":
            return False
        return bool((await self.state())["boxes"][BOX]["connected"])

    async def shown(self, code: str) -> dict[str, Any]:
        """Have the box try until the board shows that fault; return the link's part."""

        async def look() -> dict[str, Any] | None:
            part = await self.part()
            if part.get("fault", {}).get("code") == code:
                return part
            if part.get("phase") == "waiting":
                await self.operator.connect_now()
            return None

        return await until(look, f"{self.name} shows {code}", SELDOM_S)

    async def fails_with(self, code: str) -> None:
        """Have the box try until the board shows that fault, and what to do."""
        part = await self.shown(code)
        assert part["level"] == "failed"
        assert part["fault"]["title"]
        assert len(part["fault"]["advice"]) > 10

    def mark(self) -> None:
        """Forget what the log has told until now."""
        self._read = len(self._lines())

    async def told(self, code: str) -> None:
        """Wait until the log tells of a fault, since the mark or an earlier wait: one that passes
        may be gone from the board before anybody looks."""

        async def look() -> bool:
            lines = self._lines()[self._read :]
            return any(f" {code}: " in line for line in lines)

        await until(look, f"{self.name} tells of {code}", SELDOM_S)
        self.mark()

    def _lines(self) -> list[str]:
        assert self.box is not None
        return self.box.logged(f" cloud:{self.name}: ")

    async def again(self) -> None:
        """Break the connection and have the box make a new one."""
        before = (await self.state())["counts"].get("welcomes", 0)
        await self.do("drop")

        async def greeted() -> bool:
            part = await self.part()
            if part.get("phase") == "waiting":
                await self.operator.connect_now()
            return bool((await self.state())["counts"]["welcomes"] > before)

        await until(greeted, f"{self.name} is connected again", SELDOM_S)
        await self.connected()

    # The program's side

    async def park(self, case: str, count: int) -> list[Sale]:
        """Park receipts."""
        sales = []
        for number in range(count):
            reference = f"{self.name}-{case}-{number}"
            sales.append(Sale(reference, await self.program.park(receipt_order(reference))))
        self.sales += sales
        return sales

    async def opened(self, case: str, count: int) -> list[Sale]:
        """Park receipts and have them opened; they are at the counter when this returns."""
        sales = await self.park(case, count)
        for sale in sales:
            await self.open(sale)
        await self.at_counter(sales)
        return sales

    async def open(self, sale: Sale) -> None:
        """Have a parked receipt opened as soon as the box is connected."""

        async def accepted() -> bool:
            try:
                await self.program.open(sale.parked)
            except CloudNotReached:
                return False
            except CloudRefused as refused:
                # Asked before, the answer was lost, and meanwhile the receipt has ended.
                if refused.facts["error"] in ("receipt_completed", "receipt_aborted"):
                    return True
                if refused.facts["error"] == "box_not_connected":
                    return False
                raise
            return True

        await until(accepted, f"{sale.reference} is opened")

    async def at_counter(self, sales: Sequence[Sale]) -> dict[str, dict[str, Any]]:
        """Wait until receipts are at the counter, each of them once; return them by reference."""
        wanted = {sale.reference for sale in sales}

        async def look() -> dict[str, dict[str, Any]] | None:
            found = await self.operator.open_receipts(self.register)
            mine = [each for each in found if each["reference"] in wanted]
            references = {each["reference"] for each in mine}
            assert len(references) == len(mine), "a receipt is at the counter twice"
            return {each["reference"]: each for each in mine} if references == wanted else None

        return await until(look, f"{sorted(wanted)} are at the counter of {self.name}")

    async def serve(self, sales: Sequence[Sale]) -> None:
        """Complete receipts, but abort every third."""
        waiting = await self.at_counter(sales)
        for number, sale in enumerate(sales):
            receipt = waiting[sale.reference]
            end = self.operator.abort if number % 3 == 2 else self.operator.complete
            sale.answer = await end(receipt)

    async def parked(self, sale: Sale) -> dict[str, Any]:
        """The receipt as the program sees it."""
        return await self.program.parked(sale.parked)

    async def seen(self, sale: Sale, **wanted: Any) -> dict[str, Any]:
        """Wait until the program sees a receipt like that."""

        async def look() -> dict[str, Any] | None:
            found = await self.parked(sale)
            return found if wanted.items() <= found.items() else None

        return await until(look, f"the program sees {sale.reference} with {wanted}")

    async def ended(self, sales: Sequence[Sale]) -> None:
        """Wait until the program knows the end of receipts that were served, by webhook or by
        asking."""
        for sale in sales:
            assert sale.answer is not None
            end = await asyncio.wait_for(self.program.ended(sale.parked), LONGEST_S)
            assert end.state == sale.answer["state"], f"{sale.reference}: {end}"
