"""A till beside vendors that never answer: ``python -m … DIRECTORY SEED [PORT]``.

Each line of standard input is a number of receipts; each line of standard output the JSON list of
their times in µs. With a port, five vendors are set up there, their log-ins hang, and orders
for them wait in line; ``ready`` is printed first.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.cli.benchmarks.desk import Desk as Till
from bridge.cli.benchmarks.desk import open_desk, switch_interval
from bridge.config import Secret, VendorSettings
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.hosting import BoxHost
from bridge.model.exchange import LocalCall
from bridge.printing.foreign import ForeignPapers
from bridge.vendors.engine.desk import Desk
from drivers.contract.clock import SystemClock

WAITING = 20
"""Orders in line for each vendor that has a queue."""

_DAY = "2026-11-21"


@dataclass(frozen=True, slots=True)
class _Order:
    vendor: str
    operation: str
    path: Mapping[str, str]
    body: Any


SETTINGS: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "asello": (("user", "password"), {}),
    "kassomat": (("email", "password"), {}),
    "dvelop": (("api_key",), {"bucket": "bench"}),
    "flexi": (
        ("user", "password"),
        {"company": "bench", "register": "code:K", "document_type": "code:T"},
    ),
    "offercube": (("sid",), {"tenant": "bench"}),
}
"""Secrets and options of the five."""


def _orders(n: int) -> list[_Order]:
    payment = {"invoice": f"code:FV{n}", "kind": "issued", "amount": "10.00", "paid_on": _DAY}
    entity = ("cost_centers", "cost_units", "gl_accounts")[n % 3]
    return [
        _Order("flexi", "pay", {}, payment),
        _Order("offercube", "pay", {"id": str(n)}, {"paid_dt": 1_790_000_000}),
        _Order("dvelop", "batch", {"entity": entity}, [{"nr": str(n), "name": "Verkauf"}]),
    ]


def _call(order: _Order) -> LocalCall:
    return LocalCall(
        method="POST",
        path=order.path,
        headers={"content-type": "application/json"},
        body=json.dumps(order.body).encode(),
    )


@contextlib.asynccontextmanager
async def _vendors(directory: Path, till: Till, port: int, seed: int) -> AsyncIterator[None]:
    clock = SystemClock()
    chance = random.Random(seed)  # noqa: S311 - jitter
    url = f"http://127.0.0.1:{port}"
    configured = [
        VendorSettings(
            name=name,
            url=url,
            simulator=True,
            secrets={each: f"{name}.{each}" for each in secrets},
            options=dict(options),
        )
        for name, (secrets, options) in SETTINGS.items()
    ]
    papers = ForeignPapers(till.journal, (), clock)
    desk = Desk(
        configured,
        lambda _: Secret("a secret of a benchmark"),
        directory / "vendors.db",
        clock,
        chance.random,
        HealthBoard(clock),
        BoxHost(till.till, till.journal, papers, qr_code),
        user_agent="bonbridge-bench",
    )
    await desk.start()
    for n in range(WAITING):
        for order in _orders(n):
            key = f"bench-{order.vendor}-{n}"
            await desk.submit(order.vendor, order.operation, _call(order), key=key)
    try:
        yield
    finally:
        await desk.stop(0.0)


async def _measure(till: Till, count: int) -> list[float]:
    raws = await till.park(count)
    await till.follower.reached(till.journal.last_seq)
    times = []
    for raw in raws:
        begin = time.perf_counter_ns()
        await till.complete(raw)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return times


async def _serve(directory: Path, seed: int, port: int) -> None:
    (directory / "till").mkdir(parents=True)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        till = await stack.enter_async_context(open_desk(directory / "till", seed))
        if port:
            await stack.enter_async_context(_vendors(directory, till, port, seed))
        print("ready", flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await _measure(till, int(line))), flush=True)


def main() -> None:
    """Run until standard input ends."""
    directory, seed, *port = sys.argv[1:]
    with switch_interval():
        asyncio.run(_serve(Path(directory), int(seed), int(port[0]) if port else 0))


if __name__ == "__main__":
    main()
