"""What a connection needs of the box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bridge.cloud.discretion import Discretion
from bridge.cloud.envelope import write_frame
from bridge.cloud.outbox import Peer, Sources
from bridge.cloud.reception import Reception
from bridge.cloud.sender import Progress
from bridge.health import HealthBoard
from bridge.journal.store import Journal
from bridge.model.ids import new_id
from bridge.till.till import Till
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the box is: its id, its software (``name/version``), an id of this start."""

    box: str
    software: str
    boot: str


@dataclass(frozen=True, slots=True)
class Here:
    """The box as one cloud's connections see it."""

    peer: Peer
    identity: Identity
    till: Till
    journal: Journal
    board: HealthBoard
    clock: Clock
    reception: Reception
    progress: Progress
    sources: Sources
    discretion: Discretion

    def frame(self, kind: str, data: dict[str, Any], re: str | None = None) -> str:
        """Return a frame without number, with an id of its own: it is not delivered again."""
        now = self.clock.now()
        return write_frame(kind, new_id(int(now.timestamp() * 1000)), now, data, re=re)

    async def keep_cursor(self) -> None:
        """Remember how far the cloud has acknowledged.

        A disk that refuses is no trouble here: only what is sent again after a restart depends
        on it.
        """
        try:
            await self.journal.keep_cursor(self.cursor_name, self.progress.acknowledged)
        except Fault:
            return

    @property
    def cursor_name(self) -> str:
        """The name of the peer's cursor in the journal."""
        return f"cloud:{self.peer.name}"
