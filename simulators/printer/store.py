"""Papers as files: ``paper-000001.png``, ``.txt`` and one line each in ``papers.jsonl``.

Drawing takes tens of milliseconds, so a worker does it in a thread, in order, after the printer
has gone on. The line in ``papers.jsonl`` comes last: what it names is complete.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

from drivers.contract.clock import Clock
from simulators.printer.paper import Paper
from simulators.printer.render import render, to_png

INDEX = "papers.jsonl"
_NUMBERED = re.compile(r"paper-(\d{6,})\.(?:png|txt)")


class PaperStore:
    """Writes papers to a directory; numbering goes on after what is there already."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._number = last_number(directory)
        self._queue: asyncio.Queue[tuple[int, str, Paper]] = asyncio.Queue()

    def add(self, paper: Paper) -> None:
        """Give the paper its number and time now, write it later."""
        self._number += 1
        time = self._clock.now().isoformat(timespec="milliseconds")
        self._queue.put_nowait((self._number, time, paper))

    async def work(self) -> None:
        """Write papers until cancelled."""
        while True:
            number, time, paper = await self._queue.get()
            try:
                await asyncio.shield(asyncio.to_thread(self.write, number, time, paper))
            finally:
                self._queue.task_done()

    async def written(self) -> None:
        """Wait until all papers are files."""
        await self._queue.join()

    def write(self, number: int, time: str, paper: Paper) -> None:
        """Write one paper. Raises ``OSError``."""
        name = f"paper-{number:06}"
        self._replace(f"{name}.txt", paper.as_text().encode())
        self._replace(f"{name}.png", to_png(render(paper)))
        line = {
            "number": number,
            "file": f"{name}.png",
            "text_file": f"{name}.txt",
            "time": time,
            "texts": paper.texts,
            "codes": paper.codes,
            "notes": paper.notes,
            "unknown": [each.hex() for each in paper.unknown],
        }
        self._append(json.dumps(line, ensure_ascii=False))

    def _replace(self, name: str, content: bytes) -> None:
        new = self._directory / f".{name}.new"
        new.write_bytes(content)
        new.replace(self._directory / name)

    def _append(self, line: str) -> None:
        path = self._directory / INDEX
        with path.open("ab+") as file:
            # A line that a kill cut short must not swallow this one.
            if file.tell() and not _ends_with_newline(path):
                file.write(b"\n")
            file.write(line.encode() + b"\n")


def last_number(directory: Path) -> int:
    """Return the highest number of a paper in the directory, 0 if there is none."""
    found = (_NUMBERED.fullmatch(entry.name) for entry in directory.iterdir())
    return max((int(match[1]) for match in found if match), default=0)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
