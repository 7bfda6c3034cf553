"""What is plugged in, from a file tree as the kernel and udev make it."""

from __future__ import annotations

from pathlib import Path

from bridge.cli.devices import overview
from bridge.config import Config, parse_config
from bridge.devices.plugged import Plugged, plugged
from tests.app.boxes import CONFIG

EPSON = "usb:04b8:0e15:X3F0123"


def machine(root: Path) -> Path:
    """Make a machine with a scanner, two serial adapters, a printer and a mouse; return it."""
    (root / "dev").mkdir()
    for tty in ("ttyUSB0", "ttyUSB1", "ttyACM0"):
        (root / "dev" / tty).touch()
    for folder, name, tty in (
        ("by-id", "usb-Datalogic_Gryphon_ABC-if00", "ttyACM0"),
        ("by-id", "usb-FTDI_FT232R_A1B2-if00-port0", "ttyUSB0"),
        ("by-path", "platform-usb-0:1.2:1.0-port0", "ttyUSB1"),
        ("by-path", "platform-usb-0:1.3:1.0-port0", "ttyUSB0"),
    ):
        link = root / "dev/serial" / folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("../..") / tty)
    for name in ("usb-Honeywell_Voyager_1450g_17-event-kbd", "usb-Logitech_Mouse-event-mouse"):
        entry = root / "dev/input/by-id" / name
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.touch()
    usb_device(root, "1-1.4", "04b8", "0e15", serial="X3F0123", product="TM-T20II", printer=True)
    usb_device(root, "1-1.5", "0416", "5011", product="", printer=True)
    usb_device(root, "1-1.6", "0c2e", "0b61", product="Voyager", printer=False)
    (root / "sys/bus/usb/devices/usb1").mkdir()
    return root


def usb_device(
    root: Path,
    place: str,
    vendor: str,
    product_id: str,
    *,
    product: str,
    printer: bool,
    serial: str = "",
) -> None:
    devices = root / "sys/bus/usb/devices"
    device, interface = devices / place, devices / f"{place}:1.0"
    for folder in (device, interface):
        folder.mkdir(parents=True)
    (interface / "bInterfaceClass").write_text("07\n" if printer else "03\n")
    for name, text in (("idVendor", vendor), ("idProduct", product_id), ("serial", serial)):
        if text:
            (device / name).write_text(f"{text}\n")
    if product:
        (device / "manufacturer").write_text("EPSON\n")
        (device / "product").write_text(f"{product}\n")


def config(root: Path, printer: str, unit: str = "vpcd:127.0.0.1:35963") -> Config:
    """Return a box with one printer and one unit at these addresses."""
    text = CONFIG.format(root=root, printer_of_a="").replace("vpcd:127.0.0.1:35963", unit)
    return parse_config(f'{text}\n[[printer]]\nname = "bar"\naddress = "{printer}"\n')


def test_serial_lines_have_the_address_that_stays_the_same(tmp_path: Path) -> None:
    found = [each for each in plugged(machine(tmp_path)) if each.kind == "serial line"]
    assert [(each.address, each.text) for each in found] == [
        ("serial:/dev/serial/by-id/usb-Datalogic_Gryphon_ABC-if00", "ttyACM0"),
        ("serial:/dev/serial/by-id/usb-FTDI_FT232R_A1B2-if00-port0", "ttyUSB0"),
        ("serial:/dev/serial/by-path/platform-usb-0:1.2:1.0-port0", "ttyUSB1"),
    ]


def test_usb_printers_are_told_by_their_interface_class(tmp_path: Path) -> None:
    found = [each for each in plugged(machine(tmp_path)) if each.kind == "USB printer"]
    assert found == [
        Plugged("USB printer", EPSON, "EPSON TM-T20II"),
        Plugged("USB printer", "usb:0416:5011", ""),
    ]


def test_keyboards_are_listed_since_most_scanners_are_one(tmp_path: Path) -> None:
    (found,) = [each for each in plugged(machine(tmp_path)) if each.kind == "keyboard or scanner"]
    assert found.address == "hid:/dev/input/by-id/usb-Honeywell_Voyager_1450g_17-event-kbd"
    assert found.text == "Honeywell Voyager 1450g 17"


def test_a_machine_without_any_of_it_has_nothing(tmp_path: Path) -> None:
    assert plugged(tmp_path) == []


def test_a_configured_device_that_this_version_cannot_use_is_shown_with_the_reason(
    tmp_path: Path,
) -> None:
    view = overview(config(tmp_path, "usb:04B8:0e15"), plugged(machine(tmp_path)), ())
    printer = view.configured[-1]
    assert (printer.name, printer.present) == ("printer:bar", True)
    assert "port_kind_unsupported" in printer.problem
    assert printer.advice
    epson = next(each for each in view.plugged if each.address == EPSON)
    assert (epson.used_by, bool(epson.problem)) == ("printer:bar", True)
    assert not view.well


def test_a_configured_device_that_is_not_plugged_in_is_seen(tmp_path: Path) -> None:
    reader = Plugged("card reader", "pcsc:ACS ACR39U 00 00", "no card")
    for address, present in (
        ("pcsc:ACS ACR39U", True),
        ("pcsc:*", True),
        ("pcsc:Gemalto", False),
        ("vpcd:127.0.0.1:35963", None),
    ):
        view = overview(config(tmp_path, "tcp:192.168.1.50:9100", address), [reader], ())
        assert view.configured[0].present is present, address
        assert view.plugged[0].used_by == ("unit:card" if present else "")
        assert view.configured[1].present is None, "only talking to it would tell"


def test_without_a_list_of_readers_nobody_knows_whether_one_is_plugged_in(tmp_path: Path) -> None:
    view = overview(config(tmp_path, "tcp:192.168.1.50:9100", "pcsc:ACS ACR39U"), (), ("no pcscd",))
    assert view.configured[0].present is None
    assert view.notes == ("no pcscd",)
