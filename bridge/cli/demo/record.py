"""What the demo was told, line by line: evidence for whoever holds it against the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self, TextIO


class Record:
    """Two files in the demo's directory: ``acknowledged.jsonl`` holds the box's answers that ended
    a receipt, ``webhooks.jsonl`` what the cloud told the external program."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._acknowledged: TextIO
        self._webhooks: TextIO
        self.documents: dict[str, dict[str, Any]] = {}
        self.aborted: list[str] = []
        self.notified: set[int] = set()

    def __enter__(self) -> Self:
        self._acknowledged = (self._out / "acknowledged.jsonl").open("w", encoding="utf-8")
        self._webhooks = (self._out / "webhooks.jsonl").open("w", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._acknowledged.close()
        self._webhooks.close()

    def acknowledged(self, how: str, view: dict[str, Any]) -> None:
        """Note that the box said that a receipt has ended."""
        _write(
            self._acknowledged, {"how": how, "receipt": view["id"], "number": view.get("number")}
        )

    def webhook(self, notification: dict[str, Any]) -> None:
        """Note one notification of the cloud."""
        if notification["action"] == "receipt.created":
            self.notified.add(notification["id"])
        _write(self._webhooks, notification)

    def fetched(self, reference: str, document: dict[str, Any]) -> None:
        """Note the document that the external program got for its receipt."""
        self.documents[reference] = document

    def was_aborted(self, reference: str) -> None:
        """Note that the external program saw its receipt aborted."""
        self.aborted.append(reference)


def _write(file: TextIO, line: dict[str, Any]) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()
