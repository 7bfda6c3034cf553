"""Documents as asello's answers show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.model.exchange import LocalCall
from bridge.vendors.asello.names import Names, entries_in, kept, object_in, of_run
from bridge.vendors.engine.faults import CallInvalid, RecordUnknown, VendorBroken
from bridge.vendors.engine.spec import Accepted, Draft, Run, Session
from bridge.vendors.engine.wire import Answer, Request, segment, target
from drivers.contract.fault import Fault

VIENNA = ZoneInfo("Europe/Vienna")
"""Times without a zone are taken as Austrian local time."""

NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A receipt that exists at asello's. What its answer does not tell in a way we know is
    ``None``; ``total`` is in cents."""

    id: str | None = None
    number: str | None = None
    register: str | None = None
    code: str | None = None
    time: str | None = None
    total: int | None = None
    reference: str | None = None
    parked: str | None = None

    @property
    def printable(self) -> bool:
        """Whether it may be printed as valid: number, register and code are there."""
        return None not in (self.id, self.number, self.register, self.code)

    def values(self) -> dict[str, Any]:
        """Return own fields for a local answer."""
        found = {
            "document": self.id,
            "number": self.number,
            "register": self.register,
            "code": self.code,
            "time": self.time,
            "total_cents": self.total,
            "reference": self.reference,
            "parked_id": self.parked,
        }
        return {name: value for name, value in found.items() if value is not None}

    def begun_ms(self) -> int | None:
        """Return when it was made, UTC ms, ``None`` if that cannot be told."""
        try:
            time = datetime.fromisoformat(self.time or "")
            if time.tzinfo is None:
                time = time.replace(tzinfo=VIENNA)
            return int(time.timestamp() * 1000)
        except (ValueError, OverflowError):
            return None


def document(value: Any, names: Names) -> Document:
    """Read a document. Raises ``VendorBroken`` for what cannot be one."""
    body = object_in(value)
    total = body.get(names.document_total)
    found = Document(
        id=_text(body.get(names.document_id)),
        number=_text(body.get(names.document_number)),
        register=_text(body.get(names.document_register)),
        code=_text(body.get(names.document_code)),
        time=_text(body.get(names.document_time)),
        total=total if type(total) is int else None,
        reference=_text(body.get(names.reference)),
        parked=_text(body.get(names.document_parked)),
    )
    if found.id is None and found.number is None:
        message = f"neither {names.document_id!r} nor {names.document_number!r}"
        raise VendorBroken(message)
    return found


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


# Reading


def one_request(number: str, names: Names) -> Request:
    """Return the question for one document. Raises ``RecordUnknown`` for what is no id."""
    return Request(method="GET", target=f"{names.receipts_path}/{checked_id(number)}")


def list_request(reference: str, names: Names) -> Request:
    """Return the question for the documents with a reference."""
    return Request(method="GET", target=target(names.receipts_path, {names.reference: reference}))


def checked_id(number: str) -> str:
    """Return an id as part of a path. Raises ``RecordUnknown`` for what cannot be one."""
    if not number or not number.strip(".") or len(number) > 128 or not number.isprintable():
        message = f"no id can look like {number[:40]!r}"
        raise RecordUnknown(message)
    return segment(number)


async def build_one(call: LocalCall, session: Session) -> Draft:
    """Fetch a document by its number."""
    names = session.settings.names
    return Draft(request=one_request(call.path["id"], names), facts={"names": kept(names)})


def accept_one(answer: Answer, run: Run) -> Accepted:
    """Understand one document."""
    return Accepted(values=document(answer.json(), of_run(run)).values())


async def build_list(call: LocalCall, session: Session) -> Draft:
    """Fetch the documents with a reference."""
    reference = call.parameter("reference")
    if not reference:
        raise CallInvalid.at("/reference", "which one? Say ?reference=…")
    names = session.settings.names
    return Draft(request=list_request(reference, names), facts={"names": kept(names)})


def accept_list(answer: Answer, run: Run) -> Accepted:
    """Understand a list of documents."""
    names = of_run(run)
    found = [document(each, names) for each in entries_in(answer.json(), names)]
    return Accepted(values={"receipts": [each.values() for each in found]})


def not_there(answer: Answer, run: Run) -> Fault | None:
    """Say that a thing is not there, instead of a refusal."""
    if answer.status != NOT_FOUND:
        return None
    return RecordUnknown(f"asello does not know it ({run.operation})")
