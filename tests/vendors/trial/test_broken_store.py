"""The store of runs is damaged, deleted, read-only, full: the till goes on, the board says what is
wrong, and nothing is sent that is not stored."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.processes import NOT_INHERITED
from tests.flow.evidence import check_numbers
from tests.flow.waiting import until
from tests.support.vectors import ROOT
from tests.vendors.trial import orders
from tests.vendors.trial.disk import FULL, READ_ONLY, WELL, Disk
from tests.vendors.trial.errands import UNKNOWN, Errand, Program
from tests.vendors.trial.shop import NAMES, REGISTER, Shop, Town, shop, town
from tests.vendors.trial.test_black_holes import sold
from tests.vendors.trial.test_settled import settling

UNWRITABLE = "runs_unwritable"

MOST_ORDERS = 60
"""More than the free space of a new store can hold."""


@contextlib.asynccontextmanager
async def programs(at: Shop) -> AsyncIterator[Program]:
    """Let a program work with the box."""
    program = Program(at.box.url)
    try:
        yield program
    finally:
        await program.close()


async def tried(program: Program, errand: Errand) -> Any:
    """Order something once; return the problem."""
    answer = await program.answered(
        errand.method,
        f"/v1/vendors/{errand.vendor}{errand.path}",
        json=errand.body,
        params=errand.query,
        headers={"Idempotency-Key": errand.key, **errand.headers},
    )
    return answer.status_code, answer.json()


def one_of_each(there: Town, since: int = 0) -> Iterator[Errand]:
    """Yield an order of each kind, others than those before ``since``."""
    for make in (orders.flexi, orders.cube_pays, orders.returns, orders.receipts, orders.lists):
        yield list(make(there, since + 1))[-1]


def acted(there: Town, errand: Errand) -> int:
    """Return how often a vendor has received an order."""
    return sum(errand.acts(each) for each in there.stages[errand.vendor].log)


async def all_refused(there: Town, program: Program, errands: list[Errand]) -> None:
    """Check that orders are refused for want of a store, and that no vendor heard of them."""
    for errand in errands:
        status, problem = await tried(program, errand)
        assert (status, problem["code"]) == (503, UNWRITABLE), f"{errand}: {problem}"
        assert acted(there, errand) == 0, errand
        assert errand.effects() == 0, errand


async def codes(program: Program) -> dict[str, str | None]:
    """Return what the box says of each vendor."""
    found = (await program.answered("GET", "/v1/vendors")).json()["vendors"]
    return {each["name"]: each["fault"] and each["fault"]["code"] for each in found}


async def on_the_board(program: Program) -> dict[str, str | None]:
    """Return the codes of all vendors' parts on the health board."""
    parts = (await program.answered("GET", "/v1/health-board")).json()["parts"]
    return {
        each["part"].removeprefix("vendor:"): each.get("fault", {}).get("code")
        for each in parts
        if each["part"].startswith("vendor:")
    }


def damage(path: Path, seed: int) -> None:
    """Write garbage over a file, its length kept."""
    path.write_bytes(random.Random(seed).randbytes(max(path.stat().st_size, 8192)))
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)


@pytest.mark.proofs
async def test_a_damaged_store_switches_the_vendors_off_and_nothing_else(tmp_path: Path) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        first, second = orders.flexi(there, 2)
        await program.get_done(first)
        await at.box.kill()
        damage(at.box.runs_file, seed)
        broken = at.box.runs_file.read_bytes()
        await at.box.start()
        await all_refused(there, program, [second, *list(one_of_each(there))[1:]])
        assert await codes(program) == dict.fromkeys(NAMES, UNWRITABLE)
        assert await on_the_board(program) == dict.fromkeys(NAMES, UNWRITABLE)
        answer = await program.answered("GET", "/v1/runs")
        assert (answer.status_code, answer.json()["code"]) == (503, UNWRITABLE)
        await sold(at.operator)
        assert at.box.runs_file.read_bytes() == broken, "what may still be saved was kept"
        assert await at.box.stop() == 0
        at.box.runs_file.rename(tmp_path / "damaged.db")
        await at.box.start()
        await program.get_done(second)
        assert second.effects() == 1
        check_numbers(at.box.rows(), REGISTER)
        assert at.box.complaints() == []


