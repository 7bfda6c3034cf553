"""The box's own turnover as the income of a return."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.model.rates import AUSTRIA_TABLE
from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import json_body
from bridge.vendors.kassomat.estimate import estimate
from bridge.vendors.kassomat.faults import RatesForeign
from bridge.vendors.kassomat.period import SUMS, Figures, Period
from bridge.vendors.kassomat.wishes import Trial, read_period
from bridge.vendors.kassomat.words import warning

GERMAN = {"1": "in_19", "11": "in_19", "2": "in_7", "12": "in_7"}
"""Keys of the German rates (DSFinV-K) that a return names: 1 and 2 are the standard and the
reduced rate in force, 11 and 12 the same kept for later."""


async def income(period: Period, session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """Return ``in_7`` and ``in_19`` of a period, and what was turned over at other rates.

    Raises ``RatesForeign`` on a box that keeps Austrian rates, and what the journal raises.
    """
    totals: Counter[str] = Counter()
    for month in period.months:
        for rate, cents in (await session.host.month_totals(period.year, month)).items():
            totals[rate] += cents
    if foreign := [rate for rate in totals if AUSTRIA_TABLE.known(rate)]:
        raise RatesForeign(
            f"the journal has the Austrian rates {', '.join(foreign)} in {period}; "
            "7 % and 19 % of a German return do not exist there",
            rates=foreign,
        )
    found = {"in_7": 0, "in_19": 0}
    other = {}
    for rate, cents in totals.items():
        if name := GERMAN.get(rate):
            found[name] += cents
        elif cents:
            other[rate] = cents
    return found, other


async def figures_of(
    trial: Trial, session: Session, language: str
) -> tuple[Figures, tuple[Mapping[str, Any], ...]]:
    """Return the figures of a preview with their warnings; where it says so, the income is the
    journal's.

    Raises ``RatesForeign``, and ``CallInvalid`` when stornos outweigh sales.
    """
    if not trial.from_journal:
        return Figures(trial.period, {name: getattr(trial, name) for name in SUMS}), ()
    found, other = await income(trial.period, session)
    if below := [name for name, cents in found.items() if cents < 0]:
        raise CallInvalid.listing(
            f"/{name}: is {found[name]} cents in the journal, the vendor takes none below 0"
            for name in below
        )
    given = {name: getattr(trial, name) for name in ("out_7", "out_19")}
    sums = {**found, **{name: cents or 0 for name, cents in given.items()}}
    missing = [name for name, cents in given.items() if cents is None]
    return Figures(trial.period, sums), _warnings(missing, other, language)


def _warnings(
    missing: list[str], other: Mapping[str, int], language: str
) -> tuple[Mapping[str, Any], ...]:
    warnings = []
    if missing:
        names = ", ".join(missing)
        warnings.append(warning("expenses_zero", language, names=names))
    if other:
        names = ", ".join(f"{rate}: {cents}" for rate, cents in sorted(other.items()))
        warnings.append(warning("other_rates", language, names=names))
    return tuple(warnings)


async def propose(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer the sums of a period from the journal, and what the box makes of them.

    Raises ``CallInvalid``, ``RatesForeign``.
    """
    period = read_period(call)
    found, other = await income(period, session)
    sums = {**found, "out_7": 0, "out_19": 0}
    warnings = [
        *period.warnings(session.clock.now(), call.language),
        *_warnings(["out_7", "out_19"], other, call.language),
        warning("estimate", call.language),
    ]
    body = {
        **Figures(period, sums).facts(),
        "other": other,
        "estimate": estimate(sums),
        "warnings": warnings,
    }
    return LocalAnswer(body=json_body(body))
