"""What the box asks of a receipt printer.

Three-valued truth: a paper is printed, not printed, or nobody knows. ``PRINTED`` may be claimed
only when the printer itself confirmed that it processed everything; silence is ``UNKNOWN``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.contract.fault import Fault
from drivers.contract.page import Page


class Outcome(StrEnum):
    """What became of a paper."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class Paper(StrEnum):
    """The paper sensor's word; ``UNKNOWN`` when the printer does not answer."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the printer says of itself. ``None`` means that it did not say.

    ``drawer_pin_high`` is the raw level of connector pin 3; which level means "open" differs by
    drawer and is a setting of the box. ``fault`` is the diagnosis when the printer cannot print.
    """

    online: bool | None
    paper: Paper
    cover_open: bool | None = None
    drawer_pin_high: bool | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class PrintResult:
    """Outcome of one paper, with the fault that explains it unless it was printed."""

    outcome: Outcome
    fault: Fault | None = None


class Printer(Protocol):
    """A receipt printer. One job at a time; the caller keeps the order.

    ``print`` never raises for trouble of the device: the trouble is in the result.
    ``NOT_PRINTED`` is claimed only when no byte of the page can have reached the paper.
    """

    name: str
    columns: int

    async def status(self) -> PrinterStatus: ...

    async def print(self, page: Page) -> PrintResult: ...

    async def open_drawer(self) -> None: ...

    async def close(self) -> None: ...
