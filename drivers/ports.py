"""Addresses of devices, as they stand in the configuration: ``kind:place``.

``tcp:HOST:PORT`` (IPv6 hosts in brackets), ``serial:PATH`` or ``serial:URL`` (as pyserial takes
them), ``usb:VENDOR:PRODUCT[:SERIAL]`` (ids as four hex digits). Only ``tcp`` can be opened now.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import ClassVar

from drivers.contract.fault import Fault, Side, Text

ALLOWED_FORMS = (
    "tcp:HOST:PORT",
    "serial:/dev/serial/by-id/NAME",
    "usb:VENDOR:PRODUCT or usb:VENDOR:PRODUCT:SERIAL",
)
"""What ``parse_port`` understands, for people."""

_SERIAL_URL = re.compile(r"(socket|rfc2217|loop|spy|hwgrep)://\S*")
_USB = re.compile(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(\S.*))?")
_BAD_IN_HOST = re.compile(r"[\s\[\]/]")


class PortAddressInvalid(Fault):
    """The address of a device is not understood; facts: ``allowed``."""

    code = "port_address_invalid"
    side = Side.OPERATOR
    title = Text("Geräteadresse nicht verstanden", "Device address not understood")
    advice = Text(
        "Die Adresse in der Konfiguration berichtigen. Erlaubt sind: "
        "tcp:RECHNER:PORT (etwa tcp:192.168.1.50:9100), serial:/dev/serial/by-id/NAME, "
        "usb:HERSTELLER:PRODUKT[:SERIENNUMMER].",
        "Correct the address in the configuration. Allowed are: "
        "tcp:HOST:PORT (like tcp:192.168.1.50:9100), serial:/dev/serial/by-id/NAME, "
        "usb:VENDOR:PRODUCT[:SERIAL].",
    )


class PortKindUnsupported(Fault):
    """The address is right, but this version cannot open that kind of port."""

    code = "port_kind_unsupported"
    side = Side.OPERATOR
    title = Text("Anschlussart noch nicht unterstützt", "Kind of connection not supported yet")
    advice = Text(
        "Diese Version spricht nur mit Geräten im Netzwerk. Das Gerät am Netzwerk anschließen "
        "und seine Adresse als tcp:RECHNER:PORT eintragen.",
        "This version talks to devices on the network only. Attach the device to the network and "
        "enter its address as tcp:HOST:PORT.",
    )


@dataclass(frozen=True, slots=True)
class TcpPort:
    """A device that listens on the network; ``port`` is 1 to 65535."""

    kind: ClassVar[str] = "tcp"

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial line: a device path, or a URL of pyserial."""

    kind: ClassVar[str] = "serial"

    path: str

    def __str__(self) -> str:
        return f"serial:{self.path}"

    def unsupported(self) -> PortKindUnsupported:
        """Return the fault to raise where a driver cannot open this kind."""
        return PortKindUnsupported(f"{self}: serial lines cannot be opened by this version")


@dataclass(frozen=True, slots=True)
class UsbPort:
    """A USB device by its ids; ``serial`` tells two of the same model apart."""

    kind: ClassVar[str] = "usb"

    vendor: int
    product: int
    serial: str | None = None

    def __str__(self) -> str:
        tail = f":{self.serial}" if self.serial is not None else ""
        return f"usb:{self.vendor:04x}:{self.product:04x}{tail}"

    def unsupported(self) -> PortKindUnsupported:
        """Return the fault to raise where a driver cannot open this kind."""
        return PortKindUnsupported(f"{self}: USB devices cannot be opened by this version")


Port = TcpPort | SerialPort | UsbPort


def parse_port(address: str) -> Port:
    """Return the typed form of an address. Raises ``PortAddressInvalid``."""
    kind, _, place = address.partition(":")
    if kind == "tcp":
        return _tcp(address, place)
    if kind == "serial" and (re.fullmatch(r"/\S+", place) or _SERIAL_URL.fullmatch(place)):
        return SerialPort(place)
    if kind == "usb" and (found := _USB.fullmatch(place)):
        return UsbPort(int(found[1], 16), int(found[2], 16), found[3])
    raise _invalid(address)


async def open_tcp(port: TcpPort) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect. Raises ``OSError``; the caller limits the time."""
    return await asyncio.open_connection(port.host, port.port)


def _tcp(address: str, place: str) -> TcpPort:
    host, colon, port = place.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise _invalid(address, "an IPv6 host stands in brackets")
    if not host or not colon or _BAD_IN_HOST.search(host):
        raise _invalid(address)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 0xFFFF:
        raise _invalid(address, "the port is a number from 1 to 65535")
    return TcpPort(host, int(port))


def _invalid(address: str, why: str = "unknown form") -> PortAddressInvalid:
    allowed = ", ".join(ALLOWED_FORMS)
    return PortAddressInvalid(f"{address!r}: {why}; allowed: {allowed}", allowed=ALLOWED_FORMS)
