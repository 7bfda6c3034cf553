"""Sending a return, once; and finding out what became of it.

A repetition of the request would be taken as a corrected return. When its answer is missing, the
vendor's list is searched for it; what is not found there is for a person to decide.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.model.roles import Forbidden, Role
from bridge.vendors.engine.faults import ConfirmationRequired, RecordUnknown
from bridge.vendors.engine.spec import Draft, Found, Kind, Poll, Run, Session, State, Verdict
from bridge.vendors.engine.wire import Request, json_body
from bridge.vendors.kassomat import assumed
from bridge.vendors.kassomat.account import account_of
from bridge.vendors.kassomat.answers import accepted, read_return
from bridge.vendors.kassomat.bodies import checked_id, sending
from bridge.vendors.kassomat.estimate import estimate
from bridge.vendors.kassomat.faults import ReturnNotThere, ReturnUndecided
from bridge.vendors.kassomat.journal import figures_of
from bridge.vendors.kassomat.period import SUMS, Figures
from bridge.vendors.kassomat.places import Place, place_of, read_list, vendor_path
from bridge.vendors.kassomat.wishes import Trial, Wish, read_order, read_trial
from bridge.vendors.kassomat.words import warning

OPERATION = "return"

WATCHED_S = 600.0
"""A return is looked at for ten minutes; after that it is still pending, not failed."""


async def build_return(call: LocalCall, session: Session) -> Draft:
    """Draft a return, or a preview when the vendor's own body says so.

    Raises ``CallInvalid``; for a real one ``Forbidden`` below the role backoffice,
    ``ConfirmationRequired``, and ``ReturnUndecided`` while an earlier one of the period is open.
    """
    wish = read_order(call)
    if wish.preview:
        return await _preview(call, session, wish, ())
    figures, mode = wish.figures, "test" if wish.test else "real"
    if not wish.test:
        if not call.role.may(Role.BACKOFFICE):
            raise Forbidden.lacks(call.caller, call.role, Role.BACKOFFICE)
        _confirmed(wish)
    place = await place_of(call, session)
    facts = {**figures.facts(), "mode": mode, "cashbook": place.cashbook}
    summary = {"period": str(figures.period), **facts}
    earlier = await _earlier(session, str(figures.period), mode, place.cashbook)
    if not wish.test:
        _decided(earlier, session)
    return Draft(
        request=sending("POST", place.assessments, wish.content),
        order=place.assessments,
        facts={**facts, "language": call.language, "assessments": place.assessments},
        summary=summary,
        warnings=(*_remarks(call, session, figures), *_corrects(earlier, figures, call.language)),
        remember=place.remember,
    )


def _confirmed(wish: Wish) -> None:
    if not wish.confirm:
        raise ConfirmationRequired("a real return needs the confirmation of its figures")
    wanted = wish.figures.confirmation().encode()
    if not hmac.compare_digest(wish.confirm.strip().lower().encode(), wanted):
        raise ConfirmationRequired("the confirmation is of other figures")


async def _earlier(session: Session, period: str, mode: str, cashbook: str) -> list[Run]:
    found = await session.runs(OPERATION, period=period, mode=mode, cashbook=cashbook)
    return [run for run in found if run.state is not State.FAILED]


def _decided(earlier: list[Run], session: Session) -> None:
    for run in earlier:
        if run.state is State.UNKNOWN or under_way(run, session):
            raise ReturnUndecided(f"run {run.id} is {run.state}", run=run.id, state=str(run.state))


async def before(run: Run, session: Session) -> None:
    """Stop a real return when another one of its period was sent since it was ordered.

    Raises ``ReturnUndecided``.
    """
    facts = run.draft.facts
    if facts.get("mode") != "real":
        return
    others = await _earlier(session, run.draft.summary["period"], "real", facts["cashbook"])
    _decided([each for each in others if each.id != run.id and each.sent], session)


def _corrects(earlier: list[Run], figures: Figures, language: str) -> list[dict[str, str]]:
    return [warning("already_sent", language, period=figures.period)] if earlier else []


def _remarks(call: LocalCall, session: Session, figures: Figures) -> tuple[dict[str, str], ...]:
    return figures.period.warnings(session.clock.now(), call.language)


# Before sending


async def build_preview(call: LocalCall, session: Session) -> Draft:
    """Draft a preview: the vendor computes, stores nothing and sends nothing.

    Raises ``CallInvalid``, ``RatesForeign``.
    """
    found = read_trial(call)
    if isinstance(found, Wish):
        return await _preview(call, session, found, ())
    figures, warnings = await figures_of(found, session, call.language)
    content = json_body(figures.assessment(preview=True, test=True))
    wish = Wish(figures, preview=True, test=True, confirm="", content=content)
    return await _preview(call, session, wish, warnings)


async def _preview(
    call: LocalCall, session: Session, wish: Wish, warnings: tuple[Mapping[str, Any], ...]
) -> Draft:
    place = await place_of(call, session)
    figures = wish.figures
    earlier = await _earlier(session, str(figures.period), "real", place.cashbook)
    facts = {
        **figures.facts(),
        "language": call.language,
        "preview": True,
        "confirmation": figures.confirmation(),
    }
    return Draft(
        request=sending("POST", place.assessments, wish.content),
        kind=Kind.READ,
        facts=facts,
        warnings=(
            *_remarks(call, session, figures),
            *warnings,
            *_corrects(earlier, figures, call.language),
        ),
        remember=place.remember,
    )


async def estimated(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer what the box itself makes of the sums, and what confirms a real return of them.

    Raises ``CallInvalid``, ``RatesForeign``.
    """
    found = read_trial(call)
    if isinstance(found, Trial):
        figures, warnings = await figures_of(found, session, call.language)
    else:
        figures, warnings = found.figures, ()
    remarks = _remarks(call, session, figures)
    body = {
        **figures.facts(),
        "estimate": estimate(figures.sums),
        "confirm": figures.confirmation(),
        "warnings": [*remarks, *warnings, warning("estimate", call.language)],
    }
    return LocalAnswer(body=json_body(body))


