"""The vendors' operations as calls of the local API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall, LocalRoute, Parameter
from bridge.vendors.engine.keys import DEMANDED, OFFERED
from bridge.vendors.engine.spec import Kind, Operation, Vendor

RETRY: Mapping[Kind, str] = {
    Kind.READ: "Repeat it freely.",
    Kind.UPSERT: "Repeat it freely: the same call again gives the same state.",
    Kind.KEYED: "Repeat it with the same Idempotency-Key; the box does it once.",
    Kind.ONCE: (
        "Repeat it only with the same Idempotency-Key; never with a new one before the run's "
        "outcome is known."
    ),
    Kind.LOCAL: "Repeat it freely: it stays in the box.",
}
"""What a program may do after a time-out, by class."""

KEY = Parameter(
    "Idempotency-Key",
    "One new key per command, the same one with each repetition.",
    {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
)
PREFER = Parameter("Prefer", "`respond-async`: do not wait, answer 202 at once.")

Handler = Callable[[LocalCall], Awaitable[LocalAnswer]]


def route(vendor: Vendor, operation: Operation, handle: Handler) -> LocalRoute:
    """Return the call of one operation."""
    headers = [*operation.headers]
    if operation.kind in OFFERED:
        demanded = operation.kind in DEMANDED
        headers.append(Parameter(KEY.name, KEY.text, KEY.schema, required=demanded))
        headers.append(PREFER)
    return LocalRoute(
        method=operation.method,
        path=f"/v1/vendors/{vendor.name}{operation.path}",
        id=route_id(vendor, operation.name),
        summary=operation.summary,
        handle=handle,
        role=operation.role,
        text=operation.text,
        tag=vendor.title,
        kind=str(operation.kind),
        retry=RETRY[operation.kind],
        body=operation.body,
        media=operation.media,
        query=operation.query,
        headers=tuple(headers),
        max_body=operation.max_body,
    )


def route_id(vendor: Vendor, name: str) -> str:
    """Return the id of an operation in the description: ``flexi`` and ``pay`` give ``flexiPay``."""
    words = name.replace("-", "_").split("_")
    return vendor.name + "".join(word[:1].upper() + word[1:] for word in words)


def operations(vendor: Vendor, language: str) -> tuple[Mapping[str, Any], ...]:
    """Return what is told of a vendor's operations beside the description of the whole API."""
    return tuple(_described(vendor, each, language) for each in vendor.operations)


def _described(vendor: Vendor, operation: Operation, language: str) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "name": operation.name,
        "title": operation.title.in_language(language) if operation.title else operation.summary,
        "class": str(operation.kind),
        "method": operation.method,
        "path": f"/v1/vendors/{vendor.name}{operation.path}",
        "role": str(operation.role),
        "summary": operation.summary,
        "retry": RETRY[operation.kind],
    }
    if operation.body is not None:
        told["schema"] = dict(operation.body)
        told["media"] = operation.media
    return told
