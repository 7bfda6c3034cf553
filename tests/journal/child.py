"""A program that writes a journal and reports what is durable, to be killed.

``python -m tests.journal.child DIRECTORY hold`` opens the journal, says so, and waits for the end
of its input; ``… write SEED`` sells receipts of two registers by several tasks for ever and prints
``register number seq hash`` for each after its commit.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from bridge.journal.event import Event
from bridge.journal.projections import Entries
from bridge.journal.store import Journal
from tests.journal.support import Chain, StandingClock, paths_in


class PerRegister:
    """Counts receipts by register."""

    name = "per_register"

    def apply(self, event: Event, entries: Entries) -> None:
        key = event.register or ""
        entries.put(key, b"%d" % (int(entries.get(key) or b"0") + 1))


def say(text: str) -> None:
    print(text, flush=True)


async def sell(chain: Chain, chance: random.Random) -> None:
    while True:
        key = f"{chain.register}-{chain.number + 1}"
        write = chain.next(chance.randrange(2000), key)
        [event] = await chain.journal.submit(write)
        say(f"{event.register} {event.number} {event.seq} {event.hash.hex()}")
        if event.seq % 40 == 0:
            await chain.journal.settle()


async def main(directory: Path, what: str, seed: str) -> None:
    journal = Journal.open(paths_in(directory), StandingClock(), (PerRegister(),))
    say("open")
    if what == "hold":
        await asyncio.to_thread(sys.stdin.read)
        await journal.close()
        return
    chance = random.Random(seed)
    chains = [Chain(journal, name) for name in ("K1", "K2")]
    for chain in chains:
        chain.recover()
    async with asyncio.TaskGroup() as group:
        for chain in chains:
            for _ in range(4):
                group.create_task(sell(chain, chance))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], "".join(sys.argv[3:])))
