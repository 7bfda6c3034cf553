"""What kassomat says of a return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.spec import Accepted, Look, Progress, Run
from bridge.vendors.engine.wire import Answer
from bridge.vendors.kassomat.bodies import answered
from bridge.vendors.kassomat.faults import ReturnRefused
from bridge.vendors.kassomat.period import SUMS
from bridge.vendors.kassomat.places import vendor_path
from bridge.vendors.kassomat.words import warning

FIGURES = ("kz66", "kz81", "kz83", "kz86")
"""Input tax; base at 19 %; what is to be paid (below 0: a refund); base at 7 %. Texts in euros with
a dot: to be read as decimals, never compared as texts."""

_SHOWN = ("status", "sent_at", "pdf", "test", "testmode", "correction", "preview", *FIGURES)

_PROGRESS = {
    "pending": Progress.RUNNING,
    "completed": Progress.SUCCEEDED,
    "failed": Progress.FAILED,
}


def assessment_of(answer: Answer) -> dict[str, Any]:
    """Return the return in an answer. Raises ``ReturnRefused``, ``VendorBroken``."""
    found = answered(answer).get("assessment")
    if not isinstance(found, dict):
        raise VendorBroken("no assessment in the answer")
    return found


def accepted(found: Mapping[str, Any], run: Run) -> Accepted:
    """Return what a stored return comes to. Raises ``VendorBroken`` without its id and uri."""
    return Accepted(values=_values(found), warnings=tuple(_warnings(found, run)))


def _values(found: Mapping[str, Any]) -> dict[str, Any]:
    name = found.get("id")
    if not isinstance(name, str) or not name:
        raise VendorBroken("the return has no id")
    shown = {each: found[each] for each in _SHOWN if each in found}
    return {"id": name, "uri": vendor_path(found.get("uri")), **shown}


def accept_return(answer: Answer, run: Run) -> Accepted:
    """Understand that a return was taken: it is pending, its figures come later. The vendor's own
    body may have asked for a preview."""
    if run.draft.facts.get("preview"):
        return accept_preview(answer, run)
    return accepted(assessment_of(answer), run)


def accept_preview(answer: Answer, run: Run) -> Accepted:
    """Understand a preview: figures, and what confirms a real return of the same sums, unless the
    vendor computed with others."""
    found, facts = assessment_of(answer), run.draft.facts
    values: dict[str, Any] = {each: found[each] for each in _SHOWN if each in found}
    values["sums"] = {name: facts[name] for name in SUMS}
    differing = _differing(found, facts)
    if differing:
        text = warning("sums_differ", facts["language"], names=", ".join(differing))
        return Accepted(values=values, warnings=(text,))
    return Accepted(values={**values, "confirm": facts["confirmation"]})


def read_return(answer: Answer, run: Run) -> Look:
    """Understand a look at a pending return.

    Raises ``VendorBroken``, also for an error: that says nothing of the return.
    """
    try:
        found = assessment_of(answer)
    except ReturnRefused as fault:
        raise VendorBroken(fault.detail) from None
    status = found.get("status")
    progress = _PROGRESS.get(status) if isinstance(status, str) else None
    if progress is None:
        raise VendorBroken("the return has no status that is known")
    text = "ELSTER did not take it" if progress is Progress.FAILED else ""
    return Look(progress, Accepted(values=_values(found)), text)


def accept_look(answer: Answer, _: Run) -> Accepted:
    """Understand what somebody asked about one return."""
    return Accepted(values=_values(assessment_of(answer)))


def _differing(found: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    return [name for name in SUMS if found.get(name, facts[name]) != facts[name]]


def _warnings(found: Mapping[str, Any], run: Run) -> list[dict[str, str]]:
    facts = run.draft.facts
    language = facts["language"]
    warnings = []
    if found.get("correction") is True:
        warnings.append(warning("correction", language))
    marked = found.get("test") is True or found.get("testmode") is True
    if facts["mode"] == "real" and marked:
        warnings.append(warning("sent_as_test", language))
    if facts["mode"] == "test" and not marked:
        warnings.append(warning("test_flag_missing", language))
    if differing := _differing(found, facts):
        warnings.append(warning("sums_differ", language, names=", ".join(differing)))
    return warnings
