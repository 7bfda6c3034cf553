"""What programs in the shop are answered, and how runs are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.model.exchange import LocalAnswer, RunView
from bridge.vendors.engine.faults import OutcomeUnknown
from bridge.vendors.engine.records import Record, unpack_fault
from bridge.vendors.engine.redact import redact_json, redact_text, shown
from bridge.vendors.engine.spec import Accepted, Kind, State
from bridge.vendors.engine.wire import Answer
from drivers.contract.fault import Fault

REPLAYED = {"Idempotent-Replayed": "true"}

_OK, _CREATED, _ACCEPTED, _EMPTY = 200, 201, 202, 204
_MIRRORED = frozenset({_OK, _CREATED, _EMPTY})


def read_answer(accepted: Accepted, answer: Answer, secret_names: Iterable[str]) -> LocalAnswer:
    """Answer a read: with the vendor's status and body beside our own values, or with a file."""
    if accepted.media:
        return LocalAnswer(
            status=accepted.status or _OK, body=accepted.content, media_type=accepted.media
        )
    values = {**accepted.values}
    if accepted.warnings:
        values["warnings"] = list(accepted.warnings)
    status = accepted.status or _mirrored(answer.status)
    if status == _EMPTY:
        if not values:
            return LocalAnswer(status=_EMPTY)
        status = _OK
    values["vendor_status"] = answer.status
    values["vendor_body"] = shown(answer.content, secret_names, limit=None)
    return json_answer(status, values)


def run_answer(record: Record, secret_names: Iterable[str], language: str = "en") -> LocalAnswer:
    """Answer a call by what became of its run: with a ``problem`` if it could not be sent yet.
    Raises the fault that the run ended with."""
    match record.state:
        case State.FAILED | State.UNKNOWN:
            raise ending(record)
        case State.SUCCEEDED:
            return _done(record, secret_names)
        case _:
            place = {"Location": f"/v1/runs/{record.id}"}
            values = _values(record, secret_names)
            if record.fault is not None:
                problem = ending(record).as_problem(language)
                values["problem"] = redact_json(problem, secret_names)
            return json_answer(_ACCEPTED, values, place)


def ending(record: Record) -> Fault:
    """Return the fault that a run ended with."""
    if record.fault is None:
        return OutcomeUnknown("nothing is known of it", run=record.id)
    fault = unpack_fault(record.fault)
    fault.detail = redact_text(fault.detail)
    fault.facts.setdefault("run", record.id)
    return fault


def _done(record: Record, secret_names: Iterable[str]) -> LocalAnswer:
    place = {"Location": f"/v1/runs/{record.id}"}
    status = record.local or _mirrored(record.status or _OK)
    if status == _EMPTY:
        if record.kind is Kind.UPSERT and not record.result and not record.warnings:
            return LocalAnswer(status=_EMPTY, headers=place)
        status = _OK
    return json_answer(status, _values(record, secret_names), place)


def _values(record: Record, secret_names: Iterable[str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        **redact_json(dict(record.result), secret_names),
        "run": record.id,
        "state": str(record.state),
    }
    if record.status is not None:
        values["vendor_status"] = record.status
        values["vendor_body"] = record.answer
    if record.warnings:
        values["warnings"] = redact_json(list(record.warnings), secret_names)
    return values


def _mirrored(status: int) -> int:
    return status if status in _MIRRORED else _OK


def json_answer(
    status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> LocalAnswer:
    """Answer with JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return LocalAnswer(status=status, body=body, headers=headers or {})


def replayed(answer: LocalAnswer) -> LocalAnswer:
    """Mark an answer as one that was given before."""
    return LocalAnswer(
        status=answer.status,
        body=answer.body,
        media_type=answer.media_type,
        headers={**answer.headers, **REPLAYED},
    )


def view(record: Record, language: str, due: int | None, secret_names: Iterable[str]) -> RunView:
    """Show a run, without secrets."""
    result: dict[str, Any] | None = None
    if record.result or record.status is not None:
        result = dict(record.result)
        if record.status is not None:
            result |= {"vendor_status": record.status, "vendor_body": record.answer}
        if record.merged:
            result["merged_into"] = record.merged
        result = redact_json(result, secret_names)
    elif record.merged:
        result = {"merged_into": record.merged}
    problem = None
    if record.fault is not None:
        problem = redact_json(ending(record).as_problem(language), secret_names)
    return RunView(
        id=record.id,
        vendor=record.vendor,
        operation=record.operation,
        kind=str(record.kind),
        state=str(record.state),
        created=record.created,
        changed=record.changed,
        key=record.key,
        order=record.order,
        tries=record.tries,
        due=record.due if due is None else due,
        summary=redact_json(dict(record.summary), secret_names),
        result=result,
        problem=problem,
        resolved=record.resolved,
        warnings=tuple(redact_json(list(record.warnings), secret_names)),
    )
