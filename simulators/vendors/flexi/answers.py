"""Answers of the REST service, as XML or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from simulators.vendors.flexi import assumed
from simulators.vendors.flexi.books import CashDocument, InternalDocument, Invoice, Record
from simulators.vendors.flexi.importing import Outcome
from simulators.vendors.flexi.payments import ImportRefused

_MEDIA = {"xml": "application/xml", "json": "application/json"}
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<winstrom version="1.0">'


def formats() -> frozenset[str]:
    """Return the extensions of addresses that are served."""
    return frozenset(_MEDIA)


def _respond(text: str, ext: str, status: int) -> Response:
    return Response(text.encode(), status, media_type=_MEDIA[ext])


def imported(outcome: Outcome, ext: str, company: str, *, status: int, dry: bool) -> Response:
    """Answer a good import; ids of a dry run are temporary."""
    stats = {
        "created": outcome.created,
        "updated": outcome.updated,
        "deleted": 0,
        "skipped": outcome.skipped,
        "failed": 0,
    }
    results = [
        {
            "id": f"-{number}" if dry else str(number),
            "request-id": requested,
            "ref": f"/c/{company}/{evidence}/{number}.{ext}",
        }
        for number, requested, evidence in outcome.results
    ]
    if ext == "json":
        body = {
            "winstrom": {
                "@version": "1.0",
                "success": "true",
                "stats": {name: str(count) for name, count in stats.items()},
                "results": results,
            }
        }
        return _respond(json.dumps(body), ext, status)
    return _respond(
        f"{_HEAD}<success>true</success>{_stats(stats)}<results>"
        + "".join(f"<result>{_elements(each)}</result>" for each in results)
        + "</results></winstrom>",
        ext,
        status,
    )


def refused(refusal: ImportRefused, ext: str, *, nested: bool) -> Response:
    """Answer status 400 in one of the two documented forms."""
    if ext == "json":
        error = {"message": refusal.text, assumed.ERROR_CODE: refusal.code}
        if refusal.field:
            error[assumed.ERROR_FIELD] = refusal.field
        result = {"request-id": refusal.record, "errors": [error]}
        body = {"winstrom": {"@version": "1.0", "success": "false", "results": [result]}}
        return _respond(json.dumps(body), ext, 400)
    attributes = f" {assumed.ERROR_CODE}={quoteattr(refusal.code)}"
    if refusal.field:
        attributes += f" {assumed.ERROR_FIELD}={quoteattr(refusal.field)}"
    error_text = f"<error{attributes}>{escape(refusal.text)}</error>"
    if nested:
        error_text = f"<errors>{error_text}</errors>"
    stats = {"created": 0, "updated": 0, "deleted": 0, "skipped": 0, "failed": 1}
    return _respond(
        f"{_HEAD}<success>false</success>{_stats(stats)}<results><result>"
        f"<id>{escape(refusal.record)}</id>{error_text}</result></results></winstrom>",
        ext,
        400,
    )


def problem(status: int, message: str, ext: str = "xml") -> Response:
    """Answer an error that concerns no record."""
    if ext == "json":
        body = {"winstrom": {"@version": "1.0", "success": "false", "message": message}}
        return _respond(json.dumps(body), ext, status)
    return _respond(
        f"{_HEAD}<success>false</success><message>{escape(message)}</message></winstrom>",
        "xml",
        status,
    )


def records(evidence: str, found: Sequence[Record], ext: str) -> Response:
    """Answer a read."""
    rows = [_fields(each) for each in found]
    if ext == "json":
        body = {"winstrom": {"@version": "1.0", evidence: rows}}
        return _respond(json.dumps(body, ensure_ascii=False), ext, 200)
    inner = "".join(f"<{evidence}>{_elements(row)}</{evidence}>" for row in rows)
    return _respond(f"{_HEAD}{inner}</winstrom>", ext, 200)


def companies(names: Sequence[str], ext: str) -> Response:
    """Answer the list of companies."""
    rows = [{"dbNazev": name} for name in names]
    if ext == "json":
        return _respond(json.dumps({"companies": {"company": rows}}), ext, 200)
    inner = "".join(f"<company>{_elements(row)}</company>" for row in rows)
    return _respond(f"<companies>{inner}</companies>", ext, 200)


def _stats(stats: Mapping[str, int]) -> str:
    return f"<stats>{_elements(stats)}</stats>"


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())


def _fields(record: Record) -> dict[str, str]:
    fields = {"id": str(record.id), "kod": record.kod}
    if record.ext:
        fields["external-ids"] = " ".join(f"ext:{each}" for each in record.ext)
    match record:
        case Invoice():
            fields |= {
                "sumCelkem": _money(record.total),
                "zbyvaUhradit": _money(record.open),
                "stavUhrK": _paid_state(record),
                "mena": f"code:{record.currency}",
                "nazFirmy": record.name,
                "storno": str(record.cancelled).lower(),
                "zamekK": record.lock,
            }
        case CashDocument():
            fields |= {
                "pokladna": f"code:{record.register}",
                "typDokl": f"code:{record.type}",
                "rada": f"code:{record.series}",
                "typPohybuK": record.direction,
                "datVyst": record.date,
                "sumCelkem": _money(record.amount),
                "sparovano": str(record.paired).lower(),
                "zuctovano": "true",
            }
        case InternalDocument():
            fields |= {"sumCelkem": _money(record.amount), "datVyst": record.date}
    return fields


def _money(amount: Decimal) -> str:
    """Return an amount as Flexi writes it: a dot, at least one decimal."""
    text = f"{amount:.2f}"
    return text.removesuffix("0")


def _paid_state(invoice: Invoice) -> str:
    if invoice.open <= 0:
        return "stavUhr.uhrazeno"
    return "stavUhr.castUhr" if invoice.paid else ""
