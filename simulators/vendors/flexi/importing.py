"""An import: a document of records, stored as a whole or not at all."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from simulators.vendors.flexi import assumed
from simulators.vendors.flexi.books import INVOICES, ZERO, Company, Invoice, find
from simulators.vendors.flexi.nodes import Node
from simulators.vendors.flexi.payments import ELEMENT, ImportRefused, Payment, pay

ROOT = "winstrom"


@dataclass(slots=True)
class Outcome:
    """``results`` are (internal id, id as requested, evidence); ``company`` is the new state."""

    company: Company
    results: list[tuple[int, str, str]] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    skipped: int = 0


def run_import(
    company: Company, root: Node, evidence: str, in_url: str, *, reading: str, today: date
) -> Outcome:
    """Return what an import makes of a company, which itself is not touched. Raises
    ``ImportRefused``."""
    if root.tag != ROOT:
        raise ImportRefused(assumed.CODE_UNKNOWN_ELEMENT, f"Root must be {ROOT}", root.tag)
    outcome = Outcome(copy.deepcopy(company))
    payments: list[Payment] = []
    record = ""
    try:
        for node in root.children:
            record = in_url or node.value("id")
            _check_evidence(node, evidence)
            invoice = _take(outcome, node, record)
            if invoice is not None:
                payments += [Payment(invoice, each) for each in _payments(node)]
        pay(outcome.company, payments, reading, today)
    except ImportRefused as refusal:
        refusal.record = refusal.record or record
        raise
    return outcome


def _check_evidence(node: Node, evidence: str) -> None:
    if node.tag not in INVOICES or node.tag != evidence:
        text = f"{node.tag} cannot be imported here"
        raise ImportRefused(assumed.CODE_UNKNOWN_ELEMENT, text, node.tag)


def _payments(node: Node) -> list[Node]:
    return [each for each in node.children if each.tag == ELEMENT]


def _take(outcome: Outcome, node: Node, ident: str) -> Invoice | None:
    """Find or create a record's invoice and set its plain fields; ``None``: left out."""
    invoices = [each for each in outcome.company.invoices if each.evidence == node.tag]
    invoice = find(invoices, ident) if ident else None
    rule = assumed.CREATE_ATTRIBUTE if invoice is None else assumed.UPDATE_ATTRIBUTE
    match node.attributes.get(rule, "ok"):
        case "fail":
            raise ImportRefused(assumed.CODE_NOT_FOUND, f"{rule}=fail forbids {ident!r}", "id")
        case "ignore":
            outcome.skipped += 1
            return None
    if invoice is None:
        invoice = _new(outcome.company, node, ident)
        outcome.created += 1
    else:
        outcome.updated += 1
    if node.child("sumCelkem") is not None:
        invoice.total = _amount(node.value("sumCelkem"))
    invoice.name = node.value("nazFirmy") or invoice.name
    outcome.results.append((invoice.id, ident, node.tag))
    return invoice


def _new(company: Company, node: Node, ident: str) -> Invoice:
    form, _, rest = ident.partition(":")
    if ident and (form not in ("code", "ext") or not rest):
        raise ImportRefused(assumed.CODE_NOT_FOUND, f"There is no record {ident!r}", "id")
    number = company.new_id()
    code = rest if form == "code" else node.value("kod") or f"NEW{number}"
    invoice = Invoice(id=number, kod=code, evidence=node.tag, total=ZERO)
    if form == "ext":
        invoice.ext.append(rest)
    company.invoices.append(invoice)
    return invoice


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise ImportRefused(assumed.CODE_INVALID, f"{text!r} is no number", "sumCelkem")
    return Decimal(text)
