"""Reads the configuration file and reports everything that is wrong with it at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.config import problem
from bridge.config.across import problems_across
from bridge.config.faults import ConfigInvalid, ConfigUnreadable, CountryNotBuilt
from bridge.config.lines import key_lines, line_of
from bridge.config.problem import Problem, dotted, suggestion
from bridge.config.schema import Config

DEFAULT_PATH = Path("/etc/bonbridge/bonbridge.toml")

COUNTRIES_TO_COME = frozenset({"de"})
"""Countries that the schema knows and this version has no fiscal rules for."""


def load_config(path: Path) -> Config:
    """Read and check the file.

    Raises ``ConfigUnreadable``, ``ConfigInvalid`` (with every problem) or ``CountryNotBuilt``.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigUnreadable(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigUnreadable(f"{path} is not UTF-8 (byte {error.start}).") from None
    return parse_config(text, str(path))


def parse_config(text: str, source: str = "configuration") -> Config:
    """Check the text of a configuration file; ``source`` names it in errors.

    Raises what ``load_config`` raises.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigUnreadable(f"{source} is not valid TOML: {error}.") from None
    box = data.get("box")
    country = box.get("country") if isinstance(box, Mapping) else None
    if isinstance(country, str) and country in COUNTRIES_TO_COME:
        raise CountryNotBuilt(f'{source} asks for country = "{country}".', country=country)
    across = problems_across(data)
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        single = [_problem(details) for details in error.errors() if not _echo(details)]
        raise _invalid([*single, *across], text, source) from None
    return config


def _invalid(problems: list[Problem], text: str, source: str) -> ConfigInvalid:
    lines = key_lines(text)
    placed = sorted(
        ((line_of(found.path, lines) or 0, found) for found in problems), key=lambda pair: pair[0]
    )
    plain = tuple(
        f"line {line}: {dotted(found.path)} {found.text}"
        if line
        else f"{dotted(found.path)} {found.text}"
        for line, found in placed
    )
    count = "1 problem" if len(plain) == 1 else f"{len(plain)} problems"
    return ConfigInvalid("\n".join([f"{count} in {source}:", *plain]), problems=plain)


def _echo(details: ErrorDetails) -> bool:
    """Whether this error only repeats others: the rules across tables (no place of its own), and
    lists that pydantic calls too short because their entries were refused."""
    return not details["loc"] or (details["type"] == "too_short" and len(details["input"]) > 0)


def _problem(details: ErrorDetails) -> Problem:
    return Problem(details["loc"], _sentence(details))


def _sentence(details: ErrorDetails) -> str:
    """Say what is wrong without repeating the value: it could be a secret in the wrong place."""
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            *parents, key = details["loc"]
            return f"is no key of this file{suggestion(str(key), keys_below(tuple(parents)))}"
        case "literal_error":
            return f"must be {context['expected']}"
        case "too_short":
            return f"needs at least {context['min_length']} entry"
        case "greater_than":
            return f"must be greater than {context['gt']:g}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case kind if kind in _TYPE_WORDS:
            return f"must be {_TYPE_WORDS[kind]}"
        case _:
            return details["msg"][:1].lower() + details["msg"][1:]


_TYPE_WORDS = {
    "string_type": 'text in quotation marks, like "text"',
    "path_type": "a path in quotation marks",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "tuple_type": 'a list, like ["text"]',
    "model_type": "a table",
    "dict_type": "a table",
}


def keys_below(path: problem.Path) -> tuple[str, ...]:
    """Return the keys that the schema allows in the table at ``path``; none for a plain value."""
    model: type[BaseModel] = Config
    for part in path:
        if isinstance(part, int):
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        below = next(_models(fields[part].annotation), None) if part in fields else None
        if below is None:
            return ()
        model = below
    return tuple(info.alias or name for name, info in model.model_fields.items())


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models(argument)
