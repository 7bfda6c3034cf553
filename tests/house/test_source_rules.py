"""Rules that every file keeps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, name_of, source_files

LONGEST_FILE = 500

PRODUCT = source_files(*PACKAGES)
EVERYTHING = source_files(*PACKAGES, "tests")

UNREASONED = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[^]]*\])?)\s*$")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_there_are_files_to_look_at() -> None:
    assert len(PRODUCT) > 20


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_no_file_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(read(path).splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(read(path)))


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_public_class_of_a_module_says_what_it_is(path: Path) -> None:
    """A fault says it in its title, for a person at the counter."""
    bare = [
        node.name
        for node in ast.parse(read(path)).body
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and "title" not in assigned(node)
    ]
    assert not bare


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_errors_are_faults_and_never_bare(path: Path) -> None:
    bare = {"RuntimeError", "Exception", "BaseException", "AssertionError"}
    raised = [
        f"line {node.lineno}"
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.Raise) and node.exc is not None and called(node.exc) in bare
    ]
    assert not raised


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_a_silenced_check_has_its_reason_beside_it(path: Path) -> None:
    silent = [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(read(path).splitlines(), start=1)
        if UNREASONED.search(line)
    ]
    assert not silent


@pytest.mark.parametrize(
    ("line", "silent"),
    [
        ("x = 1  # noqa: E501", True),
        ("x = 1  # noqa", True),
        ("x = 1  # type: ignore[misc]", True),
        ("x = 1  # noqa: E501  a table reads better unbroken", False),
        ("x = 1  # type: ignore[misc]  # stubs lack it", False),
    ],
)
def test_a_reason_is_recognised(line: str, silent: bool) -> None:
    assert bool(UNREASONED.search(line)) is silent


def called(raised: ast.expr) -> str:
    """Return the name of what is raised."""
    target = raised.func if isinstance(raised, ast.Call) else raised
    return target.id if isinstance(target, ast.Name) else ""


def assigned(node: ast.ClassDef) -> set[str]:
    """Return the names that a class body gives values to."""
    targets = [t for s in node.body if isinstance(s, ast.Assign) for t in s.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}
