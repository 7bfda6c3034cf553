"""Calls that act: one record at a person's click, a list, a list as CSV; and queued clicks as one
list later."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.model.exchange import JSON, LocalCall
from bridge.vendors.dvelop import csv_list, reading
from bridge.vendors.dvelop.checks import Checker
from bridge.vendors.dvelop.fields import Entity
from bridge.vendors.dvelop.notices import Notices
from bridge.vendors.dvelop.paths import batch_path, bucket_of, entity_of, single_path
from bridge.vendors.engine.faults import UserActionRequired
from bridge.vendors.engine.spec import Draft, Run, Session
from bridge.vendors.engine.wire import Request

BATCH = "batch"
"""Name of the operation that sends lists."""

CONTENT_TYPE = "application/json;charset=utf-8"

_BREATH = 25
"""Records that are checked before others may run: receipts come first."""


async def build_single(call: LocalCall, session: Session) -> Draft:
    """Draft one record's update. It is sent at once, or later as part of a list."""
    entity = entity_of(call, session)
    if call.headers.get("x-user-action") != "1":
        raise UserActionRequired("single records are for a user's click")
    record = reading.one_record(call.body, entity.name)
    notices = Notices(call.language)
    checker = Checker(entity, strict=session.strict, notices=notices)
    checker.record(record, "")
    checker.finish(whole=False)
    bucket = bucket_of(call, session)
    order = _order(bucket, entity)
    key = [record.get(name) for name in entity.record.key]
    return Draft(
        request=_request("PUT", single_path(bucket, entity.name), call.body),
        order=order,
        replaces=f"{order}/{json.dumps(key)}",
        facts=_facts(bucket, entity, checker),
        summary={"entity": entity.name, "bucket": bucket, "records": 1, **_name(record)},
        warnings=notices.all(),
    )


async def build_batch(call: LocalCall, session: Session) -> Draft:
    """Draft the sending of a list, bare or in the vendor's form."""
    entity = entity_of(call, session)
    notices = Notices(call.language)
    checker = Checker(entity, strict=session.strict, notices=notices)
    await _check(reading.records(call.body, entity.name), checker)
    content = reading.as_list(call.body, entity.name)
    return _list(bucket_of(call, session), entity, checker, notices, content)


async def build_import(call: LocalCall, session: Session) -> Draft:
    """Draft the sending of a list that may be CSV; JSON is taken as ``build_batch`` does."""
    if _is_json(call):
        return await build_batch(call, session)
    entity = entity_of(call, session)
    notices = Notices(call.language)
    checker = Checker(entity, strict=session.strict, notices=notices)
    parts: list[bytes] = []
    for line, part, wrong in csv_list.rows(call.body, entity):
        for name, text in wrong:
            checker.problem(f"/{line}/{name}" if name else f"/{line}", text)
        if not wrong:
            checker.record(json.loads(part), f"/{line}")
        parts.append(part)
        if len(parts) % _BREATH == 0:
            await asyncio.sleep(0)
    if not parts:
        checker.problem("", "there is no record below the first line")
    return _list(bucket_of(call, session), entity, checker, notices, _joined(entity.name, parts))


async def merge_singles(runs: Sequence[Run], session: Session) -> tuple[str, Draft]:
    """Return queued single records as one list: the clicks they came from are over."""
    facts = runs[0].draft.facts
    bucket, entity = str(facts["bucket"]), str(facts["entity"])
    content = _joined(entity, (run.draft.request.content for run in runs))
    summary = {"entity": entity, "bucket": bucket, "records": len(runs), "merged": True}
    notes = [flag for run in runs for flag in run.draft.facts["credit_notes"]]
    return BATCH, Draft(
        request=_request("POST", batch_path(bucket, entity), content),
        order=runs[0].draft.order,
        facts={**facts, "records": len(runs), "whole": False, "credit_notes": sorted(set(notes))},
        summary=summary,
    )


def _list(bucket: str, entity: Entity, checker: Checker, notices: Notices, content: bytes) -> Draft:
    checker.finish(whole=True)
    order = _order(bucket, entity)
    return Draft(
        request=_request("POST", batch_path(bucket, entity.name), content),
        order=order,
        replaces=order,
        facts={**_facts(bucket, entity, checker), "whole": True},
        summary={"entity": entity.name, "bucket": bucket, "records": checker.count},
        warnings=notices.all(),
    )


async def _check(found: Iterable[tuple[str, Any]], checker: Checker) -> None:
    for number, (pointer, record) in enumerate(found, 1):
        checker.record(record, pointer)
        if number % _BREATH == 0:
            await asyncio.sleep(0)


def _request(method: str, path: str, content: bytes) -> Request:
    return Request(method=method, target=path, content=content, content_type=CONTENT_TYPE)


def _order(bucket: str, entity: Entity) -> str:
    return f"{bucket}/{entity.name}"


def _facts(bucket: str, entity: Entity, checker: Checker) -> dict[str, Any]:
    return {
        "bucket": bucket,
        "entity": entity.name,
        "records": checker.count,
        "whole": False,
        "credit_notes": sorted(checker.credit_notes),
    }


def _name(record: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells a person which record it is; account numbers do not go on pages."""
    found = {name: record.get(name) for name in ("company_id", "vendor_id", "id", "nr")}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _joined(entity: str, parts: Iterable[bytes]) -> bytes:
    return b'{"' + entity.encode() + b'":[' + b",".join(parts) + b"]}"


def _is_json(call: LocalCall) -> bool:
    media = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in {JSON, "text/csv"}:
        return media == JSON
    return call.body.lstrip()[:1] in {b"{", b"["}
