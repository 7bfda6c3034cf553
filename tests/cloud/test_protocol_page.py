"""The page for vendors says what the code does."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from bridge.cloud import envelope, faults
from bridge.cloud.envelope import Ack, Hello, ReceiptOpen, Result, Welcome, parse_frame
from drivers.contract.fault import Fault
from tests.support.vectors import ROOT

PAGE = (ROOT / "docs" / "cloud-protocol.md").read_text(encoding="utf-8")
EXAMPLES = [line for line in PAGE.splitlines() if line.startswith("{")]
MODELS: dict[str, type[BaseModel]] = {
    envelope.HELLO: Hello,
    envelope.WELCOME: Welcome,
    envelope.ACK: Ack,
    envelope.RESULT: Result,
    envelope.RECEIPT_OPEN: ReceiptOpen,
}
TYPES = {
    value
    for name, value in vars(envelope).items()
    if name.isupper() and isinstance(value, str) and name not in ("SUBPROTOCOL", "DONE", "REFUSED")
}
CLOSE_CODES = {value for name, value in vars(envelope).items() if name.startswith("CLOSE_")}


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_message(example: str) -> None:
    frame = parse_frame(example)
    if frame.type in MODELS:
        MODELS[frame.type].model_validate(frame.data)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_is_described(kind: str) -> None:
    short = f".{kind.partition('.')[2]}"
    assert f"`{kind}`" in PAGE or f"`{short}`" in PAGE


@pytest.mark.parametrize("code", sorted(CLOSE_CODES))
def test_every_close_code_is_described(code: int) -> None:
    assert str(code) in PAGE


@pytest.mark.parametrize(
    "name", ["SUBPROTOCOL", "MAX_FRAME_BYTES", "MAX_IN_FLIGHT", "WINDOW"], ids=str
)
def test_every_limit_is_named(name: str) -> None:
    value = getattr(envelope, name)
    assert (f"{value:,}" if isinstance(value, int) else value) in PAGE


def test_every_refusal_of_a_message_is_listed() -> None:
    single = [
        leaf.code
        for leaf in vars(faults).values()
        if isinstance(leaf, type)
        and issubclass(leaf, Fault)
        and not issubclass(leaf, faults.CloudFault)
        and leaf is not Fault
    ]
    missing = [code for code in single if not re.search(rf"`{code}`", PAGE)]
    assert not missing
