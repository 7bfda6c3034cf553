"""Commands at the border: what is wrong is named, what was sent is not repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.model.commands import (
    MAX_COMMAND_BYTES,
    Complete,
    Open,
    parse_command,
    parse_percent,
    parse_quantity,
)
from bridge.model.faults import CommandInvalid

KEY = "0123456789"
CANARY = "canary-5aa6f1"
LINE: dict[str, Any] = {"text": "Semmel", "unit_cents": 49, "rate": "reduced1"}
OPEN: dict[str, Any] = {"type": "open", "register_id": "K1"}
ADD: dict[str, Any] = {"type": "add_line", "receipt": "r", "rev": 1, "line": LINE}
PAY: dict[str, Any] = {"type": "pay", "receipt": "r", "rev": 1, "key": KEY}
COMPLETE: dict[str, Any] = {"type": "complete", "receipt": "r", "rev": 1, "key": KEY}
DISCOUNT: dict[str, Any] = {"type": "set_discount", "receipt": "r", "rev": 1}
STORNO: dict[str, Any] = {"type": "storno", "receipt": "r", "key": KEY}
FOREIGN: dict[str, Any] = {
    "type": "storno_foreign",
    "register_id": "K1",
    "number": "7",
    "lines": [LINE],
    "key": KEY,
}
OWN: dict[str, Any] = {"type": "register_receipt", "register_id": "K1", "kind": "null", "key": KEY}

VALID: tuple[dict[str, Any], ...] = (
    OPEN,
    ADD,
    {**ADD, "type": "change_line", "n": 1},
    {"type": "remove_line", "receipt": "r", "rev": 1, "n": 1},
    DISCOUNT,
    {"type": "set_customer", "receipt": "r", "rev": 1},
    PAY,
    {"type": "remove_payment", "receipt": "r", "rev": 1, "n": 2},
    COMPLETE,
    {"type": "abort", "receipt": "r", "rev": 1, "key": KEY, "reason": "Irrtum"},
    {"type": "withdraw", "receipt": "r"},
    STORNO,
    FOREIGN,
    OWN,
    {"type": "reprint", "receipt": "r", "key": KEY},
)


def refused(command: dict[str, Any] | str) -> CommandInvalid:
    """Return the refusal of a command."""
    raw = command if isinstance(command, str) else json.dumps(command)
    with pytest.raises(CommandInvalid) as caught:
        parse_command(raw)
    return caught.value


@pytest.mark.parametrize("command", VALID, ids=lambda command: command["type"])
def test_every_command_can_be_read(command: dict[str, Any]) -> None:
    assert parse_command(json.dumps(command)).type == command["type"]


@pytest.mark.parametrize("command", VALID, ids=lambda command: command["type"])
def test_every_command_refuses_unknown_fields(command: dict[str, Any]) -> None:
    fault = refused({**command, "surprise": CANARY})
    assert "surprise" in fault.detail
    assert CANARY not in fault.detail


@pytest.mark.parametrize(
    ("command", "field"),
    [(command, field) for command in VALID for field in command if field != "type"],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_every_field_of_another_type_is_refused_by_name(
    command: dict[str, Any], field: str
) -> None:
    fault = refused({**command, field: {"inside": CANARY}})
    assert any(field in problem.partition(":")[0] for problem in fault.facts["problems"])
    assert CANARY not in fault.detail


@pytest.mark.parametrize(
    "command",
    [command for command in VALID if "key" in command],
    ids=lambda command: command["type"],
)
def test_commands_with_an_effect_that_stands_need_a_key(command: dict[str, Any]) -> None:
    fault = refused({name: value for name, value in command.items() if name != "key"})
    assert fault.facts["problems"] == [f"{command['type']}.key: Field required"]


def with_line(**changes: Any) -> dict[str, Any]:
    return {**ADD, "line": {**LINE, **changes}}


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "type"),
    ({"type": "selbstzerstörung"}, "type"),
    ({"type": None}, "type"),
    ({**OPEN, "register_id": "K_1"}, "register_id"),
    ({**OPEN, "register_id": " K1"}, "register_id"),
    ({**OPEN, "register_id": "K1 "}, "register_id"),
    ({**OPEN, "register_id": ""}, "register_id"),
    ({**OPEN, "register_id": "K\n1"}, "register_id"),
    ({**OPEN, "register_id": "K" * 65}, "register_id"),
    ({**OPEN, "operator": {"id": "a_b"}}, "operator.id"),
    ({**OPEN, "operator": {"name": "x" * 101}}, "operator.name"),
    ({**OPEN, "customer": {"name": "A", "address": ["a"] * 7}}, "customer.address"),
    ({**OPEN, "kind": "storno"}, "kind"),
    ({**OPEN, "kind": "start"}, "kind"),
    ({**OPEN, "key": "short"}, "key"),
    ({**OPEN, "key": "k" * 129}, "key"),
    ({**OPEN, "key": "tab\tinside"}, "key"),
    ({**OPEN, "expires": "2026-11-21T10:00:00"}, "expires"),
    ({**OPEN, "expires": 1_790_000_000}, "expires"),
    ({**OPEN, "expires": "tomorrow"}, "expires"),
    ({**OPEN, "receipt_expires": "2026-11-21T10:00:00"}, "receipt_expires"),
    ({**OPEN, "receipt_expires": 1_790_000_000_000}, "receipt_expires"),
    ({**OPEN, "note": "two\nlines"}, "note"),
    ({**OPEN, "note": "x" * 501}, "note"),
    ({**OPEN, "lines": [LINE, {**LINE, "rate": 20}]}, "lines.1.rate"),
    (with_line(text=""), "line.text"),
    (with_line(text=" Semmel"), "line.text"),
    (with_line(text="Semmel\u00a0"), "line.text"),
    (with_line(text="Sem\x1b@mel"), "line.text"),
    (with_line(text="rtl \u202e txt"), "line.text"),
    (with_line(text="x" * 201), "line.text"),
    (with_line(unit_cents=49.0), "line.unit_cents"),
    (with_line(unit_cents="49"), "line.unit_cents"),
    (with_line(unit_cents=True), "line.unit_cents"),
    (with_line(unit_cents=None), "line.unit_cents"),
    (with_line(unit_cents=10**9 + 1), "line.unit_cents"),
    (with_line(unit_cents=-(10**9) - 1), "line.unit_cents"),
    (with_line(quantity=1), "line.quantity"),
    (with_line(quantity="0"), "line.quantity"),
    (with_line(quantity="0.000"), "line.quantity"),
    (with_line(quantity="1,5"), "line.quantity"),
    (with_line(quantity="1.2345"), "line.quantity"),
    (with_line(quantity="1e3"), "line.quantity"),
    (with_line(quantity="+1"), "line.quantity"),
    (with_line(quantity="--1"), "line.quantity"),
    (with_line(quantity=" 1"), "line.quantity"),
    (with_line(quantity="١"), "line.quantity"),
    (with_line(quantity="²"), "line.quantity"),
    (with_line(quantity="1000000.001"), "line.quantity"),
    (with_line(quantity="1" * 15), "line.quantity"),
    (with_line(discount_percent="100.01"), "line.discount_percent"),
    (with_line(discount_percent="-1"), "line.discount_percent"),
    (with_line(discount_percent="1.234"), "line.discount_percent"),
    (with_line(discount_percent=5), "line.discount_percent"),
    ({**ADD, "rev": -1}, "rev"),
    ({**ADD, "rev": 10**12}, "rev"),
    ({**ADD, "rev": "1"}, "rev"),
    ({**DISCOUNT, "cents": -1}, "cents"),
    ({**DISCOUNT, "cents": 10**9 + 1}, "cents"),
    ({**DISCOUNT, "percent": "x"}, "percent"),
    ({**DISCOUNT, "percent": "5", "cents": 5}, "either percent or cents"),
    ({**PAY, "payment": {"kind": "voucher"}}, "payment.kind"),
    ({**PAY, "payment": {"given_cents": -1}}, "payment.given_cents"),
    ({**PAY, "payment": {"cents": 1.5}}, "payment.cents"),
    ({**COMPLETE, "payments": [{}] * 21}, "payments"),
    ({**COMPLETE, "total_cents": "12"}, "total_cents"),
    ({**COMPLETE, "total_cents": 10**14}, "total_cents"),
    ({**STORNO, "lines": [{"n": 1, "quantity": "0"}]}, "lines.0.quantity"),
    ({**STORNO, "lines": [{"n": "1", "quantity": "1"}]}, "lines.0.n"),
    ({**FOREIGN, "lines": []}, "lines"),
    ({**FOREIGN, "number": ""}, "number"),
    ({**OWN, "kind": "sale"}, "kind"),
    ({**OWN, "register_id": "A_B"}, "register_id"),
)


@pytest.mark.parametrize(
    ("command", "field"), WRONG, ids=[f"{n}-{field}" for n, (_, field) in enumerate(WRONG)]
)
def test_a_wrong_field_is_refused_by_name(command: dict[str, Any], field: str) -> None:
    fault = refused(command)
    assert fault.code == "command_invalid"
    assert any(field in problem for problem in fault.facts["problems"]), fault.detail


@pytest.mark.parametrize(
    "command",
    [
        {"type": CANARY},
        {**OPEN, "register_id": f"_{CANARY}"},
        {**OPEN, "kind": CANARY},
        {**OPEN, "expires": CANARY},
        {**OPEN, "operator": {"id": f"{CANARY}_"}},
        with_line(text=f" {CANARY}"),
        with_line(quantity=CANARY),
        with_line(unit_cents=CANARY),
        {**PAY, "payment": {"kind": CANARY}},
        {**PAY, "key": f" {CANARY}"},
        {**OWN, "kind": CANARY},
    ],
    ids=lambda command: json.dumps(command)[:60],
)
def test_a_refusal_never_repeats_a_value(command: dict[str, Any]) -> None:
    fault = refused(command)
    for text in (fault.detail, str(fault), repr(fault.facts), repr(fault)):
        assert CANARY not in text


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ("null", "object"),
        ('{"type":"open"', "JSON"),
        ('{"type":"open","register_id":NaN}', "register_id"),
        ('{"type":"withdraw","receipt":"\\ud800"}', "JSON"),
        ("[" * 100_000, "recursion"),
        ('{"type":' * 100_000, "recursion"),
        ('{"type":"add_line","rev":1' + "0" * 5_000 + "}", "number out of range"),
    ],
    ids=["empty", "list", "null", "cut", "nan", "surrogate", "deep-list", "deep-object", "digits"],
)
def test_what_is_no_command_at_all_is_refused(raw: str, hint: str) -> None:
    assert hint in refused(raw).detail


def test_a_huge_command_is_refused_unread_with_a_short_answer() -> None:
    huge = json.dumps({**OPEN, "note": "x" * MAX_COMMAND_BYTES})
    assert "longer than" in refused(huge).detail
    many = json.dumps({**OPEN, "lines": [{}] * 50_000})
    assert len(refused(many).detail) < 3_000
    assert len(refused(many).facts["problems"]) == 20
    long_name = refused({**OPEN, "x" * 100_000: 1})
    assert len(long_name.detail) < 200


def test_the_longest_lawful_receipt_is_read() -> None:
    line = {
        "text": "€" * 200,
        "quantity": "-999999.999",
        "unit_cents": -1000,
        "rate": "special49",
        "discount_percent": "99.99",
        "article": "€" * 64,
    }
    raw = json.dumps({**OPEN, "lines": [line] * 999}, ensure_ascii=False).encode()
    command = parse_command(raw)
    assert isinstance(command, Open)
    assert len(command.lines) == 999


def test_an_expiry_with_any_zone_is_taken() -> None:
    for zone in ("Z", "+02:00", "-11:30"):
        command = parse_command(json.dumps({**COMPLETE, "expires": f"2026-11-21T10:00:00{zone}"}))
        assert isinstance(command, Complete)
        assert command.expires is not None
        assert command.expires.tzinfo is not None


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [("1", 1000), ("1.5", 1500), ("0.001", 1), ("-0.5", -500), ("-2", -2000), ("12.34", 12340)],
)
def test_quantities_are_read_as_thousandths(text: str, thousandths: int) -> None:
    assert parse_quantity(text) == thousandths


@pytest.mark.parametrize(("text", "hundredths"), [("10", 1000), ("2.5", 250), ("0.01", 1)])
def test_percentages_are_read_as_hundredths(text: str, hundredths: int) -> None:
    assert parse_percent(text) == hundredths
