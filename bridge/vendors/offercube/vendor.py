"""offer-cube as the engine sees it: operations, log-in, settlement of invoices in the shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model.exchange import JSON, LocalCall
from bridge.model.money import format_cents
from bridge.vendors.engine.spec import (
    Kind,
    Offline,
    Operation,
    SecretName,
    Settlement,
    Vendor,
)
from bridge.vendors.engine.wire import json_body
from bridge.vendors.offercube.actions import before_pay, before_send, build_pay, build_send
from bridge.vendors.offercube.answers import accept
from bridge.vendors.offercube.assumed import ANNOTATION_LENGTH, FORM
from bridge.vendors.offercube.schema import check, local_schema
from bridge.vendors.offercube.session import SidSession
from bridge.vendors.offercube.settings import CubeSettings
from drivers.contract.fault import Text

NO_RECONCILE = "offer-cube documents no call that tells what became of a request"

_MOMENT = {
    "oneOf": [
        {"type": "integer", "minimum": 0, "description": "unix seconds"},
        {"type": "string", "description": "2026-11-21T10:00:00+01:00 or 2026-11-21"},
    ]
}
_ID = {"type": "integer", "minimum": 1, "description": "offer-cube's internal invoice id"}
_SEND = {
    "id": _ID,
    "sendtype": {
        "type": "integer",
        "enum": [1, 2],
        "description": "1 letter (PDF only), 2 e-mail; left out: 1",
    },
    "email": {
        "type": "string",
        "description": "recipient; left out: the invoice's `site_email`",
    },
    "invoice_dt": {**_MOMENT, "description": "date of the invoice; left out: now"},
    "duepayment_dt": {
        **_MOMENT,
        "description": "due date; left out: invoice_dt + offer-cube's paymentTargetOffset",
    },
}
_PAY = {
    "id": _ID,
    "paid_dt": {**_MOMENT, "description": "when it was paid; left out: the time of this call"},
    "annotation": {
        "type": "string",
        "maxLength": ANNOTATION_LENGTH,
        "description": "internal note, e.g. the receipt's number",
    },
    "force": {
        "type": "boolean",
        "description": "pay although this box has paid the invoice before; not sent",
    },
}


def _body(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    found = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**found, "required": list(required)} if required else found


_SEND_TEXT = (
    "With `sendtype` 2 each call mails again: after a lost answer the run becomes `unknown`, and a "
    "mail that could not leave for 24 hours is not sent any more. With `sendtype` 1 only the PDF "
    "is made; that may be repeated. The body is JSON or offer-cube's own form."
)
_PAY_TEXT = (
    "Marks the invoice as paid, with the time given (or of this call) however late it arrives, and "
    "makes an entry of incomes and expenses. Waits in line while offer-cube cannot be reached. An "
    "invoice that this box has paid before is refused (409 `already_done`) unless `force` is true. "
    "After a lost answer the run becomes `unknown`: look it up in offer-cube, then resolve it. The "
    "body is JSON or offer-cube's own form."
)


def _action(name: str, path: str, summary: str, **more: Any) -> Operation:
    return Operation(
        name=name,
        kind=Kind.ONCE,
        method="POST",
        path=path,
        summary=summary,
        accept=accept,
        no_reconcile=NO_RECONCILE,
        offline=Offline.QUEUE,
        unsafe_get=True,
        # The web room takes JSON in any case; this lets offer-cube's own form in, too.
        media=FORM,
        **more,
    )


_SENDING: Mapping[str, Any] = {
    "title": Text("Rechnung verschicken", "Send an invoice"),
    "text": _SEND_TEXT,
    "build": build_send,
    "before": before_send,
}
_PAYING: Mapping[str, Any] = {
    "title": Text("Rechnung als bezahlt melden", "Report an invoice as paid"),
    "text": _PAY_TEXT,
    "build": build_pay,
    "before": before_pay,
}
_BY_BODY = "The same with the invoice's id in the body"


def settle(settlement: Settlement) -> tuple[str, LocalCall]:
    """Return the call that reports an invoice paid in the shop.

    offer-cube's ``pay`` has no amount: it pays the whole invoice. What the receipt took is in the
    annotation.
    """
    annotation = (
        f"Beleg {settlement.number}, Kasse {settlement.register}, "
        f"EUR {format_cents(settlement.cents)}"
    )
    body = {"paid_dt": settlement.time // 1000, "annotation": annotation}
    call = LocalCall(
        method="POST",
        path={"id": settlement.invoice},
        headers={"content-type": JSON},
        body=json_body(body),
    )
    return "pay", call


VENDOR = Vendor(
    name="offercube",
    title="offer-cube",
    settings=CubeSettings,
    secrets=(
        SecretName("sid", "session id, where it is given once for all", required=False),
        SecretName("user", "user of the log-in ([vendor.options.login])", required=False),
        SecretName("password", "password of the log-in", required=False),
    ),
    auth=SidSession(),
    check=check,
    settle=settle,
    redact=("sid",),
    operations=(
        Operation(
            name="schema",
            kind=Kind.READ,
            method="GET",
            path="/schema/{module}",
            summary="Read the schema of a module; asked for once a day",
            title=Text("Schema lesen", "Read a schema"),
            text="`module` is `invoice` or `dunning`. The answer is at most a day old.",
            local=local_schema,
        ),
        _action(
            "send",
            "/invoices/{id}/send",
            "Send an invoice, or make its PDF",
            body=_body(_SEND),
            **_SENDING,
        ),
        _action("sendByBody", "/invoices/send", _BY_BODY, body=_body(_SEND, "id"), **_SENDING),
        _action(
            "pay", "/invoices/{id}/pay", "Mark an invoice as paid", body=_body(_PAY), **_PAYING
        ),
        _action("payByBody", "/invoices/pay", _BY_BODY, body=_body(_PAY, "id"), **_PAYING),
    ),
)
"""What the engine loads."""
