"""Tokens and passwords of the demonstration: files that only their owner may read."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOX_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
"""What a box may be called; the name is part of its token's file name."""


@dataclass(frozen=True, slots=True)
class Login:
    """What an external program signs in with."""

    user: str
    password: str


def box_token(path: Path) -> str:
    """Return the token in a file; make both if there is no file. Raises ``OSError``."""
    return _read_or_make(path, lambda: secrets.token_urlsafe(32)).strip()


def program_login(path: Path) -> Login:
    """Return the login in a JSON file ``{"userName", "password"}``; make both if there is none.

    Raises ``OSError``, ``ValueError``.
    """
    text = _read_or_make(
        path,
        lambda: json.dumps({"userName": "program", "password": secrets.token_urlsafe(16)}),
    )
    match json.loads(text):
        case {"userName": str(user), "password": str(password)}:
            return Login(user, password)
    raise ValueError(f"{path} is not {{userName, password}}")


def _read_or_make(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        unfinished = path.with_name(f".{path.name}.new")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make())
        unfinished.replace(path)
    return path.read_text(encoding="utf-8")
