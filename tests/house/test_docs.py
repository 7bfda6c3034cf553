"""What the docs point to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.vectors import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
PATH = re.compile(r"`((?:bridge|drivers|simulators|tests|docs)/[A-Za-z0-9_./-]*)")
LINK = re.compile(r"\]\(([^)#]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_link_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    planned = {"bridge/web", "bridge/cloud", "bridge/vendors", "bridge/authority"}
    named = {ROOT / found for found in PATH.findall(text) if found not in planned}
    linked = {page.parent / found for found in LINK.findall(text) if not found.startswith("http")}
    missing = [str(path) for path in named | linked if not path.exists()]
    assert not missing
