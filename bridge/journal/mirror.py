"""The mirrored head: a small file in another directory that remembers how far the journal was.

It is written after each commit without a sync: its purpose is to notice that an *old copy* of
the journal was put back (restored backup, copied card), not to survive a power cut by itself.
Two slots are written in turn, each with a checksum, so that a torn write loses one step only.

What it knows more than the journal must outlive restarts, so it is never overwritten by less:
marks of registers that are behind are kept (``keep``), a mirror that contradicts the journal as a
whole is left as it is (``hold``).
"""

from __future__ import annotations

import contextlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

SLOT = 65536
"""Bytes of one slot. Enough for some 600 registers."""


@dataclass(frozen=True, slots=True)
class RegisterMark:
    """How far a register was: number of its last receipt and the hash of the event holding it.

    Counter and chaining value follow from that event; the hash covers both.
    """

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class MirrorHead:
    """What the mirror knows of the journal ``journal_id``: last event and each register's mark."""

    journal_id: str
    seq: int
    hash: bytes
    registers: dict[str, RegisterMark]


class Mirror:
    """Writes and reads the mirror file."""

    def __init__(self, path: Path, journal_id: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._journal_id = journal_id
        self._turn = 0
        self._kept: dict[str, RegisterMark] = {}
        self._held = False

    def keep(self, marks: dict[str, RegisterMark]) -> None:
        """Write these registers' marks from now on instead of the journal's own."""
        self._kept = marks

    def hold(self) -> None:
        """Write nothing from now on."""
        self._held = True

    def write(self, seq: int, digest: bytes, registers: dict[str, RegisterMark]) -> None:
        """Remember this head. Trouble of the disk is ignored: the journal itself was written."""
        if self._held:
            return
        if self._kept:
            registers = registers | self._kept
        rows = "".join(
            f"{register}\t{mark.number}\t{mark.hash.hex()}\n"
            for register, mark in registers.items()
        )
        text = f"{self._journal_id}\t{seq}\t{digest.hex()}\n{rows}".encode()
        record = b"%08x%08x" % (zlib.crc32(text), len(text)) + text
        if len(record) > SLOT:
            return
        self._turn ^= 1
        try:
            os.pwrite(self._fd, record, self._turn * SLOT)
        except OSError:
            return

    def read(self) -> MirrorHead | None:
        """Return the newest intact head, or ``None`` if there is none.

        The next ``write`` goes to the other slot.
        """
        newest = None
        for turn in (0, 1):
            head = self._read_slot(turn)
            if head is not None and (newest is None or head.seq > newest.seq):
                newest, self._turn = head, turn
        return newest

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _read_slot(self, turn: int) -> MirrorHead | None:
        with contextlib.suppress(OSError, ValueError):
            raw = os.pread(self._fd, SLOT, turn * SLOT)
            checksum, length = int(raw[:8], 16), int(raw[8:16], 16)
            text = raw[16 : 16 + length]
            if zlib.crc32(text) != checksum:
                return None
            first, *rows = text.decode().removesuffix("\n").split("\n")
            journal_id, seq, digest = first.split("\t")
            registers = {}
            for row in rows:
                register, number, register_hash = row.split("\t")
                registers[register] = RegisterMark(int(number), bytes.fromhex(register_hash))
            return MirrorHead(journal_id, int(seq), bytes.fromhex(digest), registers)
        return None
