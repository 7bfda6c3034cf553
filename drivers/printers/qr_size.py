"""How large a QR code becomes, without computing it. Pure (ISO/IEC 18004, table 7, byte mode)."""

from __future__ import annotations

from bisect import bisect_left

from drivers.printers.faults import PrinterPageUnsupported

QUIET_ZONE_MODULES = 4
"""White space on each side of a code (ISO/IEC 18004, 6.3.8)."""

PREFERRED_MODULE_DOTS = 5
SMALLEST_MODULE_DOTS = 2
"""Below this a printer cannot keep the modules apart."""

# fmt: off
BYTE_CAPACITY = {
    "L": (
        17, 32, 53, 78, 106, 134, 154, 192, 230, 271, 321, 367, 425, 458, 520, 586, 644, 718, 792,
        858, 929, 1003, 1091, 1171, 1273, 1367, 1465, 1528, 1628, 1732, 1840, 1952, 2068, 2188,
        2303, 2431, 2563, 2699, 2809, 2953,
    ),
    "M": (
        14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624,
        666, 711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809,
        1911, 1989, 2099, 2213, 2331,
    ),
    "Q": (
        11, 20, 32, 46, 60, 74, 86, 108, 130, 151, 177, 203, 241, 258, 292, 322, 364, 394, 442,
        482, 509, 565, 611, 661, 715, 751, 805, 868, 908, 982, 1030, 1112, 1168, 1228, 1283, 1351,
        1423, 1499, 1579, 1663,
    ),
    "H": (
        7, 14, 24, 34, 44, 58, 64, 84, 98, 119, 137, 155, 177, 194, 220, 250, 280, 310, 338, 382,
        403, 439, 461, 511, 535, 593, 625, 658, 698, 742, 790, 842, 898, 958, 983, 1051, 1093,
        1139, 1219, 1273,
    ),
}
# fmt: on
"""Most bytes per version 1 to 40, by error correction level."""


def modules(data_bytes: int, level: str) -> int:
    """Return the modules per side of a code in byte mode.

    Raises ``PrinterPageUnsupported`` if no version holds that much.
    """
    capacities = BYTE_CAPACITY[level]
    version = bisect_left(capacities, data_bytes) + 1
    if version > len(capacities):
        raise PrinterPageUnsupported(
            f"{data_bytes} bytes at level {level} are more than a QR code holds"
        )
    return 17 + 4 * version


def module_dots(modules: int, paper_dots: int) -> int:
    """Return the size of the modules in dots so that the code fits with its quiet zone.

    Raises ``PrinterPageUnsupported`` if it cannot fit.
    """
    room = paper_dots // (modules + 2 * QUIET_ZONE_MODULES)
    if room < SMALLEST_MODULE_DOTS:
        raise PrinterPageUnsupported(
            f"a QR code of {modules} modules does not fit on {paper_dots} dots"
        )
    return min(room, PREFERRED_MODULE_DOTS)
