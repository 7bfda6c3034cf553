"""The parts that measure: pairs, places, counted syncs, the big DEP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.cli.benchmarks.big_dep import write_big_dep
from bridge.cli.benchmarks.desk import open_desk
from bridge.cli.benchmarks.pairing import TRIES, Run, take_runs
from bridge.cli.benchmarks.places import find_places
from bridge.cli.benchmarks.syncs import count_syncs
from bridge.cli.benchmarks.syncs_child import BEGIN, END
from bridge.fiscal.rksv.keys import read_container
from bridge.fiscal.rksv.verify import verify_dep

STEADY = Run([30.0] * 10, [10.0] * 10)
BUSY = Run([30.0] * 10, [10.0] * 5 + [20.0] * 5)


def one_after_another(runs: list[Run]) -> Callable[[], Awaitable[Run]]:
    left = iter(runs)

    async def take() -> Run:
        return next(left)

    return take


def test_a_run_is_steady_unless_its_reference_drifts() -> None:
    assert STEADY.variation() == 0
    assert BUSY.variation() == 1
    assert STEADY.ratio == 3


def test_a_single_slow_operation_does_not_make_a_run_unsteady() -> None:
    assert Run([1.0] * 20, [10.0] * 19 + [1000.0]).variation() == 0


async def test_an_unsteady_run_is_repeated_and_told() -> None:
    series = await take_runs(2, one_after_another([STEADY, BUSY, BUSY, STEADY]))
    assert series.ratios == [3, 3]
    assert len(series.notes) == 1
    assert "repeated runs: 2" in series.notes[0]


async def test_a_run_that_stays_unsteady_counts_after_some_tries_and_is_told() -> None:
    series = await take_runs(1, one_after_another([BUSY] * (TRIES + 1)))
    assert len(series.runs) == 1
    assert "stayed unsteady: 1 of 1" in series.notes[1]


TRACE = f"""\
7 fdatasync(4</x/journal.db-wal>) = 0
7 access("{BEGIN}", F_OK) = -1 ENOENT (No such file or directory)
8 fdatasync(4</x/journal.db-wal>) = 0
8 fdatasync(4</x/journal.db-wal> <unfinished ...>
7 access("/x/journal.db-journal", F_OK) = -1 ENOENT (No such file or directory)
8 <... fdatasync resumed>) = 0
8 fdatasync(3</x/journal.db>) = 0
8 fdatasync(4</x/journal.db-wal>) = 0
8 fsync(9</x/other>) = 0
7 access("{END}", F_OK) = -1 ENOENT (No such file or directory)
8 fdatasync(4</x/journal.db-wal>) = 0
""".splitlines()


def test_syncs_between_the_marks_are_counted_with_checkpoints_apart() -> None:
    count = count_syncs(TRACE, 2)
    assert count is not None
    assert (count.syncs, count.checkpoints) == (5, 1)
    assert count.per_receipt == 1


def test_a_trace_without_both_marks_gives_no_count() -> None:
    assert count_syncs(TRACE[:-2], 2) is None
    assert count_syncs(TRACE[2:], 2) is None


def test_a_memory_file_system_is_no_disk(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    mounts.write_text(f"x / ext4 rw 0 0\ny {chosen} tmpfs rw 0 0\n", encoding="utf-8")
    found = find_places(chosen, memory=chosen, mounts=mounts)
    assert (found.memory, found.disk, found.memory_is_disk) == (chosen, None, False)
    mounts.write_text("x / ext4 rw 0 0\n", encoding="utf-8")
    found = find_places(chosen, memory=chosen, mounts=mounts)
    assert (found.disk, found.memory_is_disk) == (chosen, True)
    assert found.notes()


async def test_the_desk_makes_signed_receipts_that_the_follower_has_seen(tmp_path: Path) -> None:
    async with open_desk(tmp_path, 1) as desk:
        (raw,) = await desk.park(1)
        event = await desk.complete(raw)
        assert desk.follower.seen >= event.seq
        body = event.data()
        assert (event.number, body["signed"], len(body["lines"])) == (2, True, 5)
    async with open_desk(tmp_path, 1) as desk:
        assert (await desk.complete((await desk.park(1))[0])).number == 3


@pytest.mark.parametrize("count", [1, 300])
def test_the_big_dep_is_valid(tmp_path: Path, count: int) -> None:
    dep, container = tmp_path / "dep", tmp_path / "keys"
    write_big_dep(dep, container, count, seed=5)
    with container.open("rb") as stream:
        keys = read_container(stream)
    report = verify_dep(dep, keys, workers=1, now=datetime.now(UTC))
    assert report.receipts == count
    assert report.valid
    assert not report.findings
