"""Counts the statements of the vendors' pages: covered by a test, explained in the docs, missing.

``python -m tests.house.checklist`` prints the counts. A test covers what its mark
``covers("F-11", …)`` names; docs/vendors.md explains by a line ``- F-11: why``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.vectors import ROOT

ITEMS = {"A": 59, "K": 92, "D": 217, "F": 47, "O": 57}
"""Number of statements by the letter of their page."""

TITLES = {
    "A": "asello",
    "K": "kassomat",
    "D": "d.velop smart invoice",
    "F": "ABRA Flexi",
    "O": "offer-cube",
}

PAGE = ROOT / "docs" / "vendors.md"
FOLDERS = ("vendors", "flow", "cloud", "cloud_sim", "printing", "till", "web_api", "web_pages")
"""Where tests of statements may be."""

_EXPLAINED = re.compile(r"^- ([AKDFO]-\d+): \S", re.MULTILINE)

_COLLECT = """
import json, sys
import pytest

class Plugin:
    def __init__(self):
        self.found = {}
    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers("covers"):
                for name in mark.args:
                    self.found.setdefault(name, []).append(item.nodeid)

plugin = Plugin()
code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", "-n", "0", *sys.argv[2:]],
                   plugins=[plugin])
with open(sys.argv[1], "w", encoding="utf-8") as out:
    json.dump(plugin.found, out)
sys.exit(code)
"""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Statements by what became of them, and names that no page has."""

    covered: frozenset[str]
    explained: frozenset[str]
    unknown: frozenset[str]

    def of(self, letter: str, names: Iterable[str]) -> int:
        """Count the names of one page."""
        return sum(name.startswith(f"{letter}-") for name in names)

    @property
    def missing(self) -> list[str]:
        """Statements that nobody covers or explains, in the order of the pages."""
        return [name for name in every() if name not in self.covered | self.explained]

    def __str__(self) -> str:
        rows = [f"{'':24}{'items':>7}{'covered':>9}{'explained':>11}{'missing':>9}"]
        for letter, count in ITEMS.items():
            covered = self.of(letter, self.covered)
            explained = self.of(letter, self.explained - self.covered)
            missing = self.of(letter, self.missing)
            rows.append(f"{TITLES[letter]:24}{count:7}{covered:9}{explained:11}{missing:9}")
        if self.missing:
            rows.append("missing: " + " ".join(self.missing))
        if self.unknown:
            rows.append("no such item: " + " ".join(sorted(self.unknown)))
        return "\n".join(rows)


def every() -> list[str]:
    """Return all statements in the order of the pages."""
    return [f"{letter}-{n}" for letter, count in ITEMS.items() for n in range(1, count + 1)]


def read(found: Path) -> Checklist:
    """Collect the tests and read the page. Raises ``CalledProcessError`` if tests are broken."""
    folders = [str(ROOT / "tests" / name) for name in FOLDERS]
    subprocess.run(
        [sys.executable, "-c", _COLLECT, str(found), *folders],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    marked = set(json.loads(found.read_text(encoding="utf-8")))
    explained = set(_EXPLAINED.findall(PAGE.read_text(encoding="utf-8")))
    known = set(every())
    return Checklist(
        frozenset(marked & known),
        frozenset(explained & known),
        frozenset((marked | explained) - known),
    )


def main() -> int:
    """Print the counts; 1 if something is missing or unknown."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder) / "found.json")
    print(found)
    return 1 if found.missing or found.unknown else 0


if __name__ == "__main__":
    sys.exit(main())
