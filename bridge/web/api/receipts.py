"""Receipts: open, list, read, and end them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from bridge.model import commands
from bridge.model.receipt import State
from bridge.model.roles import Role
from bridge.till import faults
from bridge.till.lifecycle import FINAL
from bridge.web.api import lookup, models
from bridge.web.api.answers import answer, changed, receipt_answer, speech
from bridge.web.api.bodies import command_of
from bridge.web.api.describe import Operation, Query, add, body_schema, change_schema
from bridge.web.api.faults import RequestInvalid
from bridge.web.api.views import ORIGIN_OF_A_PROGRAM
from bridge.web.caller import Caller, require
from bridge.web.parts import WebParts

MAX_ID = 64
"""Characters of an id in the path."""

_STATES = {
    "open": frozenset({State.OPEN, State.PAYING}),
    "ended": FINAL,
    **{str(state): frozenset({state}) for state in (State.PAYING, *sorted(FINAL))},
}

_NUMBER: TypeAdapter[int] = TypeAdapter(int)


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of receipts."""
    router = APIRouter(prefix="/v1", tags=["receipts"])
    till = parts.till

    async def open_one(request: Request) -> Response:
        caller = require(request, Role.TILL)
        command = await command_of(request, commands.Open, origin=origin_of(caller))
        return await changed(request, parts, await till.execute(command), 201)

    async def list_all(request: Request) -> Response:
        require(request, Role.TILL)
        return answer(await lookup.listed(_wanted(request), parts))

    async def read(request: Request) -> Response:
        require(request, Role.TILL)
        receipt_id = id_in(request)
        return receipt_answer(await lookup.view_of(receipt_id, parts, speech(request, parts)))

    async def complete(request: Request) -> Response:
        require(request, Role.TILL)
        receipt_id = id_in(request)
        command = await command_of(request, commands.Complete, receipt=receipt_id)
        before = lookup.open_receipt(till, receipt_id)
        done = await till.execute(command)
        if done.repeated or before is None or before.rev != command.rev:
            return await changed(request, parts, done)
        # What was completed is what was seen: nothing has to be read.
        return receipt_answer(lookup.completed_view(before, done.event, parts))

    async def abort(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.Abort, receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    async def storno(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.Storno, receipt=id_in(request))
        return await changed(request, parts, await till.execute(command), 201)

    async def reprint(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.Reprint, receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    add(router, "POST", "/receipts", open_one, _OPEN)
    add(router, "GET", "/receipts", list_all, _LIST)
    add(router, "GET", "/receipts/{receipt_id}", read, _READ)
    add(router, "POST", "/receipts/{receipt_id}/complete", complete, _COMPLETE)
    add(router, "POST", "/receipts/{receipt_id}/abort", abort, _ABORT)
    add(router, "POST", "/receipts/{receipt_id}/storno", storno, _STORNO)
    add(router, "POST", "/receipts/{receipt_id}/reprint", reprint, _REPRINT)
    return router


def id_in(request: Request) -> str:
    """Return the receipt's id in the path. Raises ``ReceiptUnknown`` for what can be none."""
    found: str = request.path_params["receipt_id"]
    if len(found) > MAX_ID or not found.isprintable() or found != found.strip():
        raise faults.ReceiptUnknown(repr(found[:MAX_ID]))
    return found


def origin_of(caller: Caller) -> str:
    """Return who opens a receipt: a program with a token by its name, else the operator."""
    if caller.via == "token":
        return f"{ORIGIN_OF_A_PROGRAM}{caller.name}"[:MAX_ID].strip()
    return "operator"


def number_of(request: Request, name: str, low: int, high: int) -> int | None:
    """Return a number in the query. Raises ``RequestInvalid``."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = _NUMBER.validate_strings(text)
    except ValidationError:
        found = low - 1
    if not low <= found <= high:
        raise RequestInvalid.at(name, f"must be a number from {low} to {high}")
    return found


def _wanted(request: Request) -> lookup.Wanted:
    text = request.query_params.get("state")
    states: frozenset[State] = frozenset()
    if text is not None:
        found = _STATES.get(text)
        if found is None:
            raise RequestInvalid.at("state", f"must be one of {', '.join(_STATES)}")
        states = found
    return lookup.Wanted(
        states,
        request.query_params.get("register"),
        number_of(request, "since", 0, _BIG),
        number_of(request, "before", 0, _BIG),
        number_of(request, "limit", 1, lookup.MAX_LIMIT) or _DEFAULT_LIMIT,
    )


_BIG = 2**53
"""Largest number that every JSON reader keeps exact."""

_DEFAULT_LIMIT = 50

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}

_SEALING = (
    faults.RegisterLatched,
    faults.RegisterClosed,
    faults.RegisterNotStarted,
    faults.ClockWrong,
)

_OPEN = Operation(
    "openReceipt",
    "Open a receipt",
    Role.TILL,
    "open",
    "The operator sees it at once. `parked_id` and `reference` are the program's own names for it.",
    201,
    models.ReceiptView,
    body=body_schema(commands.Open, without=("type", "key", "origin")),
    key="optional",
    faults=(
        faults.RegisterUnknown,
        faults.RateUnknown,
        faults.LineLimit,
        faults.AmountLimit,
        faults.KeyReused,
        faults.CommandExpired,
    ),
)

_LIST = Operation(
    "listReceipts",
    "List receipts",
    Role.TILL,
    text="Open receipts first (all of them, on the first page), then those that ended last. "
    "A page may be short or even empty although more follow: go on while `next` is not null.",
    answer=models.ReceiptList,
    query=(
        Query("state", "default: all", {"type": "string", "enum": list(_STATES)}),
        Query("register", "id of a register"),
        Query("since", "opened, or ended, at or after this time (UTC ms)", _COUNT),
        Query("limit", "ended receipts on a page", {**_COUNT, "maximum": lookup.MAX_LIMIT}),
        Query("before", "`next` of the page before", _COUNT),
    ),
    faults=(RequestInvalid,),
)

_READ = Operation(
    "readReceipt",
    "Read a receipt",
    Role.TILL,
    answer=models.ReceiptView,
    faults=(faults.ReceiptUnknown,),
)

_COMPLETE = Operation(
    "completeReceipt",
    "Number, sign and finish a receipt",
    Role.TILL,
    "key",
    "`payments` are recorded with it; `total_cents`, when given, must be the receipt's total. "
    "The answer comes when the receipt is durable; it is printed after.",
    answer=models.ReceiptView,
    body=change_schema(commands.Complete),
    rev=True,
    key="required",
    faults=(
        faults.ReceiptUnknown,
        faults.ReceiptChanged,
        faults.ReceiptNotOpen,
        faults.ReceiptEmpty,
        faults.TotalMismatch,
        faults.PaymentMissing,
        faults.PaymentExceeds,
        faults.PaymentUnsupported,
        faults.DiscountImpossible,
        faults.KeyReused,
        faults.CommandExpired,
        *_SEALING,
    ),
)

_ABORT = Operation(
    "abortReceipt",
    "Give a receipt up",
    Role.TILL,
    "key",
    answer=models.ReceiptView,
    body=change_schema(commands.Abort),
    rev=True,
    key="required",
    faults=(
        faults.ReceiptUnknown,
        faults.ReceiptChanged,
        faults.ReceiptNotOpen,
        faults.KeyReused,
        faults.CommandExpired,
    ),
)

_STORNO = Operation(
    "cancelReceipt",
    "Cancel a completed receipt (Storno), in full or by lines",
    Role.TILL,
    "key",
    "Makes a receipt of its own, which is the answer. Without `lines` all that is left is "
    "cancelled.",
    201,
    models.ReceiptView,
    body=body_schema(commands.Storno, without=("type", "key", "receipt")),
    key="required",
    faults=(faults.ReceiptUnknown, faults.StornoImpossible, faults.KeyReused, *_SEALING),
)

_REPRINT = Operation(
    "reprintReceipt",
    "Print a completed receipt once more, marked as copy",
    Role.TILL,
    "key",
    "Also the answer to a paper of state `unknown` that did not come out.",
    answer=models.ReceiptView,
    body=body_schema(commands.Reprint, without=("type", "key", "receipt")),
    key="required",
    faults=(faults.ReceiptUnknown, faults.ReceiptNotCompleted, faults.KeyReused),
)
