"""What is plugged into the machine, as the kernel and udev show it (devices.md sections 3 to 5).

Only looks at ``/sys`` and ``/dev``: no device is opened, so nothing is disturbed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USB_PRINTER_CLASS = "07"
"""Interface class of printers (USB-IF)."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """Something plugged in. ``address`` is how the configuration would name it, ``text`` what it
    says of itself."""

    kind: str
    address: str
    text: str


def plugged(root: Path = Path("/")) -> list[Plugged]:
    """Return serial lines, USB printers, and keyboards (most scanners are one) below ``root``."""
    return [*_serial_lines(root), *_usb_printers(root), *_keyboards(root)]


def _serial_lines(root: Path) -> Iterator[Plugged]:
    """By id where the chip has a serial number, else by the socket it is plugged into."""
    seen: set[Path] = set()
    for folder in ("by-id", "by-path"):
        for link in _entries(root / "dev/serial" / folder):
            target = link.resolve()
            if target in seen:
                continue
            seen.add(target)
            yield Plugged("serial line", f"serial:{_seen_from(root, link)}", target.name)


def _usb_printers(root: Path) -> Iterator[Plugged]:
    devices = root / "sys/bus/usb/devices"
    for device in _entries(devices):
        vendor, product = _text(device / "idVendor"), _text(device / "idProduct")
        if not vendor or not product or not _is_printer(devices, device.name):
            continue
        serial = _text(device / "serial")
        address = f"usb:{vendor}:{product}" + (f":{serial}" if serial else "")
        words = (_text(device / "manufacturer"), _text(device / "product"))
        yield Plugged("USB printer", address, " ".join(word for word in words if word))


def _is_printer(devices: Path, device: str) -> bool:
    """Interfaces of the device ``1-4`` lie beside it, named ``1-4:1.0`` and so on."""
    interfaces = (each for each in _entries(devices) if each.name.startswith(f"{device}:"))
    return any(_text(each / "bInterfaceClass") == USB_PRINTER_CLASS for each in interfaces)


def _keyboards(root: Path) -> Iterator[Plugged]:
    for link in _entries(root / "dev/input/by-id"):
        if link.name.endswith("-event-kbd"):
            name = link.name.removeprefix("usb-").removesuffix("-event-kbd").replace("_", " ")
            yield Plugged("keyboard or scanner", f"hid:{_seen_from(root, link)}", name)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _seen_from(root: Path, path: Path) -> str:
    return "/" + str(path.relative_to(root))
