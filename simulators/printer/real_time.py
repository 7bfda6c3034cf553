"""Commands a printer obeys the moment they arrive, wherever they stand in the stream. Pure.

As in real printers they are recognised inside image data, too (devices.md 1.3, trap).
"""

from __future__ import annotations

import re

from simulators.printer.operations import RealTimePulse, RealTimeRecover, RealTimeStatus
from simulators.printer.parser import parse

RealTimeCommand = RealTimeStatus | RealTimeRecover | RealTimePulse

_COMMAND = re.compile(rb"\x10\x04[\x01-\x04]|\x10\x05[\x01\x02]|\x10\x14\x01[\x00\x01][\x01-\x08]")
_LONGEST_BEGINNING = 4


class RealTimeScanner:
    """Finds the commands in a stream; one may be spread over calls of ``feed``."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[RealTimeCommand]:
        """Take bytes, return the commands that end in them."""
        stream = self._tail + data
        found: list[RealTimeCommand] = []
        end = 0
        for match in _COMMAND.finditer(stream):
            found += [each for each in parse(match[0]) if isinstance(each, RealTimeCommand)]
            end = match.end()
        self._tail = stream[end:][-_LONGEST_BEGINNING:]
        return found
