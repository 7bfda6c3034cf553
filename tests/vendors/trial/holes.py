"""Vendors that swallow everything: addresses that take connections and never answer, and names that
the name service never finds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from tests.vendors.trial.shop import NAMES

_SITE = '''"""Lets the name service never answer for names of this domain."""

import socket
import threading

_real = socket.getaddrinfo


def getaddrinfo(host, *more, **named):
    if b".hole.test" in (host if isinstance(host, bytes) else str(host).encode()):
        threading.Event().wait({seconds})
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return _real(host, *more, **named)


socket.getaddrinfo = getaddrinfo
'''


@contextlib.asynccontextmanager
async def mute() -> AsyncIterator[dict[str, str]]:
    """Listen for all vendors, take connections, never read or answer; gives their addresses."""
    held: set[asyncio.StreamWriter] = set()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(writer)

    servers = [await asyncio.start_server(hold, "127.0.0.1", 0) for _ in NAMES]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    try:
        yield {name: f"http://127.0.0.1:{port}" for name, port in zip(NAMES, ports, strict=True)}
    finally:
        for server in servers:
            server.close()
        for writer in held:
            writer.close()


def nameless() -> dict[str, str]:
    """Return addresses whose names are never found, where ``silent_names`` is in the path."""
    return {name: f"http://{name}.hole.test:9" for name in NAMES}


def silent_names(folder: Path, seconds: float) -> Path:
    """Write what makes a Python process wait that long for names of such addresses; return what
    goes into its ``PYTHONPATH``."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        _SITE.replace("{seconds}", repr(seconds)), encoding="utf-8"
    )
    return folder
