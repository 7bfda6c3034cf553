"""What ESC/POS bytes ask a printer to do (devices.md 1). Lengths are dots unless said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Characters in the code page in force."""

    data: bytes


@dataclass(frozen=True, slots=True)
class LineFeed:
    """LF: print the line and feed one line."""


@dataclass(frozen=True, slots=True)
class Tab:
    """HT."""


@dataclass(frozen=True, slots=True)
class Initialise:
    """ESC @."""


@dataclass(frozen=True, slots=True)
class CodePage:
    """ESC t n."""

    number: int


@dataclass(frozen=True, slots=True)
class Justify:
    """ESC a n: 0 left, 1 centre, 2 right."""

    n: int


@dataclass(frozen=True, slots=True)
class PrintMode:
    """ESC ! b: font, bold, double height, double width, underline in one byte."""

    bits: int


@dataclass(frozen=True, slots=True)
class Size:
    """GS ! n as factors 1 to 8."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bold:
    """ESC E n, ESC G n."""

    on: bool


@dataclass(frozen=True, slots=True)
class Underline:
    """ESC - n: thickness 0 to 2."""

    dots: int


@dataclass(frozen=True, slots=True)
class Invert:
    """GS B n: white on black."""

    on: bool


@dataclass(frozen=True, slots=True)
class Font:
    """ESC M n: 0 font A, 1 font B."""

    n: int


@dataclass(frozen=True, slots=True)
class CharacterSpacing:
    """ESC SP n."""

    dots: int


@dataclass(frozen=True, slots=True)
class FeedLines:
    """ESC d n."""

    lines: int


@dataclass(frozen=True, slots=True)
class FeedDots:
    """ESC J n."""

    dots: int


@dataclass(frozen=True, slots=True)
class LineSpacing:
    """ESC 3 n, ESC 2 (``None`` = default)."""

    dots: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """ESC $ (absolute) and ESC \\ (relative) horizontal position."""

    dots: int
    relative: bool = False


@dataclass(frozen=True, slots=True)
class LeftMargin:
    """GS L."""

    dots: int


@dataclass(frozen=True, slots=True)
class AreaWidth:
    """GS W."""

    dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """GS V. ``feed_to_cutter``: the printer itself feeds to the cutter and ``feed`` more."""

    partial: bool
    feed_to_cutter: bool = False
    feed: int = 0


@dataclass(frozen=True, slots=True)
class DrawerPulse:
    """ESC p m t1 t2: in order with the print data."""

    pin: int
    on_ms: int
    off_ms: int


@dataclass(frozen=True, slots=True)
class RealTimePulse:
    """DLE DC4 1 m t: at once."""

    pin: int
    on_ms: int


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """DLE EOT n."""

    n: int


@dataclass(frozen=True, slots=True)
class RealTimeRecover:
    """DLE ENQ n: 1 go on, 2 clear the buffers."""

    n: int


@dataclass(frozen=True, slots=True)
class AutomaticStatusBack:
    """GS a n."""

    mask: int


@dataclass(frozen=True, slots=True)
class TransmitStatus:
    """GS r n: 1 paper, 2 drawer."""

    n: int


@dataclass(frozen=True, slots=True)
class Identity:
    """GS I n."""

    n: int


@dataclass(frozen=True, slots=True)
class QrModule:
    """GS ( k fn 67."""

    dots: int


@dataclass(frozen=True, slots=True)
class QrLevel:
    """GS ( k fn 69."""

    level: str


@dataclass(frozen=True, slots=True)
class QrStore:
    """GS ( k fn 80."""

    data: bytes


@dataclass(frozen=True, slots=True)
class QrPrint:
    """GS ( k fn 81."""


@dataclass(frozen=True, slots=True)
class Raster:
    """GS v 0: prints at once. ``data`` is packed by lines, 1 = black, MSB left."""

    width: int
    height: int
    data: bytes
    scale_x: int = 1
    scale_y: int = 1


@dataclass(frozen=True, slots=True)
class GraphicsStore:
    """GS ( L and GS 8 L fn 112: as ``Raster``, printed by ``GraphicsPrint``."""

    image: Raster


@dataclass(frozen=True, slots=True)
class GraphicsPrint:
    """GS ( L fn 50."""


@dataclass(frozen=True, slots=True)
class ColumnImage:
    """ESC *: part of a line. ``data`` is packed by columns of ``height`` dots, MSB on top."""

    width: int
    height: int
    data: bytes
    scale_x: int = 1
    scale_y: int = 1


@dataclass(frozen=True, slots=True)
class Barcode:
    """GS k."""

    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SelectDevice:
    """ESC = n: bit 0 the printer, bit 1 the display."""

    n: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A known command without effect on the picture."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes that are no known command."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    """A command whose end never came."""

    data: bytes


Operation = (
    Text
    | LineFeed
    | Tab
    | Initialise
    | CodePage
    | Justify
    | PrintMode
    | Size
    | Bold
    | Underline
    | Invert
    | Font
    | CharacterSpacing
    | FeedLines
    | FeedDots
    | LineSpacing
    | Position
    | LeftMargin
    | AreaWidth
    | Cut
    | DrawerPulse
    | RealTimePulse
    | RealTimeStatus
    | RealTimeRecover
    | AutomaticStatusBack
    | TransmitStatus
    | Identity
    | QrModule
    | QrLevel
    | QrStore
    | QrPrint
    | Raster
    | GraphicsStore
    | GraphicsPrint
    | ColumnImage
    | Barcode
    | SelectDevice
    | Setting
    | Unknown
    | Truncated
)
