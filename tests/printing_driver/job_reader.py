"""Reads a job back: the few commands that a page may consist of, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from drivers.contract.page import Align

PC858 = 19
ALIGNS: tuple[Align, ...] = ("left", "center", "right")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it comes out of the printer."""

    text: str
    align: Align = "left"
    bold: bool = False
    wide: bool = False
    tall: bool = False
    underline: bool = False
    invert: bool = False


@dataclass(slots=True)
class Reading:
    """What a job does, in order: lines, codes, feeds in lines or dots, rasters, cuts."""

    done: list[object]
    code_pages: list[int]

    @property
    def lines(self) -> list[Line]:
        return [each for each in self.done if isinstance(each, Line)]


COMMANDS = re.compile(
    rb"(?P<init>\x1b@)"
    rb"|\x1bt(?P<page>.)"
    rb"|\x1ba(?P<align>[\x00-\x02])"
    rb"|\x1bE(?P<bold>[\x00\x01])"
    rb"|\x1b-(?P<underline>[\x00-\x02])"
    rb"|\x1dB(?P<invert>[\x00\x01])"
    rb"|\x1d!(?P<size>.)"
    rb"|\x1bd(?P<feed>.)"
    rb"|\x1bJ(?P<dots>.)"
    rb"|(?P<still>\x1b2|\x1bM\x00|\x1b\{\x00)"
    rb"|\x1dV(?P<cut>[\x00\x01])"
    rb"|\x1dv0\x00(?P<raster>....)"
    rb"|\x1d\(k(?P<code>..)"
    rb"|(?P<text>[\x20-\xff]*)\n",
    re.DOTALL,
)


def read(data: bytes) -> Reading:
    """Read a job; whatever a page has no business with fails the test."""
    reading = Reading([], [])
    style = Line("")
    code: dict[str, object] = {}
    while data:
        found = COMMANDS.match(data)
        assert found, f"not a command of a page: {data[:12].hex(' ')}"
        data = data[found.end() :]
        name, value = found.lastgroup, found[found.lastgroup or 0]
        number = value[0] if value else 0
        match name:
            case "init":
                assert not reading.done
                style = Line("")
            case "page":
                reading.code_pages.append(number)
            case "align" | "bold" | "underline" | "invert" | "size":
                style = restyled(style, name, number)
            case "text":
                assert reading.code_pages == [PC858]
                reading.done.append(replace(style, text=value.decode("cp858")))
            case "feed":
                reading.done.append(("lines", number))
            case "dots":
                reading.done.append(("dots", number))
            case "cut":
                reading.done.append(("cut", number))
            case "raster":
                width, height = value[0] + 256 * value[1], value[2] + 256 * value[3]
                assert style.align == "center"
                reading.done.append(("raster", width, height, data[: width * height]))
                data = data[width * height :]
            case "code":
                length = int.from_bytes(value, "little")
                read_code(data[:length], code, style, reading)
                data = data[length:]
    return reading


def restyled(style: Line, name: str, number: int) -> Line:
    """Return the style after one of the style commands."""
    match name:
        case "align":
            return replace(style, align=ALIGNS[number])
        case "bold":
            return replace(style, bold=bool(number))
        case "underline":
            return replace(style, underline=bool(number))
        case "invert":
            return replace(style, invert=bool(number))
    assert number in {0x00, 0x10, 0x01, 0x11}
    return replace(style, wide=bool(number & 0x10), tall=bool(number & 0x01))


def read_code(body: bytes, code: dict[str, object], style: Line, reading: Reading) -> None:
    """Read one function of the native QR code."""
    assert body[:1] == b"1"
    function, value = body[1:2], body[2:]
    if function == b"A":
        assert value == b"2\x00"
    elif function == b"C":
        code["module"] = value[0]
    elif function == b"E":
        code["level"] = "LMQH"[value[0] - 0x30]
    elif function == b"P":
        assert value[:1] == b"0"
        code["data"] = value[1:].decode("utf-8")
    else:
        assert (function, value) == (b"Q", b"0")
        reading.done.append(("qr", code["data"], code["level"], code["module"], style.align))


def codes(reading: Reading) -> list[tuple[str, str, int, str]]:
    found = [each for each in reading.done if isinstance(each, tuple) and each[0] == "qr"]
    return [(data, level, module, align) for _, data, level, module, align in found]
