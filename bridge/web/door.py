"""Who may be connected: a cap on all connections and on those of one peer.

A full house does not turn honest clients away as long as somebody inside has no request under
way: of those, the one that has waited longest gives way. So a crowd of half-open connections
clears itself, and what is being answered is never cut off.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv6Address, ip_address
from typing import Protocol

from bridge.web.limits import Limits


class Guest(Protocol):
    """A connection. ``peer`` is its place, empty for programs of this machine that came by the
    socket file; ``waiting_since`` the loop's time since when it owes a whole request, ``None``
    while one is being answered."""

    peer: str

    @property
    def waiting_since(self) -> float | None: ...

    def evict(self) -> None:
        """Break the connection at once."""
        ...

    def shutdown(self) -> None:
        """Finish what is being answered, then close."""
        ...


class Door:
    """The connections of one server. ``empty`` is set while there is none."""

    def __init__(self, limits: Limits) -> None:
        self.empty = asyncio.Event()
        self.empty.set()
        self._limits = limits
        self._inside: dict[Guest, None] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._inside)

    def guests(self) -> tuple[Guest, ...]:
        """Return all connections, the oldest first."""
        return tuple(self._inside)

    def enter(self, guest: Guest) -> bool:
        """Let a connection in, if need be in place of one that only waits; else ``False``."""
        if self._closed:
            return False
        own = [each for each in self._inside if each.peer == guest.peer] if guest.peer else []
        if len(own) >= self._limits.per_peer:
            crowd = own
        elif len(self._inside) >= self._limits.connections:
            crowd = list(self._inside)
        else:
            crowd = []
        if crowd and not self._make_room(crowd):
            return False
        self._inside[guest] = None
        self.empty.clear()
        return True

    def close(self) -> None:
        """Let nobody in any more."""
        self._closed = True

    def leave(self, guest: Guest) -> None:
        """Note that a connection is gone."""
        self._inside.pop(guest, None)
        if not self._inside:
            self.empty.set()

    def _make_room(self, crowd: list[Guest]) -> bool:
        waiting = [(since, each) for each in crowd if (since := each.waiting_since) is not None]
        if not waiting:
            return False
        _, longest = min(waiting, key=lambda pair: pair[0])
        longest.evict()
        self.leave(longest)
        return True


def place_of(address: str) -> str:
    """Return what stands for one peer: an IPv4 address, or an IPv6 network of 64 bits, since a
    single machine has all of those."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> 64 << 64))
