"""Addresses of devices, as they stand in a configuration."""

from __future__ import annotations

import pytest

from drivers.contract.fault import Fault, Side
from drivers.ports import (
    ALLOWED_FORMS,
    PortAddressInvalid,
    PortKindUnsupported,
    SerialPort,
    TcpPort,
    UsbPort,
    parse_port,
)


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("tcp:192.168.1.50:9100", TcpPort("192.168.1.50", 9100)),
        ("tcp:bondrucker.local:1", TcpPort("bondrucker.local", 1)),
        ("tcp:localhost:65535", TcpPort("localhost", 65535)),
        ("tcp:[fe80::1]:9100", TcpPort("fe80::1", 9100)),
        ("serial:/dev/serial/by-id/usb-FTDI", SerialPort("/dev/serial/by-id/usb-FTDI")),
        ("serial:socket://10.0.0.7:4001", SerialPort("socket://10.0.0.7:4001")),
        ("usb:04b8:0e15", UsbPort(0x04B8, 0x0E15)),
        ("usb:04b8:0e15:X3YF012345", UsbPort(0x04B8, 0x0E15, "X3YF012345")),
    ],
)
def test_an_address_is_read_and_written_back(address: str, port: object) -> None:
    assert parse_port(address) == port
    assert str(port) == address


def test_usb_ids_may_be_written_in_capitals() -> None:
    assert parse_port("usb:04B8:0E15") == UsbPort(0x04B8, 0x0E15)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "tcp",
        "tcp:",
        "tcp:printer",
        "tcp:printer:",
        "tcp::9100",
        "tcp:printer:0",
        "tcp:printer:65536",
        "tcp:printer:9100x",
        "tcp:printer:-1",
        "tcp:printer:٩١٠٠",
        "tcp:fe80::1:9100",
        "tcp:a printer:9100",
        "tcp://printer:9100",
        "TCP:printer:9100",
        "192.168.1.50:9100",
        "serial:",
        "serial:COM3 ",
        "serial:ttyUSB0",
        "usb:",
        "usb:04b8",
        "usb:4b8:e15",
        "usb:04b8:0e15:",
        "usb:04g8:0e15",
        "bluetooth:00:11:22",
        " tcp:printer:9100",
    ],
)
def test_what_is_no_address_is_refused_with_the_allowed_forms(address: str) -> None:
    with pytest.raises(PortAddressInvalid) as caught:
        parse_port(address)
    assert repr(address) in caught.value.detail
    for form in ALLOWED_FORMS:
        assert form in caught.value.detail
    assert caught.value.side is Side.OPERATOR
    assert not caught.value.retryable


@pytest.mark.parametrize("address", ["serial:/dev/ttyS0", "usb:04b8:0e15"])
def test_a_port_that_cannot_be_opened_yet_has_a_diagnosis(address: str) -> None:
    port = parse_port(address)
    assert not isinstance(port, TcpPort)
    fault = port.unsupported()
    assert isinstance(fault, Fault)
    assert isinstance(fault, PortKindUnsupported)
    assert fault.code == "port_kind_unsupported"
    assert address in fault.detail
