"""Registers and the receipts of their own: Null-, Start-, Monats-, Schlussbeleg …"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from bridge.model import commands
from bridge.model.roles import Role
from bridge.till import faults
from bridge.till.register import RegisterTill
from bridge.web.api import models
from bridge.web.api.answers import answer, changed
from bridge.web.api.bodies import body_of, command_of
from bridge.web.api.describe import Operation, add, body_schema
from bridge.web.api.faults import IdempotencyKeyMissing, NotBuilt, RequestInvalid
from bridge.web.api.receipts import origin_of
from bridge.web.api.views import day_of
from bridge.web.caller import require
from bridge.web.parts import WebParts

KINDS = {
    "null": Role.TILL,
    "training": Role.TILL,
    "collective": Role.BACKOFFICE,
    "month": Role.BACKOFFICE,
    "year": Role.BACKOFFICE,
    "start": Role.TECHNICIAN,
    "closing": Role.TECHNICIAN,
}
"""Who may make which receipt. A Nullbeleg is what an inspector asks for at the counter; a
Schlussbeleg ends the register for ever."""


class Unlatch(commands.Part):
    """Why a register may sign again."""

    reason: commands.Note


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of registers."""
    router = APIRouter(prefix="/v1/registers", tags=["registers"])
    till = parts.till

    async def list_all(request: Request) -> Response:
        require(request, Role.TILL)
        return answer({"registers": [_view(each, parts) for each in till.registers.values()]})

    async def read(request: Request) -> Response:
        require(request, Role.TILL)
        return answer(_view(_named(request, parts), parts))

    async def make(request: Request) -> Response:
        caller = require(request, Role.TILL)
        register_id = _named(request, parts).register.id
        body = await body_of(request)
        kind = body.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise RequestInvalid.at("kind", f"must be one of {', '.join(KINDS)}")
        require(request, KINDS[kind])
        command: commands.Command
        if kind == "training":
            command = await command_of(
                request,
                commands.Open,
                body,
                needs_key=True,
                register_id=register_id,
                origin=origin_of(caller),
            )
        else:
            command = await command_of(
                request, commands.RegisterReceipt, body, register_id=register_id
            )
        return await changed(request, parts, await till.execute(command), 201)

    async def not_built(request: Request) -> Response:
        require(request, Role.BACKOFFICE)
        _named(request, parts)
        raise NotBuilt(request.url.path)

    async def unlatch(request: Request) -> Response:
        caller = require(request, Role.TECHNICIAN)
        register = _named(request, parts)
        try:
            wish = Unlatch.model_validate(await body_of(request))
        except ValidationError as error:
            raise RequestInvalid.of(error) from error
        await till.unlatch(register.register.id, wish.reason, caller.name)
        return answer(_view(register, parts))

    add(router, "GET", "", list_all, _LIST)
    add(router, "GET", "/{register_id}", read, _READ)
    add(router, "POST", "/{register_id}/receipts", make, _MAKE)
    add(router, "POST", "/{register_id}/unlatch", unlatch, _UNLATCH)
    add(router, "POST", "/{register_id}/closing", not_built, _CLOSING)
    add(router, "POST", "/{register_id}/cash", not_built, _CASH)
    return router


def _named(request: Request, parts: WebParts) -> RegisterTill:
    register_id = request.path_params["register_id"]
    found = parts.till.registers.get(register_id)
    if found is None:
        raise faults.RegisterUnknown(repr(register_id[:64]))
    return found


def _view(register: RegisterTill, parts: WebParts) -> dict[str, Any]:
    head, plain = register.head, register.register
    day = day_of(register, parts)
    rates = register.regime.rates
    if register.latch is not None:
        state = "latched"
    elif head.closed:
        state = "closed"
    else:
        state = "started" if head.number else "not_started"
    settings = {each.id: each for each in parts.config.registers}.get(plain.id)
    return {
        "id": plain.id,
        "kassen_id": plain.kassen_id,
        "country": plain.country,
        "state": state,
        "latch": register.latch,
        "last_number": head.number,
        "last_belegnummer": plain.belegnummer(head.number) if head.number else None,
        "last_time": None if head.time is None else head.time.isoformat(),
        "outage": None if head.outage is None else head.outage.as_body(),
        "open": len(register.open),
        "printer": None if settings is None else settings.printer,
        "rates": [
            {"name": rate.name, "label": rate.label, "permille": rate.permille}
            for name in rates.names(day)
            if (rate := rates.find(name, day)) is not None
        ],
    }


_LIST = Operation("listRegisters", "List registers", Role.TILL, answer=models.RegisterList)
_READ = Operation(
    "readRegister",
    "Read a register",
    Role.TILL,
    answer=models.RegisterView,
    faults=(faults.RegisterUnknown,),
)
_MAKE = Operation(
    "makeRegisterReceipt",
    "Make a receipt of the register's own, or open a training receipt",
    Role.TILL,
    "key",
    "Roles: " + ", ".join(f"`{kind}` {role}" for kind, role in KINDS.items()) + ". `training` "
    "opens a receipt that is then edited and completed like any other; the others are complete.",
    201,
    models.ReceiptView,
    body={
        "type": "object",
        "required": ["kind"],
        "additionalProperties": False,
        "properties": {
            "kind": {"type": "string", "enum": list(KINDS)},
            "expires": {"type": ["string", "null"], "format": "date-time"},
        },
    },
    key="required",
    faults=(
        faults.RegisterUnknown,
        faults.RegisterLatched,
        faults.RegisterClosed,
        faults.RegisterNotStarted,
        faults.RegisterStarted,
        faults.OpenReceiptsLeft,
        faults.NoOutage,
        faults.ClockWrong,
        faults.KeyReused,
        IdempotencyKeyMissing,
    ),
)

_UNLATCH = Operation(
    "unlatchRegister",
    "Lift the latch that a cloud's word has put on a register",
    Role.TECHNICIAN,
    "again",
    "For a latch whose reason is settled: the cloud had been mistaken, or the missing receipts are "
    "accounted for. It is latched anew when the cloud says the same again. A latch that the box "
    "finds by itself at each start (old journal, other board) cannot be lifted here.",
    answer=models.RegisterView,
    body=body_schema(Unlatch),
    faults=(faults.RegisterUnknown, faults.LatchStands),
)


def _later(id_: str, summary: str) -> Operation:
    return Operation(id_, summary, Role.BACKOFFICE, status=501, faults=(NotBuilt,))


_CLOSING = _later("closeDay", "Tagesabschluss (not built yet)")
_CASH = _later("moveCash", "Cash in and out, count (not built yet)")
