"""What the pages say of the box: its parts and registers, put into words.

A plain reading of health board, till and due papers; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from bridge.health import Level, Part
from bridge.journal.projections import load
from bridge.printing.papers import DuePaper, Papers, PaperState
from bridge.till.register import RegisterTill
from bridge.web.pages.rendering import VIENNA, clock_text
from bridge.web.parts import WebParts
from drivers.contract.clock import Clock

OF_VENDORS: Final = ("vendor", "settlement")
"""Kinds whose own names are those of vendors."""

STRIP_KINDS: Final = ("cloud", "unit", "printer")
"""Kinds that always have a place in the operator's strip when there is such a part."""

_WORST: Final = (Level.FAILED, Level.DEGRADED, Level.UNKNOWN, Level.OK, Level.OFF)

MOST_PAPERS: Final = 3
"""Papers of which nobody knows that the strip names one by one."""


@dataclass(frozen=True, slots=True)
class PartView:
    """A part as shown. ``since`` is local time in words, ``facts`` pairs of name and value."""

    name: str
    label: str
    level: str
    level_text: str
    phase: str
    since: str
    title: str = ""
    detail: str = ""
    advice: str = ""
    code: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """One kind of parts in the operator's strip, as well as the worst of them."""

    kind: str
    label: str
    level: str
    level_text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the operator must know. ``level`` is ``failed`` or ``degraded``, ``receipt`` the
    id of the receipt it is about, if any."""

    level: str
    title: str
    advice: str
    detail: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class RegisterView:
    """A register as a technician sees it. ``state`` names a text ``register.…``."""

    id: str
    kassen_id: str
    state: str
    number: int
    open: int
    reason: str = ""


def today_of(clock: Clock) -> date:
    """Return the local day."""
    return clock.now().astimezone(VIENNA).date()


def part_view(
    part: Part, words: Mapping[str, str], language: str, today: date, titles: Mapping[str, str]
) -> PartView:
    """Put a part into words. ``titles`` are what people call vendors."""
    fault = part.fault
    title = detail = advice = code = ""
    if fault is not None:
        title, advice = fault.title.in_language(language), fault.advice.in_language(language)
        detail, code = fault.detail, fault.code
    return PartView(
        name=part.name,
        label=_label(part.name, words, titles),
        level=str(part.level),
        level_text=words[f"level.{part.level}"],
        phase=words.get(f"phase.{part.phase}", part.phase),
        since=clock_text(part.since, language, today),
        title=title,
        detail=detail,
        advice=advice,
        code=code,
        facts=tuple((name, _plain(value)) for name, value in sorted(part.facts.items())),
    )


def _label(name: str, words: Mapping[str, str], titles: Mapping[str, str]) -> str:
    kind, _, own = name.partition(":")
    if kind in OF_VENDORS:
        own = titles.get(own, own)
    label = words.get(f"kind.{kind}", kind)
    return f"{label} {own}" if own else label


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "–" if value is None else str(value)


def part_views(parts: WebParts, words: Mapping[str, str], language: str) -> list[PartView]:
    """Return all parts of the board in words: those that need care first."""
    today = today_of(parts.clock)
    ordered = sorted(parts.board.parts(), key=lambda part: (_WORST.index(part.level), part.name))
    vendors = () if parts.vendors is None else parts.vendors.vendors(language)
    titles = {each.name: each.title for each in vendors}
    return [part_view(part, words, language, today, titles) for part in ordered]


def chips(parts: WebParts, views: list[PartView], words: Mapping[str, str]) -> list[Chip]:
    """Return the strip: one chip for each kind, as well as its worst part. While receipts are
    made without signature no unit counts as working."""
    found = []
    for kind in STRIP_KINDS:
        levels = [view.level for view in views if view.name.partition(":")[0] == kind]
        if kind == "unit" and _running_outages(parts):
            levels.append(Level.FAILED)
        if levels:
            worst = min(levels, key=lambda level: _WORST.index(Level(level)))
            found.append(Chip(kind, words[f"kind.{kind}"], worst, words[f"level.{worst}"]))
    return found


def notices(
    parts: WebParts, views: list[PartView], words: Mapping[str, str], language: str
) -> list[Notice]:
    """Return what the operator must know now, the gravest first."""
    found = [
        notice
        for register in parts.till.registers.values()
        if (notice := _register_notice(register, words)) is not None
    ]
    outage = _outage(parts, views, words, language)
    if outage is not None:
        found.append(outage)
    found += [
        Notice(view.level, f"{view.label}: {view.title or view.level_text}", view.advice)
        for view in views
        if view.level in (Level.FAILED, Level.DEGRADED)
        and not (outage is not None and view.name.startswith("unit:"))
        and not view.name.startswith("register:")
    ]
    return found + _papers(parts, words)


def _register_notice(register: RegisterTill, words: Mapping[str, str]) -> Notice | None:
    state = state_of(register)
    if state not in ("latched", "closed", "not_started"):
        return None
    return Notice(
        Level.FAILED,
        words[f"{state}_title"].format(register=register.register.id),
        words[f"{state}_advice"],
        detail=register.latch or "",
    )


def _outage(
    parts: WebParts, views: list[PartView], words: Mapping[str, str], language: str
) -> Notice | None:
    """Say since when receipts are made without signature (the earliest of all registers), and what
    the units need."""
    running = _running_outages(parts)
    if not running:
        return None
    began = min(running).replace(tzinfo=VIENNA).astimezone(UTC)
    since = clock_text(int(began.timestamp() * 1000), language, today_of(parts.clock))
    needs = [
        f"{view.title}: {view.advice}"
        for view in views
        if view.name.startswith("unit:") and view.title
    ]
    advice = " ".join((words["outage_advice"], *needs))
    return Notice(Level.FAILED, words["outage_title"].format(time=since), advice)


def _running_outages(parts: WebParts) -> list[datetime]:
    """Return since when registers make receipts without signature, naive local time."""
    heads = [register.head for register in parts.till.registers.values()]
    return [head.outage.since for head in heads if head.outage is not None]


def _papers(parts: WebParts, words: Mapping[str, str]) -> list[Notice]:
    with_printer = {each.id for each in parts.config.registers if each.printer is not None}
    papers = [
        paper
        for packed in load(parts.journal.reader, Papers()).values()
        if (paper := DuePaper.unpack(packed)).register in with_printer
    ]
    found = []
    unknown = [paper for paper in papers if paper.state is PaperState.UNKNOWN]
    for paper in sorted(unknown, key=lambda each: each.wanted)[-MOST_PAPERS:]:
        event = parts.journal.reader.event(paper.completed)
        number = "" if event is None else event.data()["belegnummer"]
        title = words["paper_unknown_title"].format(number=number)
        receipt = paper.paper.partition("/")[0]
        found.append(Notice(Level.DEGRADED, title, words["paper_unknown_advice"], receipt=receipt))
    return found


def state_of(register: RegisterTill) -> str:
    """Return how a register is: ``latched``, ``closed``, ``not_started``, ``outage``, ``ready``."""
    if register.latch is not None:
        return "latched"
    if register.head.closed:
        return "closed"
    if not register.head.number:
        return "not_started"
    return "ready" if register.head.outage is None else "outage"


def register_views(parts: WebParts) -> list[RegisterView]:
    """Return all registers as a technician sees them."""
    return [
        RegisterView(
            id=each.register.id,
            kassen_id=each.register.kassen_id,
            state=state_of(each),
            number=each.head.number,
            open=len(each.open),
            reason=each.latch or "",
        )
        for each in parts.till.registers.values()
    ]
