"""Flexi's own documents, as tests send them."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

ISSUED = "faktura-vydana"
RECEIVED = "faktura-prijata"
MANDATORY = {"pokladna": "code:CASH", "typDokl": "code:STANDARD"}

EXAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<winstrom version="1.0">
  <faktura-vydana>
    <id>code:FAKTURA1</id>
    <hotovostni-uhrada>
      <uhrazujiciDokl>ext:BONBRIDGE:7f3c</uhrazujiciDokl>
      <pokladna>code:POKLADNA KČ</pokladna>
      <typDokl>code:STANDARD</typDokl>
      <rada>code:POKLADNA+</rada>
      <kurzKDatuUhrady>false</kurzKDatuUhrady>
      <kurz>25</kurz><kurzMnozstvi>1</kurzMnozstvi>
      <castka>1000</castka>
      <datumUhrady>2011-01-01</datumUhrady>
      <zbytek>ne</zbytek>
    </hotovostni-uhrada>
  </faktura-vydana>
</winstrom>
""".encode()
"""The complete document of the vendor's page."""

WITHOUT_ID = EXAMPLE.replace(b"      <uhrazujiciDokl>ext:BONBRIDGE:7f3c</uhrazujiciDokl>\n", b"")
"""The same as a program sends it that knows of no id."""


def record(
    invoice: str, elements: Mapping[str, str], evidence: str = ISSUED, mandatory: bool = True
) -> str:
    """Return an invoice with a cash payment of these elements."""
    every = {**(MANDATORY if mandatory else {}), **elements}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in every.items())
    payment = f"<hotovostni-uhrada>{inner}</hotovostni-uhrada>"
    return f"<{evidence}><id>{escape(invoice)}</id>{payment}</{evidence}>"


def document(*records: str) -> bytes:
    """Return a document of records."""
    return f'<winstrom version="1.0">{"".join(records)}</winstrom>'.encode()


def paying(invoice: str, evidence: str = ISSUED, **elements: str) -> bytes:
    """Return the document that pays one invoice."""
    return document(record(invoice, elements, evidence))
