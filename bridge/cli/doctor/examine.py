"""The order of the checks: from this machine outwards to devices and clouds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from bridge.app import journal_paths
from bridge.cli.check_config import summary
from bridge.cli.doctor import machine, reach, storage
from bridge.cli.doctor.check import Check, of_fault, ok, warn
from bridge.config import load_config
from drivers.contract.clock import SystemClock
from drivers.contract.fault import Fault


async def examine(path: Path, environ: Mapping[str, str], *, offline: bool) -> AsyncIterator[Check]:
    """Yield every check as it is done. ``offline``: ask no daemon and contact no cloud."""
    yield machine.python()
    try:
        config = load_config(path)
    except Fault as fault:
        yield of_fault("configuration", fault)
        return
    yield ok("configuration", f"{path}: {summary(config)}")
    for check in machine.libraries(config):
        yield check
    for check in storage.credentials(config, environ):
        yield check
    for check in storage.directories(config):
        yield check
    paths = journal_paths(config)
    last_ms = None
    for check, time_ms in storage.journal(paths):
        last_ms = time_ms or last_ms
        yield check
    yield machine.clock(SystemClock().now(), last_ms)
    holder = storage.holder(paths)
    if holder is not None and not offline:
        for check in reach.ask_daemon(paths, holder):
            yield check
    elif holder is not None:
        yield warn("devices", f"not touched: process {holder} holds the journal and the devices")
    else:
        yield ok("daemon", "not running: devices are tried directly")
        for check in await reach.devices(config):
            yield check
    if not offline:
        for check in await reach.clouds(config):
            yield check
