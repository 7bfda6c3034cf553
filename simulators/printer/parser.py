"""ESC/POS bytes → operations. Pure; takes bytes in any portions and never raises.

Each command is parsed by its length, so that nothing of it is printed by mistake. What is no
known command becomes ``Unknown`` (the byte or two that should name it); parsing goes on behind.
"""

from __future__ import annotations

from simulators.printer import operations as op
from simulators.printer.commands import COMMANDS, Cursor, Incomplete
from simulators.printer.operations import Operation

LF, HT, CR = 0x0A, 0x09, 0x0D
FIRST_PRINTABLE = 0x20
_NAME_BYTES = 2


class Parser:
    """Keeps the incomplete rest between calls of ``feed``."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Operation]:
        """Take bytes, return the operations that are complete now."""
        self._pending += data
        found: list[Operation] = []
        position = 0
        while position < len(self._pending):
            cursor = Cursor(self._pending, position)
            try:
                found.append(_parse_one(cursor))
            except Incomplete:
                break
            position = cursor.position
        del self._pending[:position]
        return found

    def finish(self) -> list[Operation]:
        """Give up an incomplete command, as when the connection ends."""
        rest = bytes(self._pending)
        self._pending.clear()
        return [op.Truncated(rest)] if rest else []


def parse(data: bytes) -> list[Operation]:
    """Parse a whole stream."""
    parser = Parser()
    return parser.feed(data) + parser.finish()


def _parse_one(cursor: Cursor) -> Operation:
    first = cursor.byte()
    if first >= FIRST_PRINTABLE:
        return _text(cursor)
    if first == LF:
        return op.LineFeed()
    if first == HT:
        return op.Tab()
    if first == CR:
        return op.Setting(b"\r")
    commands = COMMANDS.get(first)
    if commands is None:
        return op.Unknown(cursor.so_far())
    handler = commands.get(cursor.byte())
    operation = handler(cursor) if handler is not None else None
    if operation is not None:
        return operation
    cursor.position = cursor.start + _NAME_BYTES
    return op.Unknown(cursor.so_far())


def _text(cursor: Cursor) -> op.Text:
    data, end = cursor.data, cursor.position
    while end < len(data) and data[end] >= FIRST_PRINTABLE:
        end += 1
    cursor.position = end
    return op.Text(cursor.so_far())
