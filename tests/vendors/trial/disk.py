"""A disk that refuses the store of runs, and only that: switched by a file, with SQLite's own
errors."""

from __future__ import annotations

from pathlib import Path

_SITE = '''"""Gives the store of runs a disk that is full, or read-only, while a file says so."""

import pathlib
import sqlite3

_WISH = pathlib.Path({wish!r})
_real = sqlite3.connect


class Connection(sqlite3.Connection):
    def execute(self, *arguments):
        wish = _WISH.read_text() if _WISH.exists() else ""
        pages = 1 if wish == "full" else 1_000_000_000
        super().execute(f"PRAGMA max_page_count={{pages}}").fetchall()
        super().execute(f"PRAGMA query_only={{int(wish == 'read-only')}}")
        return super().execute(*arguments)


def connect(database, *more, **named):
    if str(database).endswith("vendors.db"):
        named["factory"] = Connection
    return _real(database, *more, **named)


sqlite3.connect = connect
'''

FULL, READ_ONLY, WELL = "full", "read-only", ""


class Disk:
    """``python_path`` is for the daemon's ``PYTHONPATH``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.python_path = folder
        self._wish = folder / "wish"
        site = _SITE.format(wish=str(self._wish))
        (folder / "sitecustomize.py").write_text(site, encoding="utf-8")

    def be(self, state: str) -> None:
        """Be ``FULL``, ``READ_ONLY`` or ``WELL`` from now on."""
        new = self._wish.with_suffix(".new")
        new.write_text(state, encoding="utf-8")
        new.rename(self._wish)
