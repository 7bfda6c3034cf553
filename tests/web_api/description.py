"""What must hold of a description of the API (OpenAPI), whoever wrote its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi.openapi.models import OpenAPI

METHODS = ("get", "post", "put", "patch", "delete")


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Walk method, path and operation."""
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def assert_sound(description: dict[str, Any], *, whole: bool = False) -> None:
    """Hold a description against itself. ``whole``: it also has paths beside ``/v1``, which are
    described less."""
    OpenAPI.model_validate(description)
    assert description["openapi"].startswith("3.1")
    assert description["info"] == {"title": "bonbridge", "version": "1.2.3"}
    schemas = description["components"]["schemas"]
    text = json.dumps(description)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named == set(schemas), "every reference has its schema, every schema is used"
    assert "#/$defs" not in text
    found = [each for each in operations(description) if not whole or each[1].startswith("/v1/")]
    ids = [what["operationId"] for _, _, what in found]
    assert len(set(ids)) == len(ids)
    schemes = set(description["components"]["securitySchemes"])
    for method, path, what in found:
        where = f"{method} {path}"
        assert what["summary"], where
        assert what["x-retry"], where
        ways = {name for each in what["security"] for name in each}
        assert ways == (set() if what["x-role"] == "none" else schemes), where
        in_path = [each["name"] for each in what.get("parameters", []) if each["in"] == "path"]
        assert in_path == re.findall(r"\{(\w+)\}", path), where
        statuses = set(what["responses"])
        assert {"401", "default"} < statuses, where
        assert ("403" in statuses) is (what["x-role"] != "none"), where
        for status, response in what["responses"].items():
            assert response["description"], where
            if status == "default" or (int(status) >= 400 and status != "501"):
                assert list(response["content"]) == ["application/problem+json"], where
