"""Schemas of offer-cube's modules: the harmless read, kept for a day.

They hold the enumerations (``sendtype`` among them) and the fields of ``invoice`` and ``dunning``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.faults import (
    RecordUnknown,
    SessionEnded,
    VendorAuthFailed,
    VendorRejected,
)
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import Request, json_body, target
from bridge.vendors.offercube.answers import ACCEPT, Reading
from bridge.vendors.offercube.assumed import SCHEMA_LIFE_S
from bridge.vendors.offercube.settings import CubeSettings

_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


async def local_schema(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer a module's schema, from memory if it is younger than a day.

    Raises ``RecordUnknown``, ``VendorRejected`` and what ``Session.read`` raises.
    """
    module = call.path["module"]
    if not _MODULE.fullmatch(module):
        raise RecordUnknown("a module is named by letters and digits")
    kept = await session.memory.get(f"schema:{module}")
    now = session.clock.now()
    if kept is None or not 0 <= now.timestamp() - kept["at"] < SCHEMA_LIFE_S:
        status, schema = await _ask(module, session)
        kept = {"at": int(now.timestamp()), "status": status, "schema": schema}
        await session.memory.put(f"schema:{module}", kept)
    body = {
        "module": module,
        "asked": datetime.fromtimestamp(kept["at"], UTC).isoformat(),
        "vendor_status": kept["status"],
        "vendor_body": kept["schema"],
    }
    return LocalAnswer(body=json_body(body))


async def check(session: Session) -> None:
    """Look whether offer-cube answers and knows us, without touching an invoice."""
    await _ask("invoice", session)


async def _ask(module: str, session: Session) -> tuple[int, Any]:
    """Read a schema, logging in once more when the session is over. Raises ``VendorAuthFailed``
    when that does not help."""
    try:
        return await _read(module, session)
    except SessionEnded:
        await session.logout()
    try:
        return await _read(module, session)
    except SessionEnded as ended:
        raise VendorAuthFailed(ended.detail) from None


async def _read(module: str, session: Session) -> tuple[int, Any]:
    settings: CubeSettings = session.settings
    reading = Reading.of(settings)
    path = f"/{settings.tenant}/s/{module}/schema/"
    request = Request(
        method="GET",
        target=target(path, {"output": settings.output}),
        accept=ACCEPT[settings.output],
    )
    answer = await session.read(request)
    if not answer.ok:
        raise VendorRejected(f"status {answer.status}", vendor_status=answer.status)
    said = reading.fields(answer)
    reading.check(said)
    return answer.status, said
