"""What lies outside of this machine: the running daemon's word, devices, clouds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from bridge.app import REAL
from bridge.cli.daemon_client import client_of
from bridge.cli.doctor.check import Check, Verdict, fail, of_fault, ok, warn
from bridge.config import (
    CloudSettings,
    Config,
    PrinterSettings,
    Secret,
    SigningUnitSettings,
)
from bridge.journal.store import JournalPaths
from drivers.contract.fault import Fault

DAEMON_S = 10.0
"""Seconds for a daemon of this machine to say how it is."""

CLOUD_S = 10.0
"""Seconds for a cloud's host to be found and to take a connection."""

_VERDICTS = {"ok": Verdict.OK, "off": Verdict.OK, "failed": Verdict.FAIL}


def ask_daemon(paths: JournalPaths, holder: int) -> Iterator[Check]:
    """Yield what the running daemon says of its parts."""
    client = client_of(paths.lock)
    if client is None:
        text = f"process {holder} holds the journal but does not answer on a socket"
        yield warn("daemon", text, "Run this as the user that runs the box, or as root.")
        return
    transport = httpx.HTTPTransport(uds=str(client.path))
    try:
        with httpx.Client(transport=transport, timeout=DAEMON_S, trust_env=False) as http:
            answer = http.get("http://localhost/v1/health-board")
            answer.raise_for_status()
            parts = answer.json()["parts"]
    except (httpx.HTTPError, OSError, ValueError, KeyError) as error:
        text = f"process {holder} at {client.path}: {type(error).__name__} {error}"
        advice = "Look into the log of the service; if it hangs, restart it."
        yield fail("daemon", text, advice)
        return
    yield ok("daemon", f"running as process {holder}")
    for part in parts:
        yield _of_part(part)


def _of_part(part: dict[str, Any]) -> Check:
    verdict = _VERDICTS.get(part["level"], Verdict.WARN)
    fault = part.get("fault")
    if fault is None:
        return Check(part["part"], verdict, part["phase"] or part["level"])
    text = f"{fault['title']}: {fault['detail']}" if fault["detail"] else fault["title"]
    return Check(part["part"], verdict, text, fault["advice"], fault["code"])


async def devices(config: Config) -> list[Check]:
    """Try every device, all at once; only for when no daemon holds them."""
    return await asyncio.gather(
        *(_unit(unit) for unit in config.signing_units),
        *(_printer(printer) for printer in config.printers),
    )


async def _unit(settings: SigningUnitSettings) -> Check:
    """Read the unit's certificate. The PIN is not needed for that, and not sent."""
    name = f"unit:{settings.name}"
    try:
        unit = REAL.unit(settings, Secret(""), True)
    except Fault as fault:
        return of_fault(name, fault)
    try:
        record = await unit.read()
    except Fault as fault:
        return of_fault(name, fault)
    finally:
        await unit.close()
    return ok(name, f"{settings.address}: certificate {record.serial}")


async def _printer(settings: PrinterSettings) -> Check:
    name = f"printer:{settings.name}"
    try:
        printer = REAL.printer(settings)
    except Fault as fault:
        return of_fault(name, fault)
    try:
        status = await printer.status()
    finally:
        await printer.close()
    if status.fault is not None:
        return of_fault(name, status.fault)
    return ok(name, f"{settings.address}: online, paper {status.paper}")


async def clouds(config: Config) -> list[Check]:
    """Look whether each cloud's host takes a connection; nothing is said to it."""
    return await asyncio.gather(*(_cloud(cloud) for cloud in config.clouds))


async def _cloud(settings: CloudSettings) -> Check:
    name, url = f"cloud:{settings.name}", urlsplit(settings.url)
    secure = url.scheme == "wss"
    port = url.port or (443 if secure else 80)
    place = f"{url.hostname}:{port}"
    context = ssl.create_default_context() if secure else None
    try:
        async with asyncio.timeout(CLOUD_S):
            _, writer = await asyncio.open_connection(url.hostname, port, ssl=context)
            writer.close()
            await writer.wait_closed()
    except ssl.SSLCertVerificationError as error:
        advice = "Check the clock of the box first: a wrong date makes every certificate invalid."
        return fail(name, f"{place}: {error.verify_message}", advice)
    except TimeoutError:
        advice = "Check network and firewall."
        return fail(name, f"{place} does not answer within {CLOUD_S:g} s", advice)
    except OSError as error:
        advice = "Check name, network and firewall."
        return fail(name, f"{place}: {error.strerror or error}", advice)
    return ok(name, f"{place} takes connections")
