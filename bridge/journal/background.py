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
from bridge.journal.faults import JournalDamaged, JournalUnchecked
from bridge.journal.reader import Reader

NICENESS = 19
DAMAGED = 17
"""Exit code of the child when the chain does not hold; its output says where. Not 1: so ends
every Python program that breaks."""


async def verify_in_background(database: Path) -> str | None:
    """Check a journal in a child process; return what is wrong with it, ``None`` if nothing is.

    Cancelling ends the child. Raises ``JournalUnchecked`` when the child could not check it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bridge.journal.background", str(database)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode == DAMAGED:
        return output.decode(errors="replace").strip()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().rpartition("\n")[2]
        message = f"the check ended with {process.returncode}: {last[:200]}"
        raise JournalUnchecked(message)
    return None


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
