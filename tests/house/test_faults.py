"""Every fault is a diagnosis that a person and a program can act on."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from drivers.contract.fault import Fault, Side, Text
from tests.house.source import PACKAGES, import_all

BROKEN = import_all()


def below(cls: type[Fault]) -> list[type[Fault]]:
    """Return the faults of the product below a class, once each."""
    found: dict[type[Fault], None] = {}
    for child in cls.__subclasses__():
        if child.__module__.split(".")[0] in PACKAGES:
            found[child] = None
        found.update(dict.fromkeys(below(child)))
    return list(found)


LEAVES = [cls for cls in below(Fault) if "code" in cls.__dict__]
"""The diagnoses. A class without a code of its own groups them, or refines one of them."""


def label(cls: type[Fault]) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def test_every_module_can_be_imported() -> None:
    assert not BROKEN


def test_there_are_faults_to_look_at() -> None:
    assert len(LEAVES) > 15


def test_no_two_faults_share_a_code() -> None:
    by_code: dict[str, list[str]] = defaultdict(list)
    faults: list[type[Fault]] = [Fault, *below(Fault)]
    for cls in faults:
        if "code" in cls.__dict__:
            by_code[cls.code].append(label(cls))
    assert not {code: names for code, names in by_code.items() if len(names) > 1}


def test_no_fault_is_raised_under_the_code_of_the_root() -> None:
    ends = [cls for cls in below(Fault) if not below(cls)]
    assert not [label(cls) for cls in ends if cls.code == Fault.code]


@pytest.mark.parametrize("leaf", LEAVES, ids=label)
def test_a_leaf_has_a_code_of_its_own(leaf: type[Fault]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", leaf.code)
    assert isinstance(leaf.side, Side)
    assert isinstance(leaf.retryable, bool)


@pytest.mark.parametrize("leaf", LEAVES, ids=label)
@pytest.mark.parametrize("kind", ["title", "advice"])
def test_a_leaf_speaks_plain_german_and_english(leaf: type[Fault], kind: str) -> None:
    text = getattr(leaf, kind)
    assert isinstance(text, Text)
    assert text is not getattr(Fault, kind), f"{kind} is that of the root"
    for sentence in (text.de, text.en):
        assert len(sentence.strip()) >= 5
        assert sentence == sentence.strip()
        assert "  " not in sentence
    assert text.de != text.en


@pytest.mark.parametrize("leaf", LEAVES, ids=label)
def test_advice_is_a_sentence_and_a_title_is_none(leaf: type[Fault]) -> None:
    for language in ("de", "en"):
        assert leaf.advice.in_language(language)[-1] in ".!?)"
        assert not leaf.title.in_language(language).endswith(".")
