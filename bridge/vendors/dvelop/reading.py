"""JSON bodies read record by record.

A list may have tens of thousands of records: they are looked at one after the other and let go,
and what is sent are the caller's own bytes, so that ``19.0`` stays ``19.0``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Never

from bridge.vendors.engine.faults import CallInvalid

_BLANK = re.compile(r"[ \t\r\n]*")

_SHOWN = 64
"""Characters that are shown of a name."""


class _Twice(ValueError):
    """An object has a name twice: nobody can tell which value the vendor would take."""


def one_record(body: bytes, entity: str) -> dict[str, Any]:
    """Return the record that a body holds. Raises ``CallInvalid`` for a list, for the wrapper of
    a batch, and for whatever is not one JSON object."""
    text = _text(body)
    record, end = _value(text, _skip(text, 0), "")
    _end(text, end)
    if isinstance(record, list):
        raise CallInvalid.at("", "one record is expected, without a list around it")
    if not isinstance(record, dict):
        raise CallInvalid.at("", "one record is expected as JSON object")
    if isinstance(record.get(entity), dict | list):
        raise CallInvalid.at(f"/{entity}", "one record is expected, without this key around it")
    return record


def records(body: bytes, entity: str) -> Iterator[tuple[str, Any]]:
    """Return the records of a list one by one, each with its JSON pointer.

    The list may be bare or in the vendor's form, under the entity's name. Raises ``CallInvalid``
    on the way: nothing may be sent before the iterator is used up.
    """
    text = _text(body)
    at = _skip(text, 0)
    inside = ""
    if text[at : at + 1] == "{":
        at, inside = _unwrap(text, at, entity)
    if text[at : at + 1] != "[":
        raise CallInvalid.at(inside, "a list of records is expected")
    at = _skip(text, at + 1)
    count = 0
    if text[at : at + 1] == "]":
        raise CallInvalid.at(inside, "the list is empty")
    while True:
        pointer = f"{inside}/{count}"
        record, at = _value(text, at, pointer)
        yield pointer, record
        count += 1
        at = _skip(text, at)
        mark = text[at : at + 1]
        at += 1
        if mark == "]":
            break
        if mark != ",":
            raise CallInvalid.at(pointer, "this is not JSON: a comma or the list's end is missing")
        at = _skip(text, at)
    if inside:
        at = _skip(text, at)
        if text[at : at + 1] != "}":
            raise CallInvalid.at("", f'"{entity}" must be the only key')
        at += 1
    _end(text, at)


def as_list(body: bytes, entity: str) -> bytes:
    """Return a valid list in the vendor's form: a bare one is wrapped, not written anew."""
    if body.lstrip()[:1] == b"{":
        return body
    return b'{"' + entity.encode() + b'":' + body + b"}"


def _unwrap(text: str, at: int, entity: str) -> tuple[int, str]:
    """Step over the wrapper and return where its value begins."""
    at = _skip(text, at + 1)
    if text[at : at + 1] != '"':
        raise CallInvalid.at("", f'the only key must be "{entity}"')
    name, at = _value(text, at, "")
    if name != entity:
        raise CallInvalid.at("", f'a list, or an object with the only key "{entity}" is expected')
    at = _skip(text, at)
    if text[at : at + 1] != ":":
        raise CallInvalid.at("", "this is not JSON: a colon is missing")
    return _skip(text, at + 1), f"/{entity}"


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CallInvalid.at("", f"this is not UTF-8 (byte {error.start})") from None
    if text.startswith("\ufeff"):
        raise CallInvalid.at("", "JSON must not begin with a byte order mark")
    return text


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _end(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise CallInvalid.at("", "there is more after the end of the JSON value")


def _value(text: str, at: int, pointer: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except _Twice as twice:
        raise CallInvalid.at(pointer, f"{twice} is there twice") from None
    except RecursionError:
        raise CallInvalid.at(pointer, "this is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise CallInvalid.at(pointer, f"this is not JSON: {error.msg} at {error.pos}") from None
    except ValueError as error:
        raise CallInvalid.at(pointer, f"this is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Twice(json.dumps(name[:_SHOWN]))
            seen.add(name)
    return record


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        message = "a number is too large"
        raise ValueError(message)
    return value


def _no_constant(literal: str) -> Never:
    message = f"{literal} is no number of JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_constant
)
