"""kill -9 of the box at random moments: no command is lost or done twice, no event is lost."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from bridge.cloud import envelope
from bridge.cloud.envelope import Frame
from bridge.journal.check import verify
from bridge.journal.event import Event
from bridge.journal.reader import Reader
from bridge.model import events
from tests.cloud.scripted import PATIENCE_S, ScriptedCloud, Visit
from tests.conftest import Scale
from tests.support.vectors import ROOT

PER_LIFE = 60
"""Commands that a cloud has for each life of the box, more than it does before it is killed."""


class DurableCloud:
    """A cloud that forgets nothing: commands until they are acknowledged, events by their id."""

    def __init__(self, chance: random.Random) -> None:
        self.acked = 0
        self.given = 0
        self.events: dict[str, Frame] = {}
        self.last_out = 0
        self.seen = 0
        self._chance = chance

    async def serve(self, visit: Visit, kill_after: int | None, process: asyncio.Event) -> None:
        """Talk to a box until it is to be killed, or has done everything."""
        self.acked = max(self.acked, visit.hello.data["last_in"])
        await visit.send(envelope.WELCOME, {"time": visit._now(), "last_out": self.last_out})
        sent = self.acked
        frames = 0
        while kill_after is None or frames < kill_after:
            while sent < self.given and sent - self.acked < envelope.MAX_IN_FLIGHT:
                sent += 1
                await self._command(visit, sent)
            if kill_after is None and self._complete():
                return
            frame = await visit._next()
            frames += 1
            await self._take(visit, frame)
        process.set()

    async def _command(self, visit: Visit, seq: int) -> None:
        if seq % 5:
            await visit.open(seq, f"P-{seq}")
        else:
            data = {"parked_id": f"P-{seq - 1}"}
            await visit.command(seq, envelope.RECEIPT_WITHDRAW, data)

    async def _take(self, visit: Visit, frame: Frame) -> None:
        if frame.type == envelope.ACK:
            assert frame.data["seq"] <= self.given
            self.acked = max(self.acked, frame.data["seq"])
        if frame.seq is None:
            return
        known = self.events.get(frame.id)
        if known is not None:
            assert (known.seq, known.type, known.data) == (frame.seq, frame.type, frame.data)
            return
        assert frame.prev is not None
        assert frame.prev <= self.last_out
        self.events[frame.id] = frame
        self.last_out = frame.seq
        if self._chance.random() < 0.3:
            await visit.ack(frame.seq)

    def _complete(self) -> bool:
        results = {f.re for f in self.events.values() if f.type == envelope.RESULT}
        opened, ended = (
            {f.data["parked_id"] for f in self.events.values() if f.type in kinds}
            for kinds in (
                {envelope.RECEIPT_OPENED},
                {envelope.RECEIPT_COMPLETED, envelope.RECEIPT_WITHDRAWN},
            )
        )
        return self.acked == self.given and len(results) == self.given and opened == ended


async def live(directory: Path, cloud: ScriptedCloud, durable: DurableCloud, kill: int) -> None:
    """Let a box live until it has sent ``kill`` frames, or to the end if that is 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cloud.child", str(directory), cloud.url, cwd=ROOT
    )
    try:
        async with asyncio.timeout(6 * PATIENCE_S):
            visit = await cloud.visit()
            await durable.serve(visit, kill or None, asyncio.Event())
    finally:
        process.kill()
        await process.wait()


def check(directory: Path, durable: DurableCloud) -> None:
    """Hold the journal against what the cloud gave and got."""
    with Reader(directory / "journal.db") as reader:
        verify(reader)
        stored = list(reader.events())
        journal_id = reader.meta("journal_id")
    taken = Counter(e.data()["seq"] for e in stored if e.kind == events.CLOUD_TAKEN)
    assert taken == Counter(range(1, durable.given + 1))
    opened = Counter(e.data()["parked_id"] for e in of(stored, events.OPENED))
    assert opened == Counter(f"P-{seq}" for seq in range(1, durable.given + 1) if seq % 5)
    completed = Counter(e.receipt for e in of(stored, events.COMPLETED) if "origin" in e.data())
    withdrawn = Counter(e.receipt for e in of(stored, events.WITHDRAWN))
    assert set((completed + withdrawn).values()) == {1}
    assert len(completed + withdrawn) == len(opened)
    states = {e.data()["seq"]: e.data()["state"] for e in of(stored, events.CLOUD_TAKEN)}
    for seq in range(5, durable.given + 1, 5):
        receipt = next(e for e in stored if e.data().get("parked_id") == f"P-{seq - 1}").receipt
        assert (states[seq] == "done") == (receipt in withdrawn)
    joined = next(e.seq for e in of(stored, events.CLOUD_JOINED))
    wanted = {
        f"{journal_id}-{e.seq}"
        for e in stored
        if e.seq > joined
        and e.kind in (events.OPENED, events.COMPLETED, events.WITHDRAWN, events.CLOUD_TAKEN)
    }
    assert set(durable.events) == wanted


def of(stored: list[Event], kind: str) -> list[Event]:
    return [event for event in stored if event.kind == kind]


@pytest.mark.kill
async def test_a_box_killed_again_and_again_does_every_command_once_and_reports_it(
    tmp_path: Path, scale: Scale
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    durable = DurableCloud(chance)
    async with ScriptedCloud() as cloud:
        for _ in range(scale.of(5, 200)):
            durable.given = durable.acked + PER_LIFE
            await live(tmp_path, cloud, durable, kill=chance.randrange(1, 120))
        await live(tmp_path, cloud, durable, kill=0)
    check(tmp_path, durable)
