"""Bodies of calls: the short form, or the vendor's own with its wrapper key, sent as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.engine.wire import JSON, Answer, Request, json_body
from bridge.vendors.kassomat.faults import ReturnRefused

Model = TypeVar("Model", bound=BaseModel)

MAX_NAMES, MAX_NAME = 100, 100
"""Names in one object, and characters of one: an answer names those that are wrong."""

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def read_json(body: bytes, *, empty: bool = False) -> dict[str, Any]:
    """Return a call's body, a JSON object in UTF-8; with ``empty`` nothing at all will do.

    A name that occurs twice is refused: the box and the vendor could take different ones.
    Raises ``CallInvalid``.
    """
    if empty and not body:
        return {}
    try:
        found = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
        json_body(found)
    except UnicodeError:
        raise CallInvalid.at("", "must be UTF-8") from None
    except RecursionError:
        raise CallInvalid.at("", "is nested too deeply") from None
    except ValueError as error:
        raise CallInvalid.at("", f"must be JSON ({_plain(error)})") from None
    if not isinstance(found, dict):
        raise CallInvalid.at("", "must be a JSON object")
    return found


def _plain(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "a name occurs twice"
    elif len(found) > MAX_NAMES or any(len(name) > MAX_NAME for name in found):
        message = "too many names, or too long ones"
    else:
        return found
    raise ValueError(message)


def _no_number(name: str) -> Any:
    message = f"{name} is no number"
    raise ValueError(message)


def checked(model: type[Model], value: Mapping[str, Any], inside: str = "") -> Model:
    """Return a value as a model. Raises ``CallInvalid`` that names every wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise CallInvalid.of(error, inside) from None


def unwrapped(body: dict[str, Any], key: str) -> dict[str, Any] | None:
    """Return what the wrapper key holds, ``None`` for a bare object. Raises ``CallInvalid``."""
    if key not in body:
        return None
    if not isinstance(inner := body[key], dict):
        raise CallInvalid.at(f"/{key}", "must be an object")
    return inner


def sending(method: str, target: str, content: bytes, *, anonymous: bool = False) -> Request:
    """Return a request with a JSON body."""
    return Request(
        method=method, target=target, content=content, content_type=JSON, anonymous=anonymous
    )


def checked_id(value: str, pointer: str) -> str:
    """Return an id of the vendor's (24 hex digits in its examples). Raises ``CallInvalid``."""
    if not _ID.fullmatch(value):
        raise CallInvalid.at(pointer, "must be an id of kassomat's: letters and digits")
    return value


def answered(answer: Answer) -> dict[str, Any]:
    """Return a good answer's object.

    Raises ``ReturnRefused`` when it holds ``error``: the vendor says no even with status 201.
    Raises ``VendorBroken`` when it is no JSON.
    """
    body = answer.json()
    if not isinstance(body, dict):
        return {}
    if body.get("error"):
        raise ReturnRefused(f"{body['error']}: {body.get('message', '')}")
    return body
