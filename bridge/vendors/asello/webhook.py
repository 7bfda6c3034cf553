"""asello's notifications: checked, kept once, worked off later.

A notification is a hint: whose receipt it is about is found by reference and id, and those of
others are left alone. That no notification comes decides nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.asello.documents import document, one_request
from bridge.vendors.asello.ledger import parked_name, reference_name
from bridge.vendors.asello.names import Names
from bridge.vendors.engine.faults import CallInvalid, WebhookRefused
from bridge.vendors.engine.spec import Delivery, Session

SECRET = "webhook_secret"  # noqa: S105 - the secret's name
CREATED = frozenset({"receipt.created", "document.created"})
_ECHO = re.compile(r"[0-9A-Fa-f]{32}")
_SIGNATURE = re.compile(r"sha256=([0-9A-Fa-f]{64})")


def greet(call: LocalCall) -> LocalAnswer:
    """Answer the check before activation: the echo, verbatim."""
    echo = call.parameter("echo") or ""
    if not _ECHO.fullmatch(echo):
        raise CallInvalid.at("/echo", "must be 32 hexadecimal digits")
    return LocalAnswer(body=echo.encode(), media_type="text/plain")


def verify(call: LocalCall, session: Session) -> Delivery:
    """Check the signature: HMAC-SHA256 over the raw body (assumed), compared in constant time."""
    secret = session.secret(SECRET)
    if secret is None:
        message = f"the secret {SECRET!r} is not configured"
        raise VendorNotConfigured(message)
    given = _SIGNATURE.fullmatch(call.headers.get("signature", "").strip())
    if given is None:
        raise WebhookRefused("no signature of the form sha256=<64 hexadecimal digits>")
    right = hmac.new(secret.reveal().encode(), call.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.group(1).lower(), right):
        raise WebhookRefused("the signature is not that of this body")
    return _delivery(call.body)


def _delivery(raw: bytes) -> Delivery:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise CallInvalid.at("", "is no JSON") from None
    match body:
        case {"id": str(number), "notifications": list(notifications)} if number:
            kept = tuple(each for each in notifications if isinstance(each, dict))
            return Delivery(number, kept)
    raise CallInvalid.at("", "needs id (text) and notifications (list)")


async def handle(delivery: Delivery, session: Session) -> None:
    """Note what happened to receipts that this box had parked."""
    names: Names = session.settings.names
    for each in delivery.notifications:
        action, subject = each.get("action"), each.get("id")
        if isinstance(subject, bool) or not isinstance(subject, str | int):
            continue
        if action == names.aborted:
            await _aborted(str(subject), session)
        elif action in CREATED:
            await _created(str(subject), each.get(names.reference), session)


async def _aborted(parked: str, session: Session) -> None:
    known = await session.memory.get(parked_name(parked))
    if known is not None and known.get("state") != "completed":
        await session.memory.put(parked_name(parked), {**known, "state": "aborted"})


async def _created(number: str, reference: Any, session: Session) -> None:
    """Find out whose document it is. Without a reference only the document itself can tell."""
    if isinstance(reference, str) and await _parked_with(reference, session) is None:
        return
    names: Names = session.settings.names
    answer = await session.read(one_request(number, names))
    if not answer.ok:
        return
    found = document(answer.json(), names)
    parked = found.parked
    if parked is None and found.reference is not None:
        parked = await _parked_with(found.reference, session)
    known = None if parked is None else await session.memory.get(parked_name(parked))
    if parked is None or known is None:
        return
    values = found.values()
    told = {name: values[name] for name in ("number", "register", "code") if name in values}
    entry = {**known, "state": "completed", "document": number, **told}
    await session.memory.put(parked_name(parked), entry)


async def _parked_with(reference: str, session: Session) -> str | None:
    """Return the parked receipt of ours with a reference."""
    known = await session.memory.get(reference_name(reference)) or {}
    parked = known.get("parked")
    return parked if isinstance(parked, str) else None
