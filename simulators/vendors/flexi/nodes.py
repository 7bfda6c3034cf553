"""Bodies of imports, XML or JSON, as one tree."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn


class NotWellFormed(Exception):
    """The body is no document that can be read."""


@dataclass(slots=True)
class Node:
    """An element with its attributes, its text and its children in their order."""

    tag: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def child(self, tag: str) -> Node | None:
        """Return the first child of that name."""
        return next((each for each in self.children if each.tag == tag), None)

    def value(self, tag: str) -> str:
        """Return the trimmed text of a child, empty if there is none."""
        found = self.child(tag)
        return found.text.strip() if found is not None else ""


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, _name: str, _public: str, _system: str) -> NoReturn:
        message = "document types are not read"
        raise NotWellFormed(message)


def from_xml(content: bytes) -> Node:
    """Read an XML document. Raises ``NotWellFormed``."""
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - without document type no entities
    try:
        parser.feed(content)
        root = parser.close()
    except ET.ParseError as error:
        raise NotWellFormed(str(error)) from None
    return _of_element(root)


def _of_element(element: ET.Element) -> Node:
    return Node(
        element.tag,
        element.text or "",
        dict(element.attrib),
        [_of_element(each) for each in element],
    )


def from_json(content: bytes) -> Node:
    """Read the JSON twin: ``{"winstrom": {…}}``, attributes as ``@name``, repeated elements as
    lists. Raises ``NotWellFormed``."""
    try:
        value = json.loads(content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise NotWellFormed(str(error)) from None
    if not isinstance(value, dict) or len(value) != 1:
        message = "not an object with one member"
        raise NotWellFormed(message)
    ((tag, inner),) = value.items()
    return _of_value(tag, inner)


def _of_value(tag: str, value: Any) -> Node:
    if not isinstance(value, Mapping):
        return Node(tag, _text(value))
    node = Node(tag)
    for name, inner in value.items():
        if name.startswith("@"):
            node.attributes[name[1:]] = _text(inner)
            continue
        for each in inner if isinstance(inner, list) else [inner]:
            node.children.append(_of_value(name, each))
    return node


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
