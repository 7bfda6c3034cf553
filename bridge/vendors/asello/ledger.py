"""What this box knows of its own earlier calls, so that nothing is created twice.

Names of remembered values: ``parked/{id}`` and ``reference/{reference}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import AlreadyDone
from bridge.vendors.engine.spec import Run, Session, State

OVER = frozenset({"aborted", "withdrawn", "expired"})
"""Ends of a parked receipt after which the same reference may be parked anew."""


def parked_name(parked: str) -> str:
    """Return under which name a parked receipt is remembered."""
    return f"parked/{parked}"


def reference_name(reference: str) -> str:
    """Return under which name it is remembered what a reference stands for."""
    return f"reference/{reference}"


async def check_new(
    operation: str, reference: str, call: LocalCall, session: Session
) -> tuple[Mapping[str, Any], ...]:
    """Refuse a reference that a run of this operation has used already, unless the call says
    ``?force=1``: then that is a warning. Raises ``AlreadyDone``."""
    used = await _used(operation, reference, session)
    if used is None:
        return ()
    if not forced(call):
        raise _already(reference, used)
    text = f"run {used.id} has used this reference before"
    return ({"code": "reference_used", "text": text, "pointer": "/reference"},)


def forced(call: LocalCall) -> bool:
    """Whether a call insists on using a reference once more."""
    return call.parameter("force") == "1"


async def check_again(run: Run, session: Session) -> None:
    """Right before sending: of two calls with one reference that came at the same instant the
    second is refused. Raises ``AlreadyDone``."""
    reference = run.draft.facts["reference"]
    used = await _used(run.operation, reference, session, besides=run.id)
    if used is not None and not run.draft.facts["forced"]:
        raise _already(reference, used)


async def _used(
    operation: str, reference: str, session: Session, *, besides: str = ""
) -> Run | None:
    """Return the run that used a reference. For a run that is about to be sent only those count
    that were sent: of two that wait, the first in line goes."""
    for run in await session.runs(operation, reference=reference):
        over = run.state is State.FAILED or (besides and not run.sent)
        if run.id != besides and not over and not await _over(run, session):
            return run
    return None


def _already(reference: str, run: Run) -> AlreadyDone:
    message = f'the reference "{reference}" was used by run {run.id} ({run.state})'
    return AlreadyDone(message, run=run.id)


async def _over(run: Run, session: Session) -> bool:
    parked = run.result.get("parked_id")
    if run.operation != "park" or not isinstance(parked, str):
        return False
    here = await session.host.parked(session.settings.cloud, parked)
    known = await session.memory.get(parked_name(parked)) if here is None else None
    state = (known or {}).get("state") if here is None else here.state
    return state in OVER


async def taken(run: Run, session: Session, field: str) -> set[str]:
    """Return the ids that other runs of the same operation and reference had as their result."""
    others = await session.runs(run.operation, reference=run.draft.facts["reference"])
    return {
        str(each.result[field]) for each in others if each.id != run.id and field in each.result
    }
