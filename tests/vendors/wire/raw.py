"""A server that answers with scripted bytes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class RawServer:
    """Reads a request's head and body, then writes ``answer`` (in ``parts``) and closes, or keeps
    the connection open for ever (``hang``). ``heads`` are the requests as they came."""

    def __init__(self, answer: bytes = b"", *, hang: bool = False, parts: int = 1) -> None:
        self.answer, self.hang, self.parts = answer, hang, parts
        self.heads: list[bytes] = []
        self.port = 0
        self.leaving = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection; it is waited for when the server ends."""
        self.tasks.add(asyncio.create_task(self._handle(reader, writer)))

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            step = max(len(self.answer) // self.parts, 1)
            for start in range(0, len(self.answer), step):
                writer.write(self.answer[start : start + step])
                await writer.drain()
            if self.hang:
                await self.leaving.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def raw_server(server: RawServer, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """Run it on a free port of this machine."""
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.leaving.set()
        listening.close()
        await listening.wait_closed()
        await asyncio.gather(*server.tasks)


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an answer with a length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
