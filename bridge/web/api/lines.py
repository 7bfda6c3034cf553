"""What an open receipt consists of: lines, discount, customer, payments."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model import commands, events
from bridge.model.money import PERCENT_SCALE, QUANTITY_SCALE
from bridge.model.receipt import Line
from bridge.model.roles import Role
from bridge.till import faults
from bridge.till.projections import where_is
from bridge.web.api import lookup, models
from bridge.web.api.answers import changed
from bridge.web.api.bodies import command_of, number_in
from bridge.web.api.describe import Operation, add, change_schema
from bridge.web.api.receipts import id_in
from bridge.web.caller import require
from bridge.web.parts import WebParts


def routes(parts: WebParts) -> APIRouter:
    """Return the routes of an open receipt's content."""
    router = APIRouter(prefix="/v1/receipts/{receipt_id}", tags=["content of a receipt"])
    till = parts.till

    async def add_line(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.AddLine, inside="line", receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    async def change_line(request: Request) -> Response:
        require(request, Role.TILL)
        receipt_id, n = id_in(request), number_in(request, "n")
        command = await command_of(
            request,
            commands.ChangeLine,
            inside="line",
            completed_by=lambda rev, key: _line_before(parts, receipt_id, n, rev, key),
            receipt=receipt_id,
            n=n,
        )
        return await changed(request, parts, await till.execute(command))

    async def remove_line(request: Request) -> Response:
        require(request, Role.TILL)
        n = number_in(request, "n")
        if n < 0:
            raise faults.LineUnknown(request.path_params["n"])
        command = await command_of(request, commands.RemoveLine, receipt=id_in(request), n=n)
        return await changed(request, parts, await till.execute(command))

    async def set_discount(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.SetDiscount, receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    async def set_customer(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.SetCustomer, receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    async def pay(request: Request) -> Response:
        require(request, Role.TILL)
        command = await command_of(request, commands.Pay, inside="payment", receipt=id_in(request))
        return await changed(request, parts, await till.execute(command))

    async def remove_payment(request: Request) -> Response:
        require(request, Role.TILL)
        n = number_in(request, "n")
        if n < 0:
            raise faults.PaymentUnknown(request.path_params["n"])
        command = await command_of(request, commands.RemovePayment, receipt=id_in(request), n=n)
        return await changed(request, parts, await till.execute(command))

    add(router, "POST", "/lines", add_line, _ADD)
    add(router, "PATCH", "/lines/{n}", change_line, _CHANGE)
    add(router, "DELETE", "/lines/{n}", remove_line, _REMOVE)
    add(router, "POST", "/discount", set_discount, _DISCOUNT)
    add(router, "PUT", "/customer", set_customer, _CUSTOMER)
    add(router, "POST", "/payments", pay, _PAY)
    add(router, "DELETE", "/payments/{n}", remove_payment, _REMOVE_PAYMENT)
    return router


def _line_before(
    parts: WebParts, receipt_id: str, n: int, rev: int, key: str | None
) -> dict[str, Any]:
    """Return the content of the line that a change is for: what it leaves out stays.

    A repetition is completed from the line as the change left it, so that it is the same command.
    Raises ``ReceiptUnknown``, ``ReceiptNotOpen``, ``ReceiptChanged``, ``LineUnknown``.
    """
    reader = parts.journal.reader
    if key is not None and (used := reader.key(key)) is not None:
        event = reader.event(used[1])
        if event is not None and event.kind == events.LINE_CHANGED:
            return _content(Line.from_body(event.data()["line"]))
    receipt = lookup.open_receipt(parts.till, receipt_id)
    if receipt is None:
        where_is(reader, receipt_id)
        raise faults.ReceiptNotOpen(receipt_id)
    line = receipt.line(n)
    if rev != receipt.rev:
        message = f"rev {rev} was named, the receipt is at {receipt.rev}"
        raise faults.ReceiptChanged(message, rev=receipt.rev)
    if line is None:
        raise faults.LineUnknown(str(n))
    return _content(line)


def _content(line: Line) -> dict[str, Any]:
    """Return a line as a command gives it."""
    content: dict[str, Any] = {
        "text": line.text,
        "quantity": _decimal(line.quantity, QUANTITY_SCALE),
        "unit_cents": line.unit_cents,
        "rate": line.rate,
    }
    if line.discount:
        content["discount_percent"] = _decimal(line.discount, PERCENT_SCALE)
    if line.article is not None:
        content["article"] = line.article
    if line.settles is not None:
        content["settles"] = line.settles.as_body()
    return content


def _decimal(value: int, scale: int) -> str:
    whole, rest = divmod(abs(value), scale)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{len(str(scale)) - 1}d}"


_CHANGED = (faults.ReceiptUnknown, faults.ReceiptChanged, faults.ReceiptNotOpen)
_LINE = (*_CHANGED, faults.RateUnknown, faults.AmountLimit)


def _edit(id_: str, summary: str, body: dict[str, Any], *more: Any, text: str = "") -> Operation:
    return Operation(
        id_,
        summary,
        Role.TILL,
        "rev",
        text,
        answer=models.ReceiptView,
        body=body,
        rev=True,
        key="optional",
        faults=more,
    )


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "required"}


_ADD = _edit(
    "addLine",
    "Add a line",
    change_schema(commands.AddLine, commands.LineData),
    *_LINE,
    faults.LineLimit,
)
_CHANGE = _edit(
    "changeLine",
    "Change a line",
    _optional(change_schema(commands.ChangeLine, commands.LineData)),
    *_LINE,
    faults.LineUnknown,
    text="Fields that are left out stay as they are; `discount_percent` and `article` are removed "
    "by `null`.",
)
_REMOVE = _edit(
    "removeLine",
    "Remove a line",
    change_schema(commands.RemoveLine),
    *_CHANGED,
    faults.LineUnknown,
)
_DISCOUNT = _edit(
    "setDiscount",
    "Set or remove the discount on the whole receipt",
    change_schema(commands.SetDiscount),
    *_CHANGED,
    faults.DiscountImpossible,
    text="Either `percent` or `cents`; neither removes it.",
)
_CUSTOMER = _edit(
    "setCustomer",
    "Set or remove the customer",
    change_schema(commands.SetCustomer),
    *_CHANGED,
    text="`customer: null` removes it.",
)
_PAY = Operation(
    "pay",
    "Record a payment",
    Role.TILL,
    "key",
    "Cash: `given_cents` is what lay on the counter, the change is worked out; without an amount "
    "the rest is paid exactly.",
    answer=models.ReceiptView,
    body=change_schema(commands.Pay, commands.PaymentData),
    rev=True,
    key="required",
    faults=(*_CHANGED, faults.PaymentExceeds, faults.PaymentUnsupported, faults.KeyReused),
)
_REMOVE_PAYMENT = _edit(
    "removePayment",
    "Give a cash payment back",
    change_schema(commands.RemovePayment),
    *_CHANGED,
    faults.PaymentUnknown,
)
