"""The example file documents the whole schema and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from bridge.config import (
    BoxSettings,
    CloudSettings,
    PrinterSettings,
    RegisterSettings,
    RksvSettings,
    ShopSettings,
    SigningUnitSettings,
    TokenSettings,
    VendorSettings,
    WebSettings,
    load_config,
    parse_config,
)

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "bonbridge.example.toml"

TABLES: dict[str, type[BaseModel]] = {
    "[box]": BoxSettings,
    "[shop]": ShopSettings,
    "[[register]]": RegisterSettings,
    "[[signing_unit]]": SigningUnitSettings,
    "[[printer]]": PrinterSettings,
    "[[cloud]]": CloudSettings,
    "[[vendor]]": VendorSettings,
    "[web]": WebSettings,
    "[[web.token]]": TokenSettings,
    "[rksv]": RksvSettings,
}

TABLES_OF_THEIR_OWN = {"tokens", "secrets", "options"}
"""Fields that are written as tables below another: ``[[web.token]]``, ``[vendor.secrets]``."""


def keys_of_example() -> dict[str, dict[str, str]]:
    """Return per table each key, commented-out ones included, with the comment before it."""
    tables: dict[str, dict[str, str]] = {}
    table: dict[str, str] = {}
    comment: list[str] = []
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line in TABLES:
            table = tables.setdefault(line, {})
            comment = []
        elif line.startswith("[vendor."):
            table = {}  # what it holds is the vendor's business
        elif key := re.match(r"(?:# )?([a-z_]+) = ", line):
            table[key[1]] = " ".join(comment)
            comment = []
        elif line.startswith("# "):
            comment.append(line[2:])
        else:
            comment = []
    return tables


def test_the_example_loads() -> None:
    assert load_config(EXAMPLE).box.country == "at"


def test_the_example_loads_with_its_commented_keys_too() -> None:
    text = re.sub(r"(?m)^# (?=[a-z_]+ = )", "", EXAMPLE.read_text(encoding="utf-8"))
    closed = text.replace('vda = "AT1"', 'vda = "AT0"')
    assert parse_config(closed).registers[0].closed_system == "U:ATU12345678"


@pytest.mark.parametrize("table", TABLES)
def test_every_key_of_the_schema_is_in_the_example_and_no_other(table: str) -> None:
    fields = set(TABLES[table].model_fields) - TABLES_OF_THEIR_OWN
    assert set(keys_of_example()[table]) == fields


@pytest.mark.parametrize("table", TABLES)
def test_every_key_has_a_comment_with_its_true_default(table: str) -> None:
    for key, comment in keys_of_example()[table].items():
        assert comment, key
        default = TABLES[table].model_fields[key].default
        if default is PydanticUndefined:
            assert "default" not in comment, key
        else:
            assert f"default {written(default)}" in comment.replace("default: ", "default "), key


def written(value: Any) -> str:
    """Return a default as the example writes it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
