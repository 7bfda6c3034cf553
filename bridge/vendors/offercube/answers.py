"""What offer-cube answers: ``error`` 0 is good, everything else is not, whatever the status says.

The shape of the XML is not published: the JSON's names are looked for as elements below the root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from bridge.vendors.engine.faults import SessionEnded, VendorBroken, VendorRejected
from bridge.vendors.engine.spec import Accepted, Run
from bridge.vendors.engine.wire import Answer
from bridge.vendors.offercube.settings import CubeSettings
from drivers.contract.fault import Text

ACCEPT = {"json": "application/json", "xml": "application/xml"}
"""Media types of the two output modes."""

SHOWN = ("customerid", "invoiceid", "invoicepdf")
"""Fields of a good answer that the local answer repeats."""


class PdfMissing(VendorRejected):
    """offer-cube says "no error", but names no PDF: by its own words that is no success."""

    code = "offercube_pdf_missing"
    title = Text("offer-cube nennt keine Rechnungsdatei", "offer-cube names no invoice file")
    advice = Text(
        "In offer-cube nachsehen, ob die Rechnung erstellt und verschickt wurde; erst dann neu "
        "beauftragen.",
        "Look in offer-cube whether the invoice was made and sent; only then order it again.",
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """How answers to a request are read; kept with it, so that a restart reads them the same."""

    output: str
    session_errors: tuple[int, ...]
    session_texts: tuple[str, ...]

    @staticmethod
    def of(settings: CubeSettings) -> Reading:
        """Return the reading that the settings ask for."""
        return Reading(settings.output, settings.session_errors, settings.session_texts)

    def as_facts(self) -> dict[str, Any]:
        """Return plain values for a draft's facts."""
        return {
            "output": self.output,
            "session_errors": list(self.session_errors),
            "session_texts": list(self.session_texts),
        }

    @staticmethod
    def from_facts(facts: Mapping[str, Any]) -> Reading:
        """Return the reading that a draft was made with."""
        return Reading(
            facts["output"], tuple(facts["session_errors"]), tuple(facts["session_texts"])
        )

    def fields(self, answer: Answer) -> Any:
        """Return the answer's content. Raises ``VendorBroken`` if it is not what was asked for."""
        if self.output == "xml":
            return read_xml(answer.content)
        try:
            return answer.json()
        except RecursionError:
            raise VendorBroken("the answer is nested too deeply") from None

    def check(self, said: Any) -> None:
        """Raise ``SessionEnded`` or ``VendorRejected`` for a refusal; a content without ``error``
        passes."""
        if not isinstance(said, Mapping) or "error" not in said:
            return
        number = _number(said["error"])
        if number == 0:
            return
        texts = _texts(said.get("errormsg"))
        message = f"error {number}: {'; '.join(texts) or 'no text'}"
        if self._over(number, texts):
            raise SessionEnded(message)
        raise VendorRejected(message, vendor_error=number, vendor_errors=texts)

    def _over(self, number: int, texts: Sequence[str]) -> bool:
        if number in self.session_errors:
            return True
        words = [word.casefold() for word in self.session_texts]
        return any(word in text.casefold() for text in texts for word in words)


def accept(answer: Answer, run: Run) -> Accepted:
    """Understand the answer to an action.

    Raises ``VendorBroken`` when it is none of offer-cube's, ``VendorRejected`` or ``SessionEnded``
    when offer-cube refuses, ``PdfMissing``.
    """
    reading = Reading.from_facts(run.draft.facts)
    said = reading.fields(answer)
    if not isinstance(said, Mapping) or "error" not in said:
        raise VendorBroken("the answer has no field 'error'")
    reading.check(said)
    values = {name: said[name] for name in SHOWN if name in said}
    if run.draft.facts["needs_pdf"] and not _filled(values.get("invoicepdf")):
        raise PdfMissing("error 0, but 'invoicepdf' is empty")
    if "paid_dt" in run.draft.facts:
        values["paid_dt"] = run.draft.facts["paid_dt"]
    return Accepted(values=values)


def _filled(value: Any) -> bool:
    return value not in (None, "", 0, "0", False)


def _number(value: Any) -> int:
    """Return a number that came as number or text. Raises ``VendorBroken``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 20:
        return int(value)
    raise VendorBroken("'error' is no number")


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    return [str(each)[:500] for each in values][:20]


def read_xml(content: bytes) -> dict[str, Any]:
    """Return the elements below the root: their text, or the list of their own elements' texts.

    Raises ``VendorBroken`` for anything that is not well-formed, and for document types: nothing
    is expanded, nothing fetched.
    """
    reader = _XmlReader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError:
        raise VendorBroken("the answer is not well-formed XML") from None
    return reader.found


class _XmlReader:
    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._depth = 0
        self._own: list[str] = []
        self._items: list[str] = []
        self._item: list[str] = []

    def _start(self, _name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 2:
            self._own, self._items = [], []
        elif self._depth == 3:
            self._item = []

    def _text(self, data: str) -> None:
        if self._depth == 2:
            self._own.append(data)
        elif self._depth > 2:
            self._item.append(data)

    def _end(self, name: str) -> None:
        if self._depth == 2:
            text = "".join(self._own).strip()
            # The JSON's ``errormsg`` is a list even when it is empty.
            listed = bool(self._items) or (name == "errormsg" and not text)
            self.found[name] = self._items if listed else text
        elif self._depth == 3:
            self._items.append("".join(self._item).strip())
        self._depth -= 1

    def _doctype(self, *_: object) -> None:
        raise VendorBroken("the answer has a document type")
