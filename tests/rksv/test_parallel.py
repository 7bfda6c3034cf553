"""Verification in several processes and in flat memory."""

from __future__ import annotations

import io
import os
import signal
import threading
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.fiscal.rksv.faults import DepUnreadable, VerifierBroken
from bridge.fiscal.rksv.verify import engine, verify_dep, worker_pool
from bridge.fiscal.rksv.verify.tools import settings_for
from tests.rksv.cases import DATA, NOW, checks, dep_of, keys_of
from tests.support.big_dep import DepMaker, write_big_dep

SEED = 2_000


def test_own_processes_find_what_the_reference_finds(tmp_path: Path) -> None:
    maker = DepMaker(SEED)
    receipts = [*maker.receipts(400)]
    del receipts[250]
    path = tmp_path / "dep.json"
    path.write_bytes(dep_of(receipts))
    keys = maker.container()
    reference = verify_dep(path, keys, now=NOW, workers=0)
    assert (251, "DEP_CHAINING_VALUE") in checks(reference)
    parallel = verify_dep(path, keys, now=NOW, workers=2, block_bytes=16_000, scratch=tmp_path)
    assert parallel == reference


def test_a_file_of_one_block_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        pytest.fail("a process was started")

    monkeypatch.setattr(engine, "worker_pool", refuse)
    report = verify_dep(DATA / "dep-export.json", keys_of(DATA), now=NOW, workers=8)
    assert report.valid


class LateExecutor(Executor):
    """Does its work only when the answer is asked for; counts what is on its way."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0
        self.given = 0

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.given += 1
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        executor = self

        class Late(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                executor.waiting -= 1
                return function(*args, **kwargs)

        return Late()


def test_only_a_few_blocks_are_on_their_way() -> None:
    out = io.BytesIO()
    keys = write_big_dep(out, 300, SEED)
    out.seek(0)
    pool = LateExecutor()
    report = verify_dep(out, keys, now=NOW, workers=2, pool=pool, block_bytes=2_000)
    assert report.valid
    assert pool.most <= 7
    assert 300 * 254 / 2_500 < pool.given < 300 * 254 / 1_500


def test_a_worker_that_dies_is_a_fault_and_not_a_verdict() -> None:
    out = io.BytesIO()
    keys = write_big_dep(out, 50, SEED)
    out.seek(0)
    with worker_pool(1) as pool:
        pid = pool.submit(os.getpid).result()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(VerifierBroken) as caught:
            verify_dep(out, keys, now=NOW, workers=1, pool=pool, block_bytes=1_000)
    assert caught.value.retryable


def test_an_unreadable_end_leaves_no_process_and_no_thread() -> None:
    out = io.BytesIO()
    keys = write_big_dep(out, 200, SEED)
    before = threading.active_count()
    with pytest.raises(DepUnreadable, match="after receipt 19"):
        verify_dep(io.BytesIO(out.getvalue()[:-400]), keys, now=NOW, workers=2, block_bytes=10_000)
    assert threading.active_count() == before


def test_the_same_seed_makes_the_same_dep() -> None:
    first, second, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    keys = write_big_dep(first, 60, 5)
    assert write_big_dep(second, 60, 5) == keys
    write_big_dep(other, 60, 6)
    assert first.getvalue() == second.getvalue() != other.getvalue()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_tiny_big_deps(count: int) -> None:
    out = io.BytesIO()
    keys = write_big_dep(out, count, SEED)
    out.seek(0)
    report = verify_dep(out, keys, now=NOW, workers=1)
    assert (report.valid, report.receipts) == (count > 0, count)


@pytest.mark.parametrize(
    ("now", "latest"),
    [
        (datetime(2026, 1, 2, 11, 0, tzinfo=UTC), "2026-01-02T12:00:00"),
        (datetime(2026, 7, 2, 11, 0, tzinfo=UTC), "2026-07-02T13:00:00"),
        (datetime.fromisoformat("2026-07-02T11:00:00"), "2026-07-02T11:00:00"),
        # 02:30 for the second time: receipts of the first 02:59 are not of the future.
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:59:59"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00"),
    ],
)
def test_now_is_austrian_local_time(now: datetime, latest: str) -> None:
    assert settings_for(keys_of(DATA), allow_future=False, now=now).latest == latest
    assert settings_for(keys_of(DATA), allow_future=True, now=now).latest is None
