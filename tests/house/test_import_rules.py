"""The floors of the house: the import rules hold, and would not hold for a forbidden import."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import ROOT

LINTER = "from importlinter.cli import lint_imports_command as command; command()"

VIOLATIONS = {
    "drivers/bad.py": "import bridge.model",
    "bridge/journal/bad.py": "import simulators",
    "simulators/bad.py": "import bridge.till",
    "bridge/model/bad.py": "import bridge.till",
    "bridge/fiscal/bad.py": "import sqlite3",
    "bridge/till/bad.py": "import drivers.printers",
}
"""One per contract, in the order of pyproject.toml."""


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the import linter in a directory with a pyproject.toml and the three packages."""
    return subprocess.run(
        [sys.executable, "-c", LINTER, "--no-cache"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(directory), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_source_keeps_every_import_rule() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_is_broken_by_an_import_that_it_forbids(tmp_path: Path) -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    contracts = tomllib.loads(settings)["tool"]["importlinter"]["contracts"]
    modules = set(re.findall(r"\b(?:bridge|drivers|simulators)(?:\.[a-z]+)*", str(contracts)))
    for module in modules | {"drivers.printers", "bridge.journal"}:
        folder = tmp_path.joinpath(*module.split("."))
        folder.mkdir(parents=True, exist_ok=True)
        for package in (folder, *folder.relative_to(tmp_path).parents):
            (tmp_path / package / "__init__.py").touch()
    (tmp_path / "__init__.py").unlink()
    clean = lint(tmp_path)
    assert clean.returncode == 0, clean.stdout + clean.stderr

    for path, line in VIOLATIONS.items():
        (tmp_path / path).write_text(f"{line}\n", encoding="utf-8")
    broken = lint(tmp_path)
    kept = [c["name"] for c in contracts if f"{c['name']} BROKEN" not in broken.stdout]
    assert broken.returncode == 1
    assert not kept, broken.stdout
