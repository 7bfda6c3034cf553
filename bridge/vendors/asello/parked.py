"""Processing at the counter: a receipt is parked, opened at this box, and ended by its operator.

Where it stands is known here first: the box's own journal decides, a webhook is next, and only
what neither tells is asked of asello, seldom enough not to be blocked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.asello.documents import (
    NOT_FOUND,
    checked_id,
    document,
    one_request,
)
from bridge.vendors.asello.faults import BoxNotConnected, PollingPaused
from bridge.vendors.asello.ledger import check_new, forced, parked_name, reference_name, taken
from bridge.vendors.asello.names import Names, entries_in, kept, object_in, of_run
from bridge.vendors.asello.receipt import handed
from bridge.vendors.engine.faults import (
    CallInvalid,
    RecordUnknown,
    StateConflict,
    VendorBroken,
    VendorBusy,
    VendorFault,
)
from bridge.vendors.engine.host import ParkedReceipt
from bridge.vendors.engine.spec import Accepted, Draft, Found, Run, Session, Verdict
from bridge.vendors.engine.wire import JSON, Answer, Request, json_body, target
from drivers.contract.fault import Fault

FIRST_PAUSE_S, LONGEST_PAUSE_S = 10, 300
"""Seconds between two questions for one receipt: doubled each time nothing has changed."""

BLOCKED_S = 15 * 60
"""Seconds without questions after asello has blocked them."""

STATES = frozenset({"parked", "opening", "open", "completed", "aborted", "withdrawn", "expired"})
ENDS = frozenset({"completed", "aborted", "withdrawn"})
"""States that never change. An expired receipt is parked still and may be opened anew."""

PAUSED = "polling"
"""Name of the value that holds until when nothing is asked (UTC ms)."""

_CONFLICT = 409
_FORBIDDEN = 403

# Parking


async def build_park(call: LocalCall, session: Session) -> Draft:
    """Check a receipt; it is parked as it is. Nothing is opened and nothing signed by that."""
    names: Names = session.settings.names
    receipt = handed(call, names)
    warnings = await check_new("park", receipt.reference, call, session)
    return Draft(
        request=Request(
            method="POST", target=names.parked_path, content=receipt.content, content_type=JSON
        ),
        order=f"reference/{receipt.reference}",
        facts={
            "names": kept(names),
            "forced": forced(call),
            "reference": receipt.reference,
        },
        summary={"reference": receipt.reference, "cash_register": receipt.cash_register},
        warnings=(*receipt.warnings(), *warnings),
    )


def accept_park(answer: Answer, run: Run) -> Accepted:
    """Understand the answer: the parked receipt's id."""
    return _parked(answer.json(), run)


def _parked(value: Any, run: Run) -> Accepted:
    names = of_run(run)
    parked, entry = _read(value, names)
    if parked is None:
        message = f"no {names.parked_id!r}"
        raise VendorBroken(message)
    reference = run.draft.facts["reference"]
    return Accepted(
        values={"parked_id": parked, "parked_state": entry["state"], "reference": reference},
        remember={
            parked_name(parked): {**entry, "reference": reference, "looked": run.sent},
            reference_name(reference): {"parked": parked},
        },
    )


async def reconcile_park(run: Run, session: Session) -> Verdict:
    """Look for it among the parked ones. Parking twice would do no harm."""
    names: Names = session.settings.names
    reference = run.draft.facts["reference"]
    asked = target(names.parked_path, {names.reference: reference})
    answer = await session.read(Request(method="GET", target=asked))
    if not answer.ok:
        return Verdict(Found.UNCLEAR, text=f"the look-up was answered {answer.status}")
    others = await taken(run, session, "parked_id")
    for each in entries_in(answer.json(), names):
        if each.get(names.reference) == reference and _read(each, names)[0] not in others:
            return Verdict(Found.DONE, _parked(each, run), "found by its reference")
    return Verdict(Found.NOT_DONE, text=f'nothing is parked with the reference "{reference}"')


# Opening


