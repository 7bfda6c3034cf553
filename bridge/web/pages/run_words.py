"""Runs of vendors' flows put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic_core import to_json

from bridge.model.exchange import RunView, VendorView
from bridge.web.pages.rendering import clock_text

LEVELS: Final = {"succeeded": "ok", "failed": "failed", "unknown": "degraded"}
"""How a state is coloured; all others are neither good nor bad yet."""

IN_SHORT: Final = 3
"""Values that a list shows of a run."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with its name. ``raw``: the name is the vendor's own, not a word."""

    name: str
    value: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem as a page shows it."""

    title: str
    advice: str
    detail: str
    code: str

    @classmethod
    def of(cls, problem: Mapping[str, Any] | None) -> Trouble | None:
        """Take what a page shows from a problem."""
        if problem is None:
            return None
        return cls(*(str(problem.get(name, "")) for name in ("title", "advice", "detail", "code")))


@dataclass(frozen=True, slots=True)
class Shown:
    """A run as a page shows it; times are local, in words."""

    id: str
    vendor: str
    what: str
    state: str
    state_text: str
    level: str
    created: str
    changed: str
    due: str
    about: tuple[Fact, ...]
    short: str
    fault: Trouble | None
    warnings: tuple[str, ...]
    decided: str
    note: str
    facts: tuple[Fact, ...]
    answer: str


class Words:
    """Puts runs into the words of one language. ``today`` is the local day."""

    def __init__(
        self,
        vendors: Sequence[VendorView],
        words: Mapping[str, str],
        language: str,
        today: date,
    ) -> None:
        self._words = words
        self._language = language
        self._today = today
        self._titles = {each.name: each.title for each in vendors}
        self._whats = {
            (view.name, each["name"]): str(each.get("title") or each.get("summary") or each["name"])
            for view in vendors
            for each in view.operations
        }

    def shown(self, run: RunView) -> Shown:
        """Put a run into words."""
        about = self.facts(run.summary)
        decided = run.resolved or {}
        return Shown(
            id=run.id,
            vendor=self._titles.get(run.vendor, run.vendor),
            what=self._whats.get((run.vendor, run.operation), run.operation),
            state=run.state,
            state_text=self._words[f"run.{run.state}"],
            level=LEVELS.get(run.state, "open"),
            created=self.time(run.created),
            changed=self.time(run.changed),
            due="" if run.due is None else self.time(run.due),
            about=about,
            short=" · ".join([each.value for each in about if not each.raw][:IN_SHORT]),
            fault=Trouble.of(run.problem),
            warnings=tuple(str(each.get("text", each.get("code", ""))) for each in run.warnings),
            decided=self._decided(decided),
            note=str(decided.get("note", "")),
            facts=self._own(run),
            answer=_answer(run),
        )

    def facts(self, values: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Put named values into words."""
        found = []
        for name, value in values.items():
            if value in ("", None, [], ()):
                continue
            word = self._words.get(f"fact.{name}")
            found.append(Fact(word or name, self._plain(value), raw=word is None))
        return tuple(found)

    def time(self, utc_ms: int) -> str:
        """Return a time in words."""
        return clock_text(utc_ms, self._language, self._today)

    def _own(self, run: RunView) -> tuple[Fact, ...]:
        pairs = (
            ("run_number", run.id),
            ("run_key", run.key),
            ("run_order", run.order),
            ("run_tries", str(run.tries)),
        )
        return tuple(Fact(self._words[name], value) for name, value in pairs if value)

    def _decided(self, decided: Mapping[str, Any]) -> str:
        words = self._words.get(f"resolved.{decided.get('outcome')}", "")
        return words.format(by=decided.get("by", ""))

    def _plain(self, value: Any) -> str:
        if isinstance(value, bool):
            return self._words["yes"] if value else self._words["no"]
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {self._plain(each)}" for name, each in value.items())
        if isinstance(value, list | tuple):
            return ", ".join(map(self._plain, value))
        return str(value)


def _answer(run: RunView) -> str:
    """Return what the vendor answered, good or bad, as indented JSON; empty if nothing."""
    problem = run.problem or {}
    refusal = {name: problem[name] for name in ("vendor_status", "vendor_body") if name in problem}
    said = dict(run.result or refusal)
    return to_json(said, indent=2).decode() if said else ""