# After sending


def _look(run: Run) -> Request:
    return Request(method="GET", target=run.result["uri"])


POLL = Poll(
    request=_look,
    read=read_return,
    # ELSTER takes 3 to 15 seconds as a rule.
    pauses=(3.0, 3.0, 3.0, 3.0, 3.0, 5.0, 10.0, 30.0),
    give_up_s=WATCHED_S,
    at_last=State.WAITING,
)


async def reconcile(run: Run, session: Session) -> Verdict:
    """Search the vendor's list for a return whose answer was lost: same period, sums and mode,
    sent since we did, and not another run's."""
    facts = run.draft.facts
    others = await session.runs(OPERATION)
    taken = {each.result.get("id") for each in others if each.id != run.id}
    demo = (await account_of(session)).demo
    found = [
        each
        for each in await read_list(session, facts["assessments"], "assessments")
        if each.get("id") not in taken and _same(each, facts, demo=demo) and _since(each, run)
    ]
    if not found:
        return Verdict(Found.UNCLEAR, text="the vendor's list does not show it")
    if len(found) > 1:
        return Verdict(Found.UNCLEAR, text=f"the vendor's list shows {len(found)} such returns")
    return Verdict(Found.DONE, accepted(found[0], run), "found in the vendor's list")


def _same(entry: Mapping[str, Any], facts: Mapping[str, Any], *, demo: bool) -> bool:
    """Whether an entry is what was asked for. Returns of a demo account, or without a paid package,
    are tests whatever was asked for; which of the flags shows that is not known."""
    names = ("year", "month", "quarter", *SUMS)
    if any(entry.get(name) != facts[name] for name in names) or entry.get("preview") is True:
        return False
    if facts["mode"] == "real":
        return demo or entry.get("test") is not True
    return entry.get("test") is True or entry.get("testmode") is True


def _since(entry: Mapping[str, Any], run: Run) -> bool:
    try:
        sent = datetime.fromisoformat(entry["sent_at"])
    except (KeyError, TypeError, ValueError):
        return False
    if sent.tzinfo is None:
        return False
    started = datetime.fromtimestamp(run.sent / 1000, UTC)
    return sent >= started - timedelta(seconds=assumed.SENT_SLACK_S)


def under_way(run: Run, session: Session) -> bool:
    """Whether a return is being sent or still watched."""
    if run.state is State.WAITING:
        return session.clock.now().timestamp() - run.sent / 1000 < WATCHED_S
    return run.state in (State.QUEUED, State.SENDING)


async def after(run: Run, session: Session) -> None:
    """Log out after the last return that is under way: the token would live for ever."""
    others = [each for each in await session.runs(OPERATION) if each.id != run.id]
    if not any(under_way(each, session) for each in others):
        await session.logout()


async def run_of(name: str, session: Session) -> Run | None:
    """Return the run of a return by the box's or the vendor's id of it."""
    found = await session.runs(OPERATION)
    return next((run for run in found if name in (run.id, run.result.get("id"))), None)


async def uri_of(call: LocalCall, session: Session) -> str:
    """Return where the vendor has the return that a call names.

    Raises ``ReturnNotThere`` for a run that the vendor knows nothing of, ``RecordUnknown``.
    """
    name = checked_id(call.path["id"], "/id")
    run = await run_of(name, session)
    if run is not None:
        if "uri" not in run.result:
            raise ReturnNotThere(f"run {run.id} is {run.state}", run=run.id, state=str(run.state))
        return str(run.result["uri"])
    if not _is_vendors(name):
        raise RecordUnknown(f"no return of this box has the id {name}")
    place: Place = await place_of(call, session)
    return vendor_path(f"{place.assessments}/{name}")


_VENDOR_ID = 24


def _is_vendors(name: str) -> bool:
    return len(name) == _VENDOR_ID and not set(name) - set("0123456789abcdef")


async def build_look(call: LocalCall, session: Session) -> Draft:
    """Draft a look at one return. Raises what ``uri_of`` raises."""
    return Draft(request=Request(method="GET", target=await uri_of(call, session)))


async def build_list(call: LocalCall, session: Session) -> Draft:
    """Draft the list of returns that the vendor has of a cashbook."""
    place = await place_of(call, session)
    return Draft(request=Request(method="GET", target=place.assessments), remember=place.remember)
