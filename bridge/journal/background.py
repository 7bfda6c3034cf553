"""The whole event chain checked beside the running box: a child process at the lowest priority.

A start looks at the last events only; this finds what was changed further back. It is a process
because a busy thread would make a receipt a hundred times slower (design: no computing threads).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from bridge.journal.check import verify
from bridge.journal.faults import JournalDamaged
from bridge.journal.reader import Reader

NICENESS = 19
DAMAGED = 1
"""Exit code of the child when the chain does not hold; its output says where."""


async def verify_in_background(database: Path) -> str | None:
    """Check a journal in a child process; return what is wrong with it, ``None`` if nothing is.

    Cancelling ends the child. A child that could not check anything is no verdict: ``None``.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bridge.journal.background", str(database)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return output.decode(errors="replace").strip() if process.returncode == DAMAGED else None


def main(database: Path) -> int:
    """Check a journal; print what is wrong."""
    os.nice(NICENESS)
    try:
        with Reader(database) as reader:
            verify(reader)
    except JournalDamaged as damage:
        print(damage.detail)
        return DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
