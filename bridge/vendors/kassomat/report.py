"""The ELSTER report of a completed return: confidential, fetched once, kept."""

from __future__ import annotations

from urllib.parse import urlsplit

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.faults import VendorBroken, VendorRejected
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import Request
from bridge.vendors.kassomat.answers import assessment_of
from bridge.vendors.kassomat.faults import ReportElsewhere, ReportNotReady
from bridge.vendors.kassomat.returns import uri_of

MEDIA = "application/pdf"

_MAGIC = b"%PDF-"


async def report(call: LocalCall, session: Session) -> LocalAnswer:
    """Answer the report of a return.

    Raises ``ReportNotReady`` unless the return is completed, ``ReportElsewhere`` when it is said
    to be on another host, ``VendorBroken`` when no PDF comes, and what ``uri_of`` raises.
    """
    uri = await uri_of(call, session)
    name = f"report{uri}"
    content = await session.memory.blob(name)
    if content is None:
        content = await _fetch(await _place(uri, session), session)
        await session.memory.put_blob(name, content)
    return LocalAnswer(body=content, media_type=MEDIA, headers={"Cache-Control": "no-store"})


async def _place(uri: str, session: Session) -> str:
    answer = await session.read(Request(method="GET", target=uri))
    if not answer.ok:
        raise VendorRejected(f"GET {uri} was answered {answer.status}", vendor_status=answer.status)
    found = assessment_of(answer)
    path, status = found.get("pdf"), found.get("status")
    if status != "completed" or not path:
        raise ReportNotReady(f"the return is {status}", state=str(status))
    return same_host(path, session.base_url)


def same_host(path: object, base_url: str) -> str:
    """Return the path of a report at the vendor's own address. Raises ``ReportElsewhere``."""
    if isinstance(path, str) and path.isascii() and path.isprintable():
        base = f"{base_url}/"
        path = f"/{path.removeprefix(base)}" if path.startswith(base) else path
        parts = urlsplit(path)
        plain = not any(mark in path for mark in ("\\", "//", "..", " "))
        if plain and not parts.scheme and not parts.netloc and path.startswith("/"):
            return path
    raise ReportElsewhere("the report's address is no path of the vendor's own host")


async def _fetch(path: str, session: Session) -> bytes:
    request = Request(method="GET", target=path, accept="", anonymous=True)
    answer = await session.read(request)
    if not answer.ok:
        raise VendorRejected(
            f"the report was answered {answer.status}", vendor_status=answer.status
        )
    if not answer.content.startswith(_MAGIC):
        raise VendorBroken("what came instead of the report is no PDF")
    return answer.content