async def build_open(call: LocalCall, session: Session) -> Draft:
    """Ask the cloud to open a parked receipt at the box; the body is passed on."""
    names: Names = session.settings.names
    parked = call.path["id"]
    content = call.body.strip() or b"{}"
    _check_object(content)
    here = await session.host.parked(session.settings.cloud, parked)
    if here is not None and here.state == "completed":
        message = f"the receipt was completed here as {here.register} {here.number}"
        raise StateConflict(message, state=here.state, receipt=here.receipt)
    return Draft(
        request=Request(
            method="POST",
            target=f"{names.parked_path}/{checked_id(parked)}/open",
            content=content,
            content_type=JSON,
        ),
        order=f"parked/{parked}",
        facts={"names": kept(names), "parked": parked},
        summary={"parked_id": parked},
    )


def _check_object(content: bytes) -> None:
    try:
        object_in(Answer(status=200, content=content).json())
    except (VendorBroken, RecursionError):
        raise CallInvalid.at("", "must be a JSON object or nothing") from None


def accept_open(answer: Answer, run: Run) -> Accepted:
    """Understand the answer: opening, or open already."""
    names = of_run(run)
    _, entry = _read(answer.json(), names)
    parked = run.draft.facts["parked"]
    values = {"parked_id": parked, "parked_state": entry["state"]}
    return Accepted(values=values, remember={parked_name(parked): {**entry, "looked": run.sent}})


def refused_open(answer: Answer, run: Run) -> Fault | None:
    """Say why it cannot be opened."""
    parked = run.draft.facts["parked"]
    if answer.status == NOT_FOUND:
        return RecordUnknown(f"asello has no parked receipt {parked}")
    if answer.status != _CONFLICT:
        return None
    names = of_run(run)
    try:
        error = object_in(answer.json()).get(names.error)
    except VendorBroken:
        return None
    if error == names.no_box:
        return BoxNotConnected(parked, vendor_status=answer.status)
    ends = {names.completed_error: "completed", names.aborted_error: "aborted"}
    if error in ends:
        return StateConflict(f"asello says: {error}", state=ends[error])
    return None


# Where it stands

_ASKING: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
"""One question at a time for each receipt: two programs that ask at once are one question."""


async def state(call: LocalCall, session: Session) -> LocalAnswer:
    """Say where a parked receipt stands."""
    parked = call.path["id"]
    checked_id(parked)
    here = await session.host.parked(session.settings.cloud, parked)
    if here is not None:
        known = await session.memory.get(parked_name(parked)) or {}
        return _answer({"document": known.get("document"), **_here(here), "source": "box"})
    lock = _ASKING.setdefault((id(session.memory), parked), asyncio.Lock())
    async with lock:
        entry, fresh = await _looked_up(parked, session)
    shown = {name: value for name, value in entry.items() if name not in ("looked", "pause")}
    return _answer({"parked_id": parked, **shown, "source": "asello" if fresh else "last_known"})


def _here(found: ParkedReceipt) -> dict[str, Any]:
    return {
        "parked_id": found.parked_id,
        "state": found.state,
        "reference": found.reference,
        "receipt_id": found.receipt,
        "reason": found.reason,
        "register": found.register,
        "number": None if found.number is None else str(found.number),
        "code": found.code,
    }


def _answer(values: Mapping[str, Any]) -> LocalAnswer:
    shown = {name: value for name, value in values.items() if value is not None}
    return LocalAnswer(body=json_body(shown))


async def _looked_up(parked: str, session: Session) -> tuple[dict[str, Any], bool]:
    """Return what is known of a receipt that never was here, and whether asello said so just now.

    Raises ``RecordUnknown``, and why asello cannot be asked when nothing is known.
    """
    known: dict[str, Any] = await session.memory.get(parked_name(parked)) or {}
    now = _now(session)
    if not _due(known, now):
        return _there(known, parked), False
    try:
        if now < await _paused_until(session, now):
            raise PollingPaused
        return _there(await _ask(parked, known, session, now), parked), True
    except VendorFault as fault:
        if not known:
            raise
        return {**_there(known, parked), "not_asked": fault.code}, False


