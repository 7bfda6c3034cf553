"""Files for the tax office, written by a child process while the box goes on.

Nothing is computed here: a busy thread would make every receipt a hundred times slower
(docs/benchmarks.md). A client that hangs up ends the child.
"""

from __future__ import annotations

import logging
import re
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from bridge.model.roles import Role
from bridge.till.faults import RegisterUnknown
from bridge.web.api.child import Child, Exporter
from bridge.web.api.describe import Operation, Query, add
from bridge.web.api.faults import ExportBusy, ExportFailed, NotBuilt, RequestInvalid
from bridge.web.api.stream import Flow
from bridge.web.caller import require
from bridge.web.parts import WebParts

logger = logging.getLogger(__name__)

LATER: Final = {
    "dep131": "DEP 131 (not built yet)",
    "tse": "TSE export (not built yet)",
    "dsfinvk": "DSFinV-K (not built yet)",
}
"""Exports that the contract names and this version lacks."""


def routes(parts: WebParts, exporter: Exporter) -> APIRouter:
    """Return the routes of exports."""
    router = APIRouter(prefix="/v1/exports", tags=["exports"])

    async def dep7(request: Request) -> Response:
        require(request, Role.BACKOFFICE)
        register = request.query_params.get("register")
        if register is None:
            raise RequestInvalid.at("register", "is missing: the id of a register")
        known = parts.journal.reader.registers()
        if register not in known:
            message = f"{register[:64]!r}; the journal has: {', '.join(known) or 'none'}"
            raise RegisterUnknown(message)
        database = str(parts.journal.paths.database)
        child = await exporter.start("rksv", "export", database, f"--register={register}")
        day = parts.clock.now().strftime("%Y%m%d")
        return _File(exporter, child, f"dep7-{re.sub(r'[^A-Za-z0-9-]', '-', register)}-{day}.json")

    async def not_built(request: Request) -> Response:
        require(request, Role.BACKOFFICE)
        raise NotBuilt(request.url.path)

    add(router, "GET", "/dep7", dep7, _DEP7)
    for name, summary in LATER.items():
        id_ = f"export{name.capitalize()}"
        what = Operation(id_, summary, Role.BACKOFFICE, status=501, faults=(NotBuilt,))
        add(router, "GET", f"/{name}", not_built, what)
    return router


class _File(Flow):
    media_type = "application/json"

    def __init__(self, exporter: Exporter, child: Child, name: str) -> None:
        super().__init__(
            headers={
                "cache-control": "no-store",
                "content-disposition": f'attachment; filename="{name}"',
            }
        )
        del self.headers["content-length"]
        self._exporter = exporter
        self._child = child

    async def flow(self, send: Send) -> None:
        try:
            await self.begin(send)
            async for chunk in self._child.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            failure = await self._child.failure()
            if failure is not None:
                # Without its last chunk the answer is broken, and the client sees that it is.
                logger.error("an export broke off: %s", failure)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._exporter.stop(self._child)


_DEP7 = Operation(
    "exportDep7",
    "DEP 7: all receipts of a register as the tax office asks for them",
    Role.BACKOFFICE,
    media="application/json",
    query=(Query("register", "id of a register", required=True),),
    faults=(RequestInvalid, RegisterUnknown, ExportFailed, ExportBusy),
)
