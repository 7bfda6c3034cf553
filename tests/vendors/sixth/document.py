"""Takes the files of the example out of ``docs/vendors/new-vendor.md``."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.vectors import ROOT

PAGE = ROOT / "docs" / "vendors" / "new-vendor.md"
_FILE = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """Return the page's programs by their paths."""
    return dict(_FILE.findall(PAGE.read_text()))


def write(folder: Path) -> list[Path]:
    """Write them below a folder."""
    written = []
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        written.append(path)
    return written