def _due(known: Mapping[str, Any], now: int) -> bool:
    """Whether asello may be asked now."""
    if known.get("state") in ENDS:
        return False
    looked = known.get("looked", 0)
    return not looked <= now < looked + known.get("pause", FIRST_PAUSE_S) * 1000


def _there(entry: dict[str, Any], parked: str) -> dict[str, Any]:
    if entry.get("state") is None:
        message = f"neither the box nor asello knows a parked receipt {parked}"
        raise RecordUnknown(message)
    return entry


async def _ask(parked: str, known: Mapping[str, Any], session: Session, now: int) -> dict[str, Any]:
    names: Names = session.settings.names
    before = known.get("pause")
    pause = FIRST_PAUSE_S if before is None else min(LONGEST_PAUSE_S, 2 * before)
    # Before the question: one that fails counts, too.
    await _put(session, parked, {**known, "looked": now, "pause": pause})
    path = f"{names.parked_path}/{checked_id(parked)}"
    try:
        answer = await session.read(Request(method="GET", target=path))
    except VendorBusy as busy:
        await _pause(session, now, busy.facts.get("retry_after"))
        raise PollingPaused(busy.detail) from None
    if answer.status == _FORBIDDEN:
        await _pause(session, now, None)
        raise PollingPaused("403")
    if answer.status == NOT_FOUND:
        return await _put(session, parked, {"looked": now, "pause": pause})
    if not answer.ok:
        message = f"status {answer.status}"
        raise VendorBroken(message)
    _, entry = _read(answer.json(), names)
    if entry["state"] != known.get("state"):
        pause = FIRST_PAUSE_S
    entry = {**known, **entry, "looked": now, "pause": pause}
    if entry["state"] == "completed" and "document" in entry:
        entry.update(await details(entry["document"], session))
    return await _put(session, parked, entry)


async def _put(session: Session, parked: str, entry: dict[str, Any]) -> dict[str, Any]:
    await session.memory.put(parked_name(parked), entry)
    return entry


async def details(number: str, session: Session) -> dict[str, Any]:
    """Return number, register and code of the document that a parked receipt became, as far as
    asello tells them. A document never changes, so asking for it is no polling."""
    names: Names = session.settings.names
    answer = await session.read(one_request(number, names))
    if not answer.ok:
        return {}
    values = document(answer.json(), names).values()
    return {name: values[name] for name in ("number", "register", "code") if name in values}


async def _pause(session: Session, now: int, wish: float | None) -> None:
    until = now + int(max(BLOCKED_S, wish or 0) * 1000)
    await session.memory.put(PAUSED, {"until": until, "since": now})


async def _paused_until(session: Session, now: int) -> int:
    """Return until when nothing is asked, UTC ms; a clock that was set back ends the pause."""
    paused = await session.memory.get(PAUSED)
    return 0 if paused is None or now < paused["since"] else int(paused["until"])


async def check_paused(session: Session) -> None:
    """Raise ``PollingPaused`` while asello is left alone."""
    now = _now(session)
    until = await _paused_until(session, now)
    if now < until:
        moment = datetime.fromtimestamp(until / 1000, UTC)
        raise PollingPaused(f"until {moment:%Y-%m-%d %H:%M} UTC", until=until)


def _now(session: Session) -> int:
    return int(session.clock.now().timestamp() * 1000)


def _read(value: Any, names: Names) -> tuple[str | None, dict[str, Any]]:
    """Read a parked receipt: its id, and what is remembered of it. Raises ``VendorBroken``."""
    body = object_in(value)
    state = body.get(names.parked_state, "parked")
    if state not in STATES:
        message = f"{names.parked_state} is {state!r}"
        raise VendorBroken(message)
    entry: dict[str, Any] = {"state": state}
    for name, field in (
        ("reference", names.reference),
        ("reason", names.parked_reason),
        ("document", names.parked_document),
    ):
        found = body.get(field)
        if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
            entry[name] = str(found)
    parked = body.get(names.parked_id)
    usable = isinstance(parked, str | int) and not isinstance(parked, bool) and parked != ""
    return (str(parked) if usable else None), entry
