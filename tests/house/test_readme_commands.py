"""What README and docs tell people to type works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.shell_blocks import ShellLine, shell_blocks
from tests.house.source import ROOT

SECONDS = 300
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
"""The walk-throughs in docs/vendors need a box and a simulator: ``tests/vendors/walk``."""
OPERATORS = {"|", "||", "&&", "&", ";", ">", ">>", "<"}

BLOCKS = [
    pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")
    for document in DOCUMENTS
    if document.exists()
    for number, block in enumerate(shell_blocks(document.read_text(encoding="utf-8")), start=1)
]


def run(argv: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def check(line: ShellLine, directory: Path) -> None:
    """Run one line, or check as much of it as can be without side effects."""
    name, *rest = line.words
    if name not in {"bonbridge", "make"}:
        return
    assert not OPERATORS & set(line.words), f"keep documented commands plain: {line}"
    if name == "make":
        done = run(["make", "-n", *rest], ROOT)
    else:
        argv = [rest[0], "--help"] if line.stays else rest
        done = run([sys.executable, "-m", "bridge.cli.main", *argv], directory)
    expected = 0 if line.stays else line.exit_code
    assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", BLOCKS)
def test_documented_commands_work(block: list[ShellLine], tmp_path: Path) -> None:
    """The lines of one block run in order, in one empty folder that has the folder ``docs``."""
    if (ROOT / "docs").exists():
        shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for line in block:
        check(line, tmp_path)


def test_blocks_and_expected_exit_codes_are_understood() -> None:
    text = (
        "Text\n\n```sh\nmake demo ONCE=1   # a comment\n\nsudo make fresh\n```\n"
        "```python\nbonbridge no\n```\n"
        "```sh\n$ bonbridge rksv verify 'a b.json' \\\n    --json  # exit 2\n"
        "bonbridge run  # runs until stopped\n```\n"
    )
    assert shell_blocks(text) == [
        [ShellLine(("make", "demo", "ONCE=1")), ShellLine(("make", "fresh"))],
        [
            ShellLine(("bonbridge", "rksv", "verify", "a b.json", "--json"), exit_code=2),
            ShellLine(("bonbridge", "run"), stays=True),
        ],
    ]


def test_a_document_without_commands_is_fine() -> None:
    assert shell_blocks("# bonbridge\n") == []


@pytest.mark.parametrize(
    "line",
    [
        ShellLine(("bonbridge", "no-such-command")),
        ShellLine(("bonbridge", "--version"), exit_code=1),
        ShellLine(("bonbridge", "--version", "|", "cat")),
        ShellLine(("bonbridge", "no-such-daemon"), stays=True),
        ShellLine(("make", "no-such-target")),
    ],
    ids=str,
)
def test_a_wrong_documented_command_would_be_found(line: ShellLine, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check(line, tmp_path)
