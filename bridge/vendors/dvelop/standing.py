"""How each list stands: its last job, its outcome, number of records and age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.dvelop import jobs
from bridge.vendors.dvelop.entities import ENTITIES
from bridge.vendors.dvelop.faults import ImportFailed, MasterDataIncomplete
from bridge.vendors.dvelop.notices import Notices
from bridge.vendors.dvelop.schema import record_schema
from bridge.vendors.engine.faults import VendorAuthFailed, VendorRejected
from bridge.vendors.engine.spec import Run, Session, State
from bridge.vendors.engine.wire import json_body

_TYPES = "types/"
_NO_JOB = "00000000-0000-0000-0000-000000000000"
"""A job that no vendor has: asking for it changes nothing and still needs a log-in."""

_STATUS = {State.SUCCEEDED: jobs.SUCCESSFUL, State.FAILED: jobs.FAILED}
_UNAUTHORIZED = (401, 403)
_MISSING = 404


async def remember(run: Run, session: Session) -> None:
    """Note how the job of a list ended, and which kinds of document types the vendor has."""
    facts = run.draft.facts
    bucket, entity = facts["bucket"], facts["entity"]
    if run.state is State.SUCCEEDED and entity == "document_types":
        types = f"{_TYPES}{bucket}"
        before = [] if facts["whole"] else (await session.memory.get(types) or [])
        await session.memory.put(types, sorted({*before, *facts["credit_notes"]}))
    if "job_id" not in run.result:
        return
    status = _STATUS.get(run.state, jobs.UNKNOWN)
    name, standing = jobs.standing_of(run, run.result["job_id"], status, _now_ms(session))
    newest = await session.memory.get(name)
    if newest is None or newest["sent"] <= run.sent:
        await session.memory.put(name, standing)


async def standings(session: Session) -> dict[str, Any]:
    """Return plain facts for the status page: how each list stands, and what is amiss. Ages are in
    seconds since the list was sent."""
    now = _now_ms(session)
    found = await session.memory.named(jobs.LAST)
    lists = [
        {**standing, "age_s": max(0, now - standing["sent"]) // 1000}
        for standing in sorted(found.values(), key=_rank)
    ]
    return {"bucket": session.settings.bucket, "lists": lists}


async def check(session: Session) -> None:
    """Look whether the vendor answers and takes the key, then whether a person should look at a
    list. Raises what it finds."""
    answer = await session.read(jobs.build_job(_NO_JOB))
    if answer.status in _UNAUTHORIZED:
        raise VendorAuthFailed("the API key is refused", vendor_status=answer.status)
    if not answer.ok and answer.status != _MISSING:
        raise VendorRejected("asking for a job is refused", vendor_status=answer.status)
    found = await session.memory.named(jobs.LAST)
    failed = sorted(each["entity"] for each in found.values() if each["status"] == jobs.FAILED)
    if failed:
        raise ImportFailed(f"not imported: {', '.join(failed)}", entities=failed)
    for name, kinds in sorted((await session.memory.named(_TYPES)).items()):
        if len(kinds) < 2:
            missing = "a credit note type" if kinds == [False] else "an invoice type"
            raise MasterDataIncomplete(f"bucket {name.removeprefix(_TYPES)} lacks {missing}")


async def answer_standings(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer how each list stands."""
    facts = await standings(session)
    found = await session.memory.named(jobs.LAST)
    notices = Notices(call.language)
    if any(each["entity"] == "goods_receipts" for each in found.values()):
        notices.add("preview_feature", about="goods_receipts")
    for kinds in (await session.memory.named(_TYPES)).values():
        if len(kinds) < 2:
            notices.add("document_types_incomplete", about="document_types")
    return LocalAnswer(body=json_body({**facts, "warnings": list(notices.all())}))


async def answer_entities(_call: LocalCall, session: Session) -> LocalAnswer:
    """Answer the table of all entities as JSON schemas."""
    off = session.settings.goods_receipts == "off"
    found = {
        entity.name: {
            "title": entity.title,
            "single": f"PUT /v1/vendors/dvelop/{entity.name}",
            "batch": f"POST /v1/vendors/dvelop/{entity.name}/batch",
            "import": f"POST /v1/vendors/dvelop/{entity.name}/import",
            "key": list(entity.record.key),
            "preview": entity.preview,
            "off": entity.preview and off,
            "record": record_schema(entity),
        }
        for entity in ENTITIES.values()
    }
    return LocalAnswer(body=json_body({"entities": found, "strict": session.strict}))


def _rank(standing: Mapping[str, Any]) -> tuple[str, int]:
    return standing["bucket"], list(ENTITIES).index(standing["entity"])


def _now_ms(session: Session) -> int:
    return int((session.clock.now() - datetime.fromtimestamp(0, UTC)).total_seconds() * 1000)
