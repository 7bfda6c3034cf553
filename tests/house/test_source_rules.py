"""Rules that every file keeps."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.house.source import PACKAGES, name_of, source_files

LONGEST_FILE = 500

PRODUCT = source_files(*PACKAGES)
EVERYTHING = source_files(*PACKAGES, "tests")

UNREASONED = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[^]]*\])?)\s*$")


@functools.cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(read(path))


def test_there_are_files_to_look_at() -> None:
    assert len(PRODUCT) > 20


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name_of(path): len(read(path).splitlines()) for path in EVERYTHING}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def test_every_module_says_what_it_is_for() -> None:
    assert not [name_of(path) for path in PRODUCT if not ast.get_docstring(parsed(path))]


def test_every_public_class_of_a_module_says_what_it_is() -> None:
    """A fault says it in its title, for a person at the counter."""
    bare = [
        f"{name_of(path)}: {node.name}"
        for path in PRODUCT
        for node in parsed(path).body
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and "title" not in assigned(node)
    ]
    assert not bare


def test_errors_are_faults_and_never_bare() -> None:
    bare = {"RuntimeError", "Exception", "BaseException", "AssertionError"}
    raised = [
        f"{name_of(path)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Raise) and node.exc is not None and called(node.exc) in bare
    ]
    assert not raised


def test_a_silenced_check_has_its_reason_beside_it() -> None:
    silent = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in EVERYTHING
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
