"""ABRA Flexi: invoices paid in cash at the counter, by its REST API in XML."""

from __future__ import annotations

from bridge.model.exchange import JSON, LocalCall, Parameter
from bridge.model.roles import Role
from bridge.vendors.engine.auth import BasicAuth, Chosen, TokenLogin, needed, text_at
from bridge.vendors.engine.faults import VendorAuthFailed
from bridge.vendors.engine.spec import (
    Auth,
    Gate,
    Kind,
    Offline,
    Operation,
    Settlement,
    Vendor,
)
from bridge.vendors.engine.wire import Answer, Request, json_body
from bridge.vendors.flexi.answers import accept_import, refused_import
from bridge.vendors.flexi.drafts import XML, draft_check, draft_payment, draft_raw
from bridge.vendors.flexi.names import settled_invoice
from bridge.vendors.flexi.payment import CashPayment
from bridge.vendors.flexi.reads import (
    PAY,
    accept_invoice,
    check,
    draft_invoice,
    payment_state,
)
from bridge.vendors.flexi.sending import after, before_payment, before_raw, reconcile
from bridge.vendors.flexi.settings import SECRETS, FlexiSettings
from bridge.vendors.flexi.xml_in import MAX_BYTES

_READ_S = 60.0
"""The first request after a start of Flexi takes up to 20 s; a slow one must not become a payment
of which nobody knows."""

_ALLOW_DUPLICATE = Parameter(
    "X-Allow-Duplicate", "1: pay once more each time, renouncing an id of one's own"
)


def _login(gate: Gate) -> Request:
    body = {
        "username": needed(gate, "user").reveal(),
        "password": needed(gate, "password").reveal(),
    }
    return Request(
        method="POST",
        target="/login-logout/login.json",
        content=json_body(body),
        content_type=JSON,
    )


def _session_id(answer: Answer) -> str:
    body = answer.json()
    if isinstance(body, dict) and body.get("success") is False:
        raise VendorAuthFailed("the log-in was refused", vendor_status=answer.status)
    return text_at(answer, "authSessionId")


_BASIC = BasicAuth("user", "password")
_SESSION = TokenLogin(build=_login, extract=_session_id, header="X-authSessionId")


def _way(gate: Gate) -> Auth:
    return _SESSION if gate.settings.auth == "session" else _BASIC


def _settle(settlement: Settlement) -> tuple[str, LocalCall]:
    """Pay an invoice in cash by what a receipt took for it. ``castecnaUhrada`` is right for a part
    as for the whole, however ``castka`` is read."""
    euros, cents = divmod(settlement.cents, 100)
    body = {
        "invoice": settled_invoice(settlement.invoice),
        "kind": settlement.kind,
        "amount": f"{euros}.{cents:02d}",
        "paid_on": settlement.date,
        "remainder": "castecnaUhrada",
    }
    return PAY, LocalCall(method="POST", headers={"content-type": JSON}, body=json_body(body))


VENDOR = Vendor(
    name="flexi",
    title="ABRA Flexi",
    settings=FlexiSettings,
    secrets=SECRETS,
    auth=Chosen((_BASIC, _SESSION), _way),
    check=check,
    settle=_settle,
    redact=("authSessionId",),
    read_timeout_s=_READ_S,
    operations=(
        Operation(
            name="invoice",
            kind=Kind.READ,
            method="GET",
            path="/invoices/{id}",
            summary="Read an invoice and what of it is still open",
            text="id: a number, code:…, ext:…; a text without a prefix is a code.",
            build=draft_invoice,
            accept=accept_invoice,
            query=(
                Parameter(
                    "kind",
                    "issued (default) or received",
                    {"type": "string", "enum": ["issued", "received"]},
                ),
                Parameter(
                    "by",
                    "id (default), or number: digits alone are the number on the invoice, as in "
                    "a line that settles it",
                    {"type": "string", "enum": ["id", "number"]},
                ),
            ),
        ),
        Operation(
            name="check",
            kind=Kind.READ,
            method="POST",
            path="/cash-payments/check",
            summary="Try a cash payment out; nothing is stored",
            text="Flexi validates everything; `would` is what the table of remainders says.",
            build=draft_check,
            accept=accept_import,
            refused=refused_import,
            body=CashPayment.model_json_schema(),
        ),
        Operation(
            name=PAY,
            kind=Kind.KEYED,
            method="POST",
            path="/cash-payments",
            summary="Pay an invoice in cash, exactly once",
            text="Also takes Flexi's own document (application/xml), sent as it is. After a "
            "time-out repeat with the same key.",
            build=draft_payment,
            accept=accept_import,
            refused=refused_import,
            before=before_payment,
            reconcile=reconcile,
            after=after,
            offline=Offline.QUEUE,
            tries_500=1,
            body=CashPayment.model_json_schema(),
            headers=(_ALLOW_DUPLICATE,),
            max_body=MAX_BYTES,
        ),
        Operation(
            name="payment",
            kind=Kind.LOCAL,
            method="GET",
            path="/cash-payments/{id}",
            summary="Say how a payment stands and show its cash document",
            text="id: a run, or a cash document (ext:…, code:…, number).",
            local=payment_state,
        ),
        Operation(
            name="xml",
            kind=Kind.ONCE,
            method="POST",
            path="/xml/{evidence}",
            summary="Import a document of Flexi's own, sent byte by byte",
            text="Payments with an id of their own (uhrazujiciDokl) are found again after a lost "
            "answer; without one the header X-Allow-Duplicate: 1 is needed.",
            role=Role.TECHNICIAN,
            build=draft_raw,
            accept=accept_import,
            refused=refused_import,
            before=before_raw,
            reconcile=reconcile,
            after=after,
            tries_500=1,
            media=XML,
            query=(
                Parameter("dry-run", "true: validate everything, store nothing"),
                Parameter("fail-on-warning", "true: warnings are errors"),
            ),
            headers=(_ALLOW_DUPLICATE,),
            max_body=MAX_BYTES,
        ),
    ),
)
