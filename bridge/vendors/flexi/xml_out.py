"""Writes the XML of a cash payment. Texts are escaped; characters that XML cannot hold have been
refused before (``names.reference`` and the patterns of the call)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from bridge.vendors.flexi.names import PAYMENT, ROOT

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def payment_document(evidence: str, invoice: str, elements: Iterable[tuple[str, str]]) -> bytes:
    """Return the document that pays one invoice in cash; ``elements`` are names and texts in
    their order."""
    inner = "".join(f"      {_element(name, text)}\n" for name, text in elements)
    return (
        f"{_DECLARATION}\n"
        f'<{ROOT} version="1.0">\n'
        f"  <{evidence}>\n"
        f"    {_element('id', invoice)}\n"
        f"    <{PAYMENT}>\n{inner}    </{PAYMENT}>\n"
        f"  </{evidence}>\n"
        f"</{ROOT}>\n"
    ).encode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"
