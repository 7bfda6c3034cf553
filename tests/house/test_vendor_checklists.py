"""Every statement of the vendors' pages has a test that names it, or a reason why not."""

from __future__ import annotations

from pathlib import Path

from tests.house.checklist import ITEMS, every, read


def test_every_statement_is_covered_or_explained_and_no_other_is_named(tmp_path: Path) -> None:
    found = read(tmp_path / "found.json")
    assert not found.missing, str(found)
    assert not found.unknown, str(found)
    # An explanation beside a test would say that the test does not show the statement.
    assert not found.covered & found.explained
    assert len(every()) == sum(ITEMS.values()) == 472
