"""Completes receipts under the eyes of ``strace``: ``python -m … DIR RECEIPTS TASKS``.

Marks in the trace are questions for files that do not exist: the only way to write into it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bridge.cli.benchmarks.desk import open_desk, switch_interval
from bridge.model.commands import parse_command

BEGIN = "/bonbridge-mark/begin"
END = "/bonbridge-mark/end"

WARM_UP = 5
"""Receipts before the first mark: the first commit after a start also syncs the log's header."""

SEED = 1


async def _complete(directory: Path, receipts: int, tasks: int) -> None:
    async with open_desk(directory, SEED) as desk:
        raws = await desk.park(receipts)
    # Opened anew: nothing is left that would be projected or checkpointed between the marks.
    async with open_desk(directory, SEED) as desk:
        for raw in await desk.park(WARM_UP):
            await desk.complete(raw)
        waiting = iter(raws)

        async def work() -> None:
            for raw in waiting:
                await desk.till.execute(parse_command(raw))

        os.access(BEGIN, os.F_OK)
        await asyncio.gather(*(work() for _ in range(tasks)))
        os.access(END, os.F_OK)


def main() -> None:
    """Run with the arguments of the command line."""
    directory, receipts, tasks = sys.argv[1:]
    with switch_interval():
        asyncio.run(_complete(Path(directory), int(receipts), int(tasks)))


if __name__ == "__main__":
    main()
