"""What a disk may hold after a power cut: built from a log of what was written and synced.

A write that was not followed by a sync of its file may be there, missing, or torn at 512-byte
borders, independent of all others. A file's entry in its directory is certain once the directory
was synced, or, as SQLite does it for its own logs, with the first sync of the file. A removal is
certain only when it was asked to be.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.journal.recording_vfs import Operation

SECTOR = 512


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)
    entry_is_durable: bool = False
    is_removed: bool = False

    def settle(self) -> None:
        for operation in self.pending:
            _apply(self.durable, operation)
        self.pending.clear()


class Disk:
    """The files of one directory, what of them is certain and what is not."""

    def __init__(self) -> None:
        self.files: dict[str, _File] = {}
        self.acknowledged: set[int] = set()

    def play(self, operation: Operation) -> None:
        """Let the next thing of the log happen."""
        if operation.kind == "ack":
            self.acknowledged.add(operation.number)
            return
        if operation.kind == "directory":
            self.files = {name: file for name, file in self.files.items() if not file.is_removed}
            for each in self.files.values():
                each.entry_is_durable = True
            return
        if operation.kind == "delete":
            if operation.file in self.files:
                self.files[operation.file].is_removed = True
            if operation.number:
                self.files.pop(operation.file, None)
            return
        file = self.files.get(operation.file)
        if file is None or file.is_removed:
            file = self.files[operation.file] = _File()
        if operation.kind == "sync":
            file.settle()
            if not operation.file.endswith(".db"):
                file.entry_is_durable = True
        elif operation.kind != "open":
            file.pending.append(operation)

    def cut(self, directory: Path, chance: random.Random) -> None:
        """Write one of the states that a power cut now may leave."""
        for name, file in self.files.items():
            certain = file.entry_is_durable and not file.is_removed
            if not certain and chance.random() < 0.5:
                continue
            content = bytearray(file.durable)
            fate = chance.choice(("none", "all", "some", "some"))
            for operation in file.pending:
                if fate == "all" or (fate == "some" and chance.random() < 0.5):
                    _apply(content, operation, chance if fate == "some" else None)
            (directory / name).write_bytes(content)


def _apply(content: bytearray, operation: Operation, chance: random.Random | None = None) -> None:
    if operation.kind == "truncate":
        del content[operation.number :]
        return
    start, data = operation.number, operation.data
    content.extend(bytes(max(0, start + len(data) - len(content))))
    if chance is None or chance.random() < 0.5:
        content[start : start + len(data)] = data
        return
    for offset in range(0, len(data), SECTOR):
        if chance.random() < 0.5:
            piece = data[offset : offset + SECTOR]
            content[start + offset : start + offset + len(piece)] = piece


def disk_after(log: Sequence[Operation]) -> Disk:
    """Return the disk after a whole log."""
    disk = Disk()
    for operation in log:
        disk.play(operation)
    return disk
