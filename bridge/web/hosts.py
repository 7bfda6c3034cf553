"""Names of the box, and the origins of pages: parsed properly, IPv6 literals included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from bridge.web.faults import HostInvalid, HostNameInvalid

_AUTHORITY: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_ORIGIN: Final = re.compile(r"(?P<scheme>[a-z]+)://(?P<rest>[^/?#@\s]+)")

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

REMEMBERED: Final = 256
"""Spellings kept parsed: a shop has few, and a stranger's flood displaces at most these."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Host and port of a URL, in one spelling: small letters, addresses as Python writes them,
    IPv4 also where it came as IPv6. ``port`` is ``None`` where none was given."""

    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        """Whether this names the machine on which the caller itself runs."""
        return self.host == "localhost" or is_loopback(self.host)


@lru_cache(REMEMBERED)
def parse_authority(text: str) -> Authority:
    """Return what a ``Host`` header names. Raises ``HostInvalid``."""
    found = _AUTHORITY.fullmatch(text)
    port = None if found is None or found["port"] is None else int(found["port"])
    if found is None or (port is not None and port > 65_535):
        raise HostInvalid(f"Host {shown(text)}")
    if found["v6"] is None:
        name = found["name"].lower()
        return Authority(name[:-1] if name.endswith(".") and len(name) > 1 else name, port)
    try:
        return Authority(canonical_ip(found["v6"]), port)
    except ValueError:
        raise HostInvalid(f"Host {shown(text)}") from None


@lru_cache(REMEMBERED)
def canonical_ip(address: str) -> str:
    """Return an IP address in one spelling, without its zone. Raises ``ValueError``."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ip)


@lru_cache(REMEMBERED)
def is_loopback(address: str) -> bool:
    """Whether an IP address is one by which a machine reaches itself; names are not."""
    try:
        return ip_address(canonical_ip(address)).is_loopback
    except ValueError:
        return False


def shown(text: str) -> str:
    """Return a header's value as an error may repeat it."""
    return repr(text if len(text) <= 100 else f"{text[:100]}…")


class BoxNames:
    """By which hosts the box may be called.

    Loopback and the address that the client has really reached, each with the port that it has
    reached, and the configured names: those without a port also with the usual ports 80 and 443,
    which somebody in front of the box may forward.
    """

    def __init__(self, hosts: Iterable[str]) -> None:
        """Raises ``HostNameInvalid``."""
        self._configured = frozenset(map(_configured, hosts))

    def include(self, host: Authority, reached: tuple[str, int]) -> bool:
        """Whether ``host`` names the box to a client that has reached this address and port."""
        address, port = reached
        named = DEFAULT_PORTS["http"] if host.port is None else host.port
        if named == port and (host.is_loopback or host.host == _reached(address)):
            return True
        if host in self._configured:
            return True
        usual = named in (port, *DEFAULT_PORTS.values())
        return usual and Authority(host.host, None) in self._configured


def same_origin(origin: str, host: Authority) -> bool:
    """Whether a page with this origin was served by the host it now calls, over plain HTTP."""
    found = _ORIGIN.fullmatch(origin)
    if found is None or found["scheme"] != "http":
        return False
    try:
        page = parse_authority(found["rest"])
    except HostInvalid:
        return False
    port = DEFAULT_PORTS["http"]
    return page.host == host.host and (page.port or port) == (host.port or port)


def _reached(address: str) -> str | None:
    try:
        return canonical_ip(address)
    except ValueError:
        return None


def _configured(text: str) -> Authority:
    try:
        return parse_authority(text)
    except HostInvalid:
        pass
    try:
        return Authority(canonical_ip(text), None)
    except ValueError:
        raise HostNameInvalid(f"hosts: {shown(text)}") from None
