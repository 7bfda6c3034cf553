"""Understands Flexi's answers to imports. Texts are in the language of Flexi's user: they are
shown, never compared."""

from __future__ import annotations

from typing import Any

from bridge.vendors.engine.faults import VendorBroken, VendorRejected
from bridge.vendors.engine.spec import Accepted, Run
from bridge.vendors.engine.wire import Answer
from bridge.vendors.flexi.names import ERROR_CODE, ERROR_FIELD, ROOT
from bridge.vendors.flexi.remainder import TABLE, refusals
from bridge.vendors.flexi.xml_in import Element, XmlUnreadable, read

_SAID_NO = frozenset({400, 404, 405, 406, 409, 422})
_MOST = 20
_LONGEST = 500


def accept_import(answer: Answer, run: Run) -> Accepted:
    """Understand a good status: ``success`` in the body decides. Raises ``VendorRejected``,
    ``VendorBroken``."""
    root = _root(answer)
    match root.value("success"):
        case "true":
            return Accepted(values=_values(root, run), warnings=_warnings(root))
        case "false":
            raise _rejected(answer, root, run)
        case _:
            raise VendorBroken(f"status {answer.status} without success")


def refused_import(answer: Answer, run: Run) -> VendorRejected | None:
    """Explain a refusal; ``None`` if the answer is none of Flexi's own."""
    if answer.status not in _SAID_NO:
        return None
    try:
        return _rejected(answer, _root(answer), run)
    except VendorBroken:
        return None


def _root(answer: Answer) -> Element:
    try:
        root = read(answer.content)
    except XmlUnreadable as error:
        raise VendorBroken(f"status {answer.status} with no XML: {error}") from None
    if root.name != ROOT:
        raise VendorBroken(f"status {answer.status} with XML that is no {ROOT}")
    return root


def _values(root: Element, run: Run) -> dict[str, Any]:
    results = [
        {child.name: child.text for child in result.children if not child.children}
        for group in root.all("results")
        for result in group.all("result")
    ]
    values: dict[str, Any] = {
        "success": True,
        "stats": {each.name: each.text for group in root.all("stats") for each in group.children},
        "results": results,
    }
    documents = dict.fromkeys(each["paying"] for each in run.draft.facts.get("payments", ()))
    if paying := " ".join(filter(None, documents)):
        values["paying_document"] = paying
    if (would := run.draft.facts.get("would")) is not None:
        values["would"] = would
    return values


def _warnings(root: Element) -> tuple[dict[str, str], ...]:
    return tuple(
        {"code": "flexi_warning", "text": each.text[:_LONGEST], **_about(each)}
        for each in root.walk()
        if each.name == "warning"
    )[:_MOST]


def _about(element: Element) -> dict[str, str]:
    field = element.attributes.get(ERROR_FIELD, "")
    return {"pointer": field} if field else {}


def _rejected(answer: Answer, root: Element, run: Run) -> VendorRejected:
    errors = [
        {"text": each.text[:_LONGEST], **_named(each)}
        for each in root.walk()
        if each.name == "error" or (each.name == "message" and each.text)
    ][:_MOST]
    facts: dict[str, Any] = {"vendor_status": answer.status, "errors": errors}
    if (would := run.draft.facts.get("would")) is not None:
        facts["would"] = would
    name = run.draft.facts.get("remainder", "")
    if answer.status == 400 and name in TABLE:
        facts["hints"] = [
            f"With remainder {name!r} Flexi refuses when {x}." for x in refusals(name)
        ]
    return VendorRejected(f"Flexi refused with status {answer.status}", **facts)


def _named(element: Element) -> dict[str, str]:
    names = {"code": ERROR_CODE, "field": ERROR_FIELD}
    return {
        ours: element.attributes[theirs]
        for ours, theirs in names.items()
        if theirs in element.attributes
    }
