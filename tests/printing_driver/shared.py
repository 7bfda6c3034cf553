"""What tests of the network printer's driver share."""

from __future__ import annotations

import asyncio
import socket

import pytest

from drivers.contract.fault import Fault
from drivers.contract.page import Page, QrCode, TextLine
from drivers.ports import TcpPort
from drivers.printers.conversation import Limits
from drivers.printers.encode import encode_page
from drivers.printers.escpos_tcp import EscPosPrinter
from drivers.printers.faults import (
    PrinterBroken,
    PrinterCoverOpen,
    PrinterCutterError,
    PrinterOffline,
    PrinterOverheated,
    PrinterPaperOut,
)

PATIENT = Limits(
    connect_s=10, connect_try_s=10, retry_pause_s=0.01, status_s=10, stall_s=10, confirm_s=10,
    settle_s=10, close_s=1,
)  # fmt: skip
"""For answers that do come: a slow machine must not turn them into silence."""

SHORT_S = 0.05
"""For answers that never come."""

PAGE = Page("Bon 1", 48, (TextLine("Grüße 2 €", bold=True), QrCode("_R1-AT1_TEST")))
DATA = encode_page(PAGE).data

PAPER_OUT = {1: b"\x1a", 2: b"\x32", 3: b"\x12", 4: b"\x7e"}
COVER_OPEN = {1: b"\x1a", 2: b"\x16", 3: b"\x12", 4: b"\x12"}
CUTTER = {1: b"\x1a", 2: b"\x52", 3: b"\x1a", 4: b"\x12"}
BROKEN = {1: b"\x1a", 2: b"\x52", 3: b"\x32", 4: b"\x12"}
HOT = {1: b"\x1a", 2: b"\x52", 3: b"\x52", 4: b"\x12"}
OFFLINE = {1: b"\x1a", 2: b"\x12", 3: b"\x12", 4: b"\x12"}

TROUBLES = [
    pytest.param(PAPER_OUT, PrinterPaperOut, id="paper_out"),
    pytest.param(COVER_OPEN, PrinterCoverOpen, id="cover_open"),
    pytest.param(CUTTER, PrinterCutterError, id="cutter"),
    pytest.param(BROKEN, PrinterBroken, id="broken"),
    pytest.param(HOT, PrinterOverheated, id="hot"),
    pytest.param(OFFLINE, PrinterOffline, id="offline"),
]

DRAWER_PULSE = b"\x1bp\x00\x32\xc8"
"""ESC p: pin 2, 50 x 2 ms on, 200 x 2 ms off."""


def kind(fault: Fault | None) -> type[Fault] | None:
    return None if fault is None else type(fault)


def driver(port: TcpPort, limits: Limits = PATIENT) -> EscPosPrinter:
    return EscPosPrinter("bon", port, limits=limits)


def nobody_listens() -> TcpPort:
    """Return a port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return TcpPort(*taken.getsockname())


async def narrow(port: TcpPort) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect with a small send buffer, so that a printer that does not read is soon felt."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (port.host, port.port))
    return await asyncio.open_connection(sock=connection)
