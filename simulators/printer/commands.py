"""The table of ESC/POS commands: what the bytes after the first two mean (devices.md 1).

A handler reads the rest of its command from a ``Cursor``, or returns ``None`` if the command turns
out to have no known form. Lengths that devices.md does not give are those of the captures.
"""

from __future__ import annotations

from collections.abc import Callable

from simulators.printer import operations as op
from simulators.printer.operations import Operation

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
MOST_DATA_BYTES = 4 * 1024 * 1024
"""A command that announces more is taken for garbage: no printer has that much memory."""

_QR = 0x31
_QR_LEVELS = "LMQH"
_DRAWER_UNIT_MS = 2
_REAL_TIME_UNIT_MS = 100
_PINS = {0: 2, 0x30: 2, 1: 5, 0x31: 5}


class Incomplete(Exception):
    """More bytes are needed: control flow of the parser, an error of nobody."""


class Cursor:
    """A position in the bytes; reading past the end raises ``Incomplete``."""

    __slots__ = ("data", "position", "start")

    def __init__(self, data: bytes | bytearray, position: int) -> None:
        self.data = data
        self.start = position
        self.position = position

    def byte(self) -> int:
        """Return the next byte."""
        if self.position >= len(self.data):
            raise Incomplete
        self.position += 1
        return self.data[self.position - 1]

    def take(self, length: int) -> bytes:
        """Return the next ``length`` bytes."""
        end = self.position + length
        if end > len(self.data):
            raise Incomplete
        taken = bytes(self.data[self.position : end])
        self.position = end
        return taken

    def number(self, size: int) -> int:
        """Return the next ``size`` bytes as a number, low byte first."""
        return int.from_bytes(self.take(size), "little")

    def until_nul(self) -> bytes:
        """Return what stands before the next NUL, and pass over that."""
        found = self.data.find(0, self.position)
        if found < 0:
            raise Incomplete
        return self.take(found + 1 - self.position)[:-1]

    def so_far(self) -> bytes:
        """Return the command up to here."""
        return bytes(self.data[self.start : self.position])


Handler = Callable[[Cursor], Operation | None]


def _one(make: Callable[[int], Operation]) -> Handler:
    return lambda cursor: make(cursor.byte())


def _word(make: Callable[[int], Operation]) -> Handler:
    return lambda cursor: make(cursor.number(2))


def _bare(operation: Operation) -> Handler:
    return lambda _cursor: operation


def _setting(length: int) -> Handler:
    def read(cursor: Cursor) -> Operation:
        cursor.take(length)
        return op.Setting(cursor.so_far())

    return read


def _relative(cursor: Cursor) -> Operation:
    return op.Position(int.from_bytes(cursor.take(2), "little", signed=True), relative=True)


def _tab_stops(cursor: Cursor) -> Operation:
    cursor.until_nul()
    return op.Setting(cursor.so_far())


def _drawer(cursor: Cursor) -> Operation | None:
    m, on, off = cursor.take(3)
    if m not in _PINS:
        return None
    return op.DrawerPulse(_PINS[m], on * _DRAWER_UNIT_MS, off * _DRAWER_UNIT_MS)


