"""Ids of records, the short form, settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.vendors.engine.faults import CallInvalid
from bridge.vendors.flexi import VENDOR
from bridge.vendors.flexi.names import derived_document, record_path, reference
from bridge.vendors.flexi.payment import CashPayment
from bridge.vendors.flexi.settings import FlexiSettings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("123", "123"),
        ("code:FV1", "code:FV1"),
        ("Code:CASH+", "code:CASH+"),
        ("CODE:Abc", "code:Abc"),
        ("ext:SHOP:42", "ext:SHOP:42"),
        ("EXT:Shop:a:b", "ext:Shop:a:b"),
        ("FV 1/2026", "code:FV 1/2026"),
        ("code:POKLADNA KČ", "code:POKLADNA KČ"),
    ],
)
def test_ids_are_taken_in_each_usual_form(text: str, found: str) -> None:
    assert reference(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " FV1",
        "FV1 ",
        "code:",
        "ext:42",
        "ext:A:",
        "ext::1",
        "foo:1",
        "a\nb",
        "a\x00",
        "\ud800",
        "a\u2028b",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        reference(text)


def test_the_derived_id_depends_on_company_box_and_key_only() -> None:
    first = derived_document("demo", "", "k-1")

    assert first == derived_document("demo", "", "k-1")
    others = {derived_document(*each) for each in (("x", "", "k-1"), ("demo", "b", "k-1"))}
    assert len({first, derived_document("demo", "", "k-2"), *others}) == 4
    assert first == "ext:BONBRIDGE:" + first.rpartition(":")[2]
    assert len(first.rpartition(":")[2]) == 32


def test_the_derived_id_is_the_same_for_ever() -> None:
    """A later version must find what an earlier one has paid."""
    assert derived_document("demo", "", "k-1") == "ext:BONBRIDGE:a4a0999d99fe5f98b12260d58e0836e9"


def test_an_id_cannot_leave_its_place_in_the_address() -> None:
    path = record_path("demo", "pokladni-pohyb", "code:2026/x?y=1&#z", "json")

    assert path == "/c/demo/pokladni-pohyb/code:2026%2Fx%3Fy%3D1%26%23z.json"
    with pytest.raises(CallInvalid):
        record_path("demo", "pokladni-pohyb", "code:../../x", "json")


def _payment(**changes: Any) -> CashPayment:
    body = {"invoice": "code:FV1", "paid_on": "2026-11-21", **changes}
    return CashPayment.model_validate_json(json.dumps(body))


@pytest.mark.parametrize("amount", ["1000.00", "0.01", "1", "1000.5", "9999999999999.99"])
def test_amounts_are_texts_with_a_dot(amount: str) -> None:
    assert _payment(amount=amount).amount == amount


@pytest.mark.parametrize(
    "change",
    [{"amount": each} for each in ("1000,00", "0", "0.00", "-1", "1 000", "1e3", "", "1.001", ".5")]
    + [{"amount": 10}, {"amount": 10.5}, {"amount": "٣"}]
    + [{"paid_on": each} for each in ("", "21.11.2026", "2026-13-01", "20261121", "2026-1-1")]
    + [{"remainder": "ano"}, {"kind": "x"}, {"invoice": ""}, {"invoice": "x:1"}]
    + [{"paying_document": "code:" + "x" * 21}, {"rate": "0", "rate_amount": "1"}]
    + [{"unknown": 1}, {"rate_of_day": "true"}, {"invoice": "a" * 201}],
)
def test_a_malformed_short_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _payment(**change)


def test_days_of_long_ago_are_no_mistake() -> None:
    assert _payment(paid_on="2011-01-01").paid_on == "2011-01-01"


def test_the_schema_stands_by_itself() -> None:
    schema = json.dumps(VENDOR.operation("pay").body)

    assert "$ref" not in schema
    assert '"register"' in schema


def test_the_company_is_mandatory_and_options_are_checked() -> None:
    assert FlexiSettings.model_validate({"company": "demo_1"}).auth == "basic"
    for options in ({}, {"company": "Demo"}, {"company": "a/b"}, {"company": "demo", "x": 1}):
        with pytest.raises(ValidationError):
            FlexiSettings.model_validate(options)


def test_there_is_no_default_address() -> None:
    assert VENDOR.base_url == ""
