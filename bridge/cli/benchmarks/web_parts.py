"""The local API around a benchmark's desk, as the box has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.cli.benchmarks.desk import REGISTER, Desk
from bridge.config import parse_config
from bridge.devices.registry import Registry
from bridge.fiscal.rksv.code import qr_code
from bridge.front import software_version
from bridge.health import HealthBoard
from bridge.web.app import make_app
from bridge.web.parts import WebParts
from drivers.contract.clock import SystemClock

_CONFIG = """
[box]
id = "bench"
country = "at"
data_dir = "{directory}/own"
mirror_dir = "{directory}/mirror"
[shop]
name = "Bench"
address = ["Gasse 1"]
[[register]]
id = "{register}"
kassen_id = "BENCH-KASSE-1"
aes_key = "bench.aes"
units = ["card"]
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:1"
vda = "AT100"
pin = "card.pin"
[web]
listen = "127.0.0.1:0"
open_loopback = true
"""


def benchmark_app(desk: Desk, directory: Path) -> Any:
    """Return the ASGI application: guard, API and pages, no tokens."""
    clock = SystemClock()
    parts = WebParts(
        config=parse_config(_CONFIG.format(directory=directory, register=REGISTER)),
        version=software_version(),
        clock=clock,
        journal=desk.journal,
        till=desk.till,
        board=HealthBoard(clock),
        devices=Registry(()),
        code_of=qr_code,
    )
    return make_app(parts, {})
