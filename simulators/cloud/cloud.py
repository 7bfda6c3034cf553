"""What all parts of the cloud share: memory, time, switches, and who is connected."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections import Counter, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.cloud.envelope import RECEIPT_OPEN, RECEIPT_WITHDRAW
from drivers.contract.clock import Clock
from simulators.cloud.assumed import COMMAND_LIFE_S
from simulators.cloud.bodies import ParkedBody, pushed
from simulators.cloud.hsm import Hsm
from simulators.cloud.inbox import Inbox
from simulators.cloud.parking import Parking
from simulators.cloud.store import Store
from simulators.cloud.streams import Streams
from simulators.cloud.switches import Switches
from simulators.cloud.webhooks import WebhookSender

if TYPE_CHECKING:
    from simulators.cloud.session import BoxSession

REMEMBERED = 200
"""Errors and device states of boxes that are kept for looking at."""


class Cloud:
    """``registers`` maps a cash register's number to box and register id (none: the box's first).

    ``counts`` are events since the start, by name; ``box_errors`` and ``box_states`` the newest
    ``error`` and ``device.changed``/``latch.changed`` frames of boxes.
    """

    def __init__(
        self,
        store: Store,
        switches: Switches,
        clock: Clock,
        registers: dict[int, tuple[str, str | None]],
        webhooks: WebhookSender,
    ) -> None:
        self.store = store
        self.switches = switches
        self.clock = clock
        self.registers = registers
        self.webhooks = webhooks
        self.hsm = Hsm(store, clock)
        self.streams = Streams(store)
        self.parking = Parking(store, self.streams)
        self.inbox = Inbox(store, self.streams, self.parking, webhooks.subscriptions, switches)
        self.sessions: dict[str, BoxSession] = {}
        self.counts: Counter[str] = Counter()
        self.box_errors: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.box_states: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        switches.watch(self._switched)

    def now(self) -> datetime:
        """The cloud's time, which a switch puts wrong."""
        return self.clock.now() + timedelta(seconds=self.switches.settings.clock_offset_s)

    def admit(self, box: str, token: str) -> None:
        """Let a box in by a token."""
        with self.store.transaction():
            self.streams.add_box(box)
            self.store.do(
                "INSERT OR REPLACE INTO token (hash, box) VALUES (?, ?)", _hash(token), box
            )

    def box_of(self, token: str) -> str | None:
        """Return the box that a token belongs to."""
        row = self.store.row("SELECT box FROM token WHERE hash = ?", _hash(token))
        return None if row is None else row["box"]

    def new_token(self, box: str) -> str:
        """Return a further token for a box; earlier ones stay valid."""
        token = secrets.token_urlsafe(32)
        self.admit(box, token)
        return token

    def open_at(self, box: str, parked: str, body: ParkedBody) -> None:
        """Send a parked receipt to a box."""
        register_box, register = self.registers[body.cash_register]
        register = register if register_box == box else None
        with self.store.transaction():
            attempt = self.parking.opening(parked, box)
            self.streams.give(
                box,
                RECEIPT_OPEN,
                pushed(body, parked, register),
                key=f"{parked}:open:{attempt}",
                exp=self._expiry(),
                parked=parked,
            )
        self.tell(box)

    def withdraw_at(self, box: str, parked: str) -> None:
        """Ask a box to give a parked receipt back."""
        self.streams.give(
            box,
            RECEIPT_WITHDRAW,
            {"parked_id": parked},
            key=f"{parked}:withdraw:{uuid.uuid4()}",
            exp=self._expiry(),
            parked=parked,
        )
        self.tell(box)

    def tell(self, box: str) -> None:
        """Wake the session of a box: something waits for it."""
        if session := self.sessions.get(box):
            session.wake()

    def _expiry(self) -> datetime | None:
        if self.switches.count_down("endless_commands"):
            return None
        life = timedelta(seconds=COMMAND_LIFE_S)
        return self.now() + (-life if self.switches.count_down("expired_commands") else life)

    def _switched(self) -> None:
        for session in self.sessions.values():
            session.wake()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
