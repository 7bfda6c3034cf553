"""The two actions of module ``invoice``: ``send`` and ``pay``.

offer-cube acts on them at every request, also on a plain GET, and says nowhere how to ask what
became of one. So a request whose answer is lost ends as ``unknown``; only a letter (a PDF made
anew) may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import AlreadyDone, CallInvalid, NeedsDecision
from bridge.vendors.engine.spec import Draft, Kind, Run, Session, State
from bridge.vendors.engine.wire import Request, target
from bridge.vendors.offercube import assumed
from bridge.vendors.offercube.answers import ACCEPT, Reading
from bridge.vendors.offercube.bodies import (
    INVOICE_ID,
    LETTER,
    MAIL,
    OWN,
    Body,
    PayBody,
    SendBody,
    fields_of,
    form,
    read,
)
from bridge.vendors.offercube.settings import CubeSettings

PAYMENTS = ("pay", "payByBody")
"""Operations that pay an invoice."""

_NOT_PAID = frozenset({State.FAILED})
"""States of runs by which an invoice surely was not paid."""

_SENDTYPE_ABSENT = {
    "code": "sendtype_absent",
    "text": "sendtype is missing: offer-cube's table asks for it, its text reads it as PDF only; "
    "sent as 1 (letter)",
    "pointer": "/sendtype",
}
_EMAIL_UNUSED = {
    "code": "email_unused",
    "text": "nothing is mailed with sendtype 1: the address is sent, but offer-cube has no use "
    "for it",
    "pointer": "/email",
}


async def build_send(call: LocalCall, session: Session) -> Draft:
    """Draft ``send``. Raises ``CallInvalid``, ``PriceIsComputed``."""
    fields, given = fields_of(call)
    body: SendBody = read(SendBody, fields, _zone(session))
    invoice = _invoice(call, body)
    out = _outgoing(fields, body)
    warnings = []
    if body.sendtype is None:
        if session.strict:
            raise CallInvalid.at("/sendtype", "is missing: 1 (letter) or 2 (e-mail)")
        out["sendtype"] = LETTER
        warnings.append(_SENDTYPE_ABSENT)
    mail = body.sendtype == MAIL
    if body.email is not None and not mail:
        warnings.append(_EMAIL_UNUSED)
    return Draft(
        request=_request("send", call, invoice, form(out, given), session),
        order=_order(invoice),
        kind=Kind.ONCE if mail else Kind.UPSERT,
        facts={**Reading.of(session.settings).as_facts(), "needs_pdf": True, "mail": mail},
        summary={"invoice": str(invoice), "sendtype": out["sendtype"]},
        warnings=tuple(warnings),
    )


async def build_pay(call: LocalCall, session: Session) -> Draft:
    """Draft ``pay``. The payment's time is always sent: by default that of this call, so that an
    order that has to wait does not change the day of the payment.

    Raises ``CallInvalid``, ``PriceIsComputed``, ``AlreadyDone``.
    """
    fields, given = fields_of(call)
    body: PayBody = read(PayBody, fields, _zone(session))
    invoice = _invoice(call, body)
    if not body.force:
        await _refuse_second(session, str(invoice), _NOT_PAID)
    out = _outgoing(fields, body)
    out.setdefault("paid_dt", int(session.clock.now().timestamp()))
    summary = {"invoice": str(invoice), "paid_dt": out["paid_dt"]}
    if body.annotation is not None:
        summary["annotation"] = body.annotation
    return Draft(
        request=_request("pay", call, invoice, form(out, given), session),
        order=_order(invoice),
        facts={
            **Reading.of(session.settings).as_facts(),
            "needs_pdf": False,
            "paid_dt": out["paid_dt"],
            "force": body.force,
        },
        summary=summary,
    )


async def before_send(run: Run, session: Session) -> None:
    """Stop a mail that waited too long: the customer has got the invoice otherwise by then, or
    wonders about it. Raises ``NeedsDecision``."""
    if not run.draft.facts["mail"]:
        return
    waited = session.clock.now().timestamp() - run.created / 1000
    if waited > assumed.MAIL_LIFE_S:
        message = f"the mail has waited {int(waited // 3600)} hours; it was not sent"
        raise NeedsDecision(message, invoice=run.draft.summary["invoice"])


async def before_pay(run: Run, session: Session) -> None:
    """Look once more whether the box has paid the invoice before: of two orders at the same
    moment neither saw the other. Those that still wait come after this one.

    Raises ``AlreadyDone``.
    """
    if not run.draft.facts["force"]:
        await _refuse_second(session, run.draft.summary["invoice"], _NOT_PAID | {State.QUEUED})


async def _refuse_second(session: Session, invoice: str, harmless: frozenset[State]) -> None:
    for operation in PAYMENTS:
        for earlier in await session.runs(operation, invoice=invoice):
            if earlier.state not in harmless:
                message = f"run {earlier.id} ({earlier.state}) is a payment of invoice {invoice}"
                raise AlreadyDone(
                    message,
                    run=earlier.id,
                    state=str(earlier.state),
                    paid_dt=earlier.draft.summary["paid_dt"],
                )


def _zone(session: Session) -> ZoneInfo:
    settings: CubeSettings = session.settings
    return ZoneInfo(settings.time_zone)


def _invoice(call: LocalCall, body: Body) -> int:
    """Return the invoice that path and body agree on. Raises ``CallInvalid``."""
    named = call.path.get("id")
    if named is None:
        if body.id is None:
            raise CallInvalid.at("/id", "is missing")
        return body.id
    if not re.fullmatch(INVOICE_ID, named):
        raise CallInvalid.at("", "the invoice's id in the path is a whole number")
    invoice = int(named)
    if body.id not in (None, invoice):
        raise CallInvalid.at("/id", "is not the invoice of the path")
    return invoice


def _order(invoice: int) -> str:
    return f"invoice:{invoice}"


def _outgoing(fields: Mapping[str, Any], body: Body) -> dict[str, Any]:
    """Return what is sent of a caller's fields, in their order."""
    named = {name: getattr(body, name) for name in fields if name not in OWN}
    return {name: value for name, value in named.items() if value is not None}


def _request(
    action: str, call: LocalCall, invoice: int, content: bytes, session: Session
) -> Request:
    settings: CubeSettings = session.settings
    if "id" in call.path:
        path = f"/{settings.tenant}/s/invoice/{action}/{invoice}"
    else:
        path = assumed.ACTION_WITHOUT_ID.format(
            tenant=settings.tenant, module="invoice", action=action
        )
    return Request(
        method="POST",
        target=target(path, {"output": settings.output}),
        content=content,
        content_type=assumed.FORM,
        accept=ACCEPT[settings.output],
    )