@pytest.mark.proofs
async def test_a_payment_that_was_rung_up_before_the_store_broke_is_taken_and_reported_later(
    tmp_path: Path,
) -> None:
    async with town() as there, shop(tmp_path, there.urls) as at:
        order = {"register_id": REGISTER, "lines": [settling("flexi", "FV1", 1234)]}
        opened = await at.operator.ask("POST", "/v1/receipts", order)
        await at.box.kill()
        damage(at.box.runs_file, 1)
        await at.box.start()
        done = await at.operator.complete(opened)
        assert done["state"] == "completed"
        assert await at.box.stop() == 0
        at.box.runs_file.unlink()
        await at.box.start()

        async def reported() -> bool:
            return str(there.flexi.company.cash[-1].amount) == "12.34"

        await until(reported, "the payment is in Flexi")


async def test_a_read_only_disk_while_the_box_works_sends_nothing_until_it_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path / "python")
    monkeypatch.setenv("PYTHONPATH", str(disk.python_path))
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        errands = list(one_of_each(there))
        disk.be(READ_ONLY)
        await all_refused(there, program, errands)
        found = await codes(program)
        assert found == dict.fromkeys(NAMES, UNWRITABLE)
        assert await on_the_board(program) == found
        await sold(at.operator)
        disk.be(WELL)
        await asyncio.gather(*(program.get_done(each) for each in errands))
        assert [each.effects() for each in errands] == [1] * len(errands)
        assert await codes(program) == dict.fromkeys(NAMES)
        assert at.box.complaints() == []


@pytest.mark.proofs
async def test_a_disk_that_fills_up_sends_what_it_could_store_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path / "python")
    monkeypatch.setenv("PYTHONPATH", str(disk.python_path))
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        disk.be(FULL)
        for errand in orders.cube_pays(there, MOST_ORDERS):
            status, answer = await tried(program, errand)
            if status != 200:
                break
            assert errand.effects() == 1
        # It was stored, and what became of it could not be; or it is refused.
        if status != 202:
            assert (status, answer["code"]) == (503, UNWRITABLE)
            assert acted(there, errand) == 0
        await sold(at.operator)
        disk.be(WELL)
        await program.get_done(errand)
        assert (errand.effects(), acted(there, errand)) == (1, 1)


async def test_an_outcome_that_could_not_be_stored_is_never_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path / "python")
    monkeypatch.setenv("PYTHONPATH", str(disk.python_path))
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        errands = [*orders.cube_pays(there, 1), *orders.flexi(there, 1), *orders.receipts(there, 1)]
        for stage in there.stages.values():
            stage.fault("delay", -1, delay_s=1.0)
        working = [asyncio.create_task(program.get_done(each)) for each in errands]

        async def all_acted() -> bool:
            return all(acted(there, each) for each in errands)

        await until(all_acted, "all orders are on their way", pause_s=0.005)
        disk.be(READ_ONLY)

        async def complained() -> bool:
            return len(at.box.logged("cannot be stored")) >= len(errands)

        await until(complained, "no outcome could be stored")
        await sold(at.operator)
        await at.box.kill()
        disk.be(WELL)
        for stage in there.stages.values():
            stage.no_faults()
        await at.box.start()
        await asyncio.gather(*working)
        assert [each.effects() for each in errands] == [1, 1, 1]
        assert [acted(there, each) for each in errands] == [1, 1, 1]
        # It cannot be asked: unless its outcome was stored in time, only a person can tell.
        assert errands[0].word in (UNKNOWN, "succeeded")


async def test_a_store_that_is_deleted_under_the_running_box_loses_no_run_that_it_acknowledges(
    tmp_path: Path,
) -> None:
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        first, second = orders.cube_pays(there, 2)
        await program.get_done(first)
        for tail in ("", "-wal", "-shm"):
            at.box.runs_file.with_name(at.box.runs_file.name + tail).unlink()
        status, answer = await tried(program, second)
        await sold(at.operator)
        await at.box.kill()
        await at.box.start()
        if status in (200, 202):
            found = await program.answered("GET", f"/v1/runs/{answer['run']}")
            assert found.status_code == 200, "an order was acknowledged that was stored nowhere"
        else:
            assert answer["code"] == UNWRITABLE
            assert acted(there, second) == 0


async def test_a_second_daemon_is_refused_and_leaves_the_runs_alone(tmp_path: Path) -> None:
    async with town() as there, shop(tmp_path, there.urls) as at, programs(at) as program:
        (first,) = orders.flexi(there, 1)
        await program.get_done(first)
        sent = len(there.stages["flexi"].log)
        environ = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bridge.cli.main", "run", "--config", str(at.box._config)),
            cwd=ROOT,
            env=environ,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await second.communicate()
        assert second.returncode == 3, told.decode()
        assert len(there.stages["flexi"].log) == sent
        assert (await program.run(first.runs[0]))["state"] == "succeeded"
