"""Webhook subscriptions and what still has to be delivered to them, on disk."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from simulators.cloud.assumed import REFERENCE
from simulators.cloud.ids import DELIVERY, Ids
from simulators.cloud.store import Store


class Subscriptions:
    """Callers hold the transaction. ``on_change`` is called when something may be to deliver."""

    def __init__(self, store: Store, ids: Ids, on_change: Callable[[], None]) -> None:
        self._store = store
        self._ids = ids
        self._on_change = on_change

    def add(self, fields: Mapping[str, Any]) -> str:
        """Keep a subscription: description, uri, secret, events, paused. Return its id."""
        number = uuid.uuid4().hex
        self._store.do(
            "INSERT INTO subscription (id, description, uri, secret, events, paused)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(number, fields["description"], fields["uri"], fields["secret"]),
            *(json.dumps(fields["events"]), int(fields["paused"])),
        )
        return number

    def change(self, number: str, fields: Mapping[str, Any]) -> None:
        """Replace the fields of a subscription."""
        self._store.do(
            "UPDATE subscription SET description = ?, uri = ?, secret = ?, events = ?, paused = ?"
            " WHERE id = ?",
            *(fields["description"], fields["uri"], fields["secret"]),
            *(json.dumps(fields["events"]), int(fields["paused"]), number),
        )
        self._on_change()

    def remove(self, number: str) -> None:
        """Drop a subscription with what it was still to be told."""
        self._store.do("DELETE FROM delivery WHERE subscription = ?", number)
        self._store.do("DELETE FROM subscription WHERE id = ?", number)

    def find(self, number: str) -> sqlite3.Row | None:
        """Return a subscription."""
        return self._store.row("SELECT * FROM subscription WHERE id = ?", number)

    def all(self) -> list[sqlite3.Row]:
        """Return all subscriptions."""
        return self._store.rows("SELECT * FROM subscription ORDER BY rowid")

    def notify(self, action: str, subject: int | str, reference: str | None) -> None:
        """Owe one notification to each subscription of an action."""
        notifications = json.dumps([{"action": action, "id": subject, REFERENCE: reference}])
        for row in self.all():
            if action in json.loads(row["events"]):
                self._store.do(
                    "INSERT INTO delivery (id, subscription, notifications) VALUES (?, ?, ?)",
                    *(self._ids.take(DELIVERY), row["id"], notifications),
                )
        self._on_change()

    def waiting(self, after: int) -> list[sqlite3.Row]:
        """Return ``n`` and ``id`` of what is undelivered and newer than ``after``, oldest first."""
        return self._store.rows(
            "SELECT n, id FROM delivery WHERE NOT done AND n > ? ORDER BY n", after
        )

    def delivery(self, delivery: str) -> sqlite3.Row | None:
        """Return a delivery with its subscription's uri, secret and paused, if both exist."""
        return self._store.row(
            "SELECT delivery.*, uri, secret, paused FROM delivery"
            " JOIN subscription ON subscription.id = subscription WHERE delivery.id = ?",
            delivery,
        )

    def begin(self, delivery: str) -> int:
        """Count an attempt before it is made; return its number."""
        self._store.do("UPDATE delivery SET attempt = attempt + 1 WHERE id = ?", delivery)
        return self._store.number("SELECT attempt FROM delivery WHERE id = ?", delivery)

    def delivered(self, delivery: str) -> None:
        """The receiver has it."""
        self._store.do("UPDATE delivery SET done = 1 WHERE id = ?", delivery)

    def counts(self) -> dict[str, int]:
        """Return how many deliveries wait and how many are done."""
        rows = self._store.rows("SELECT done, COUNT(*) AS n FROM delivery GROUP BY done")
        found = {row["done"]: row["n"] for row in rows}
        return {"waiting": found.get(0, 0), "delivered": found.get(1, 0)}