def _column_image(cursor: Cursor) -> Operation | None:
    mode, columns = cursor.byte(), cursor.number(2)
    height = {0: 8, 1: 8, 32: 24, 33: 24}.get(mode)
    if height is None:
        return None
    data = cursor.take(columns * height // 8)
    return op.ColumnImage(columns, height, data, scale_x=1 if mode & 1 else 2, scale_y=24 // height)


def _cut(cursor: Cursor) -> Operation | None:
    m = cursor.byte()
    if m in (0, 1, 0x30, 0x31):
        return op.Cut(partial=bool(m & 1))
    if m in (65, 66):
        return op.Cut(partial=m == 66, feed_to_cutter=True, feed=cursor.byte())
    return None


def _raster(cursor: Cursor) -> Operation | None:
    if cursor.byte() != 0x30:
        return None
    m, width_bytes, height = cursor.byte(), cursor.number(2), cursor.number(2)
    if m & ~0x33 or width_bytes * height > MOST_DATA_BYTES:
        return None
    data = cursor.take(width_bytes * height)
    return op.Raster(width_bytes * 8, height, data, 1 + (m & 1), 1 + (m >> 1 & 1))


def _barcode(cursor: Cursor) -> Operation | None:
    kind = cursor.byte()
    if kind <= 6:
        return op.Barcode(kind, cursor.until_nul())
    if 65 <= kind <= 79:
        return op.Barcode(kind, cursor.take(cursor.byte()))
    return None


def _block(cursor: Cursor) -> Operation:
    """ESC ( x and FS ( x: pL pH and that many bytes."""
    cursor.byte()
    cursor.take(cursor.number(2))
    return op.Setting(cursor.so_far())


def _gs_block(cursor: Cursor) -> Operation:
    letter = cursor.byte()
    data = cursor.take(cursor.number(2))
    known: Operation | None = None
    if letter == ord("k"):
        known = _qr(data)
    elif letter == ord("L"):
        known = _graphics(data)
    return known or op.Setting(cursor.so_far())


def _large_graphics(cursor: Cursor) -> Operation | None:
    """GS 8 L: four bytes of length."""
    if cursor.byte() != ord("L"):
        return None
    length = cursor.number(4)
    if length > MOST_DATA_BYTES:
        return None
    return _graphics(cursor.take(length)) or op.Setting(cursor.so_far())


def _qr(data: bytes) -> Operation | None:
    if len(data) < 3 or data[0] != _QR:
        return None
    function, first = data[1], data[2]
    if function == 67 and 1 <= first <= 16:
        return op.QrModule(first)
    if function == 69 and 48 <= first <= 51:
        return op.QrLevel(_QR_LEVELS[first - 48])
    if function == 80:
        return op.QrStore(data[3:])
    return op.QrPrint() if function == 81 else None


def _graphics(data: bytes) -> Operation | None:
    if len(data) < 2:
        return None
    if data[1] in (2, 50):
        return op.GraphicsPrint()
    if data[1] != 112 or len(data) < 10:
        return None
    scale_x, scale_y = data[3], data[4]
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    bits = data[10:]
    if scale_x not in (1, 2) or scale_y not in (1, 2) or len(bits) != -(-width // 8) * height:
        return None
    return op.GraphicsStore(op.Raster(width, height, bits, scale_x, scale_y))


def _download_image(cursor: Cursor) -> Operation:
    cursor.take(cursor.byte() * cursor.byte() * 8)
    return op.Setting(cursor.so_far())


def _real_time_pulse(cursor: Cursor) -> Operation | None:
    function = cursor.byte()
    if function == 1:
        m, t = cursor.take(2)
        return op.RealTimePulse(_PINS[m], t * _REAL_TIME_UNIT_MS) if m in (0, 1) else None
    lengths = {2: 2, 8: 7}  # power off; clear the buffers
    if function not in lengths:
        return None
    cursor.take(lengths[function])
    return op.Setting(cursor.so_far())


_ESC_TABLE: dict[str, Handler] = {
    "@": _bare(op.Initialise()),
    "t": _one(op.CodePage),
    "a": _one(lambda n: op.Justify(n & 3)),
    "!": _one(op.PrintMode),
    "E": _one(lambda n: op.Bold(bool(n & 1))),
    "G": _one(lambda n: op.Bold(bool(n & 1))),
    "-": _one(lambda n: op.Underline(n & 3)),
    "M": _one(lambda n: op.Font(n & 1)),
    " ": _one(op.CharacterSpacing),
    "d": _one(op.FeedLines),
    "J": _one(op.FeedDots),
    "3": _one(op.LineSpacing),
    "2": _bare(op.LineSpacing(None)),
    "$": _word(op.Position),
    "\\": _relative,
    "D": _tab_stops,
    "*": _column_image,
    "p": _drawer,
    "=": _one(op.SelectDevice),
    "(": _block,
    "i": _bare(op.Cut(partial=True)),
    "m": _bare(op.Cut(partial=True)),
    # Without effect on the picture: character set, sensors and panel buttons, buzzer of clones,
    # rotation, upside-down, colour, direction, standard mode, own characters, a Star's probe.
    "R": _setting(1),
    "c": _setting(2),
    "B": _setting(2),
    "V": _setting(1),
    "{": _setting(1),
    "r": _setting(1),
    "U": _setting(1),
    "S": _setting(0),
    "%": _setting(1),
    "\x06": _setting(1),
}

_GS_TABLE: dict[str, Handler] = {
    "!": _one(lambda n: op.Size((n >> 4 & 7) + 1, (n & 7) + 1)),
    "B": _one(lambda n: op.Invert(bool(n & 1))),
    "V": _cut,
    "a": _one(op.AutomaticStatusBack),
    "r": _one(lambda n: op.TransmitStatus(n & 3)),
    "I": _one(op.Identity),
    "L": _word(op.LeftMargin),
    "W": _word(op.AreaWidth),
    "v": _raster,
    "(": _gs_block,
    "8": _large_graphics,
    "k": _barcode,
    "*": _download_image,
    # Barcode height, width, text position and font; smoothing, motion units, density.
    "h": _setting(1),
    "w": _setting(1),
    "H": _setting(1),
    "f": _setting(1),
    "b": _setting(1),
    "P": _setting(2),
    "|": _setting(1),
}

# Chinese and Japanese characters: modes, spacing, code system.
_FS_TABLE: dict[str, Handler] = {
    "(": _block,
    "!": _setting(1),
    "-": _setting(1),
    ".": _setting(0),
    "&": _setting(0),
    "C": _setting(1),
    "S": _setting(2),
    "W": _setting(1),
}

_DLE_TABLE: dict[str, Handler] = {
    "\x04": _one(op.RealTimeStatus),
    "\x05": _one(op.RealTimeRecover),
    "\x14": _real_time_pulse,
}

COMMANDS: dict[int, dict[int, Handler]] = {
    prefix: {ord(letter): handler for letter, handler in table.items()}
    for prefix, table in (
        (ESC, _ESC_TABLE),
        (GS, _GS_TABLE),
        (FS, _FS_TABLE),
        (DLE, _DLE_TABLE),
    )
}
"""By first and second byte."""
