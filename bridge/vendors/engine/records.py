"""A run as it is stored, and how its parts become JSON and come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bridge.vendors.engine.faults import VendorFault
from bridge.vendors.engine.spec import Draft, Kind, Offline, Run, State
from bridge.vendors.engine.wire import Request
from drivers.contract.fault import Fault, all_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is remembered of a run but its draft. Times are UTC ms.

    ``kind`` and ``offline`` are those in force for this run. ``since`` is when it came into its
    state, ``due`` when it is tried next. ``sent`` is when the first byte of the last try was about
    to leave; it stays 0 as long as nothing can have been carried out. ``status`` and ``answer``
    are what the vendor answered (``answer`` redacted), ``local`` another status for the local
    answer. ``merged`` is the run that carries this one's request. ``after``: the hook is still to
    run. ``freed``: the key may be used anew. ``own``: the box itself ordered it, its key is never
    freed. ``place`` orders queued runs: that of the run itself, or of the first one it carries.
    """

    id: str
    vendor: str
    operation: str
    kind: Kind
    offline: Offline
    state: State
    created: int
    changed: int
    since: int
    key: str = ""
    fingerprint: str = ""
    order: str = ""
    replaces: str = ""
    sent: int = 0
    tries: int = 0
    due: int | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Mapping[str, Any], ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = None
    answer: Any = None
    local: int = 0
    fault: Mapping[str, Any] | None = None
    resolved: Mapping[str, Any] | None = None
    merged: str = ""
    after: bool = False
    freed: bool = False
    own: bool = False
    place: int = 0

    def moved(self, state: State, now: int, **changes: Any) -> Record:
        """Return the record in another state (or the same one, anew)."""
        since = self.since if state is self.state else now
        return replace(self, state=state, changed=now, since=since, due=None, **changes)


_COLUMNS = ("id", "vendor", "operation", "state", "key", "fingerprint", "order", "replaces")
_FLAGS = ("after", "freed")
_TIMES = ("created", "changed")
_OTHERS = tuple(
    name
    for name in Record.__dataclass_fields__
    if name not in (*_COLUMNS, *_FLAGS, *_TIMES, "merged", "summary", "place")
)


def pack(record: Record) -> str:
    """Return the JSON of what has no column of its own."""
    return json.dumps({name: getattr(record, name) for name in _OTHERS}, default=str)


def unpack(row: Mapping[str, Any]) -> Record:
    """Return the record of a row of table ``run``."""
    body = json.loads(row["body"])
    body["kind"], body["offline"] = Kind(body["kind"]), Offline(body["offline"])
    body["warnings"] = tuple(body["warnings"])
    return Record(
        id=row["id"],
        vendor=row["vendor"],
        operation=row["operation"],
        state=State(row["state"]),
        key=row["key"],
        fingerprint=row["fingerprint"],
        order=row["line"],
        replaces=row["replaces"],
        created=row["created"],
        changed=row["changed"],
        merged=row["merged"],
        place=row["place"] or row["seq"],
        after=bool(row["after"]),
        freed=bool(row["freed"]),
        summary=json.loads(row["summary"]),
        **body,
    )


def run_of(record: Record, draft: Draft) -> Run:
    """Return the run as hooks see it."""
    return Run(
        id=record.id,
        vendor=record.vendor,
        operation=record.operation,
        key=record.key,
        state=record.state,
        draft=draft,
        created=record.created,
        sent=record.sent,
        tries=record.tries,
        result=record.result,
    )


def pack_draft(draft: Draft) -> tuple[str, bytes]:
    """Return a draft as JSON and its request's content."""
    body = {
        "request": {**asdict(replace(draft.request, content=b"")), "content": ""},
        "order": draft.order,
        "replaces": draft.replaces,
        "facts": dict(draft.facts),
        "summary": dict(draft.summary),
        "warnings": [dict(each) for each in draft.warnings],
        "offline": draft.offline,
        "kind": draft.kind,
    }
    return json.dumps(body), draft.request.content


def unpack_draft(body: str, content: bytes) -> Draft:
    """Return the draft again, byte for byte; ``remember`` is done with."""
    read = json.loads(body)
    request = read.pop("request")
    request["headers"] = tuple((name, value) for name, value in request["headers"])
    read["warnings"] = tuple(read["warnings"])
    read["offline"] = None if read["offline"] is None else Offline(read["offline"])
    read["kind"] = None if read["kind"] is None else Kind(read["kind"])
    return Draft(request=Request(**{**request, "content": content}), **read)


def pack_fault(fault: Fault) -> dict[str, Any]:
    """Return what is kept of a fault."""
    facts = json.loads(json.dumps(fault.facts, default=str))
    return {"code": fault.code, "detail": fault.detail, "facts": facts}


def unpack_fault(packed: Mapping[str, Any]) -> Fault:
    """Return a kept fault again. If its diagnosis does not exist any more, its text is kept."""
    leaf = all_faults().get(packed["code"])
    if leaf is None:
        return VendorFault(f"{packed['code']}: {packed['detail']}", **packed["facts"])
    return leaf(packed["detail"], **packed["facts"])
