"""Reads XML that others wrote: no document types, no entities, limited size and depth.

expat itself is used because a document type can be refused there in one handler; with it entities,
external or nested, are impossible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

MAX_BYTES = 5_000_000
_MAX_DEPTH = 64


class XmlUnreadable(ValueError):
    """Not well-formed, too large, too deep, or with a document type. Says which; holds nothing of
    the content."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element: ``parts`` are its texts as they are read, ``children`` in their order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Text directly inside, without white space around it."""
        return "".join(self.parts).strip()

    def all(self, name: str) -> list[Element]:
        """Return the children of that name."""
        return [each for each in self.children if each.name == name]

    def value(self, name: str) -> str:
        """Return the text of the first child of that name, empty if there is none."""
        return next((each.text for each in self.children if each.name == name), "")

    def walk(self) -> Iterator[Element]:
        """Yield the element and everything inside it, in document order."""
        todo = [self]
        while todo:
            element = todo.pop()
            yield element
            todo.extend(reversed(element.children))


def read(content: bytes) -> Element:
    """Return the root element. Raises ``XmlUnreadable``."""
    if len(content) > MAX_BYTES:
        message = f"more than {MAX_BYTES} bytes"
        raise XmlUnreadable(message)
    return _Reader().read(content)


class _Reader:
    def __init__(self) -> None:
        self._open: list[Element] = []
        self._root: Element | None = None

    def read(self, content: bytes) -> Element:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            message = f"not well-formed: {expat.errors.messages[error.code]}, line {error.lineno}"
            raise XmlUnreadable(message) from None
        except (LookupError, ValueError) as error:
            if isinstance(error, XmlUnreadable):
                raise
            message = "an encoding that is not known here"
            raise XmlUnreadable(message) from None
        if self._root is None:
            message = "no element"
            raise XmlUnreadable(message)
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            message = f"more than {_MAX_DEPTH} levels"
            raise XmlUnreadable(message)
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].parts.append(text)


def _refuse_doctype(*_of: object) -> NoReturn:
    message = "it has a document type (<!DOCTYPE), which is not read"
    raise XmlUnreadable(message)
