"""What the card keeps without power: one JSON file, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VERSION = 1


@dataclass(frozen=True, slots=True)
class CardState:
    """Memory of a card. ``key`` is the private scalar, ``certificate`` DER, both in hex."""

    key: str
    certificate: str
    cin: str
    pin: str
    tries_left: int
    signatures: int = 0
    apdus: int = 0
    verifies: int = 0


class StateFile:
    """Keeps a ``CardState``. Without a path it lives in memory only."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self) -> CardState | None:
        """Return the kept state, ``None`` if there is no file.

        Raises ``ValueError`` for a file that is not such a state, and ``OSError``.
        """
        if self._path is None or not self._path.exists():
            return None
        raw = json.loads(self._path.read_text(encoding="utf-8"))
        if not isinstance(raw, dict) or raw.pop("version", None) != VERSION:
            raise ValueError(f"{self._path} is no card state of version {VERSION}")
        try:
            return CardState(**raw)
        except TypeError as error:
            raise ValueError(f"{self._path} lacks or adds fields of a card state") from error

    def save(self, state: CardState) -> None:
        """Write durably: when this returns, the state survives a kill and a power cut."""
        if self._path is None:
            return
        temporary = self._path.with_name(self._path.name + ".new")
        content = json.dumps({"version": VERSION, **asdict(state)}, indent=1)
        # The file holds a key and a PIN, even if only simulated ones.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
