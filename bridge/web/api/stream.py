"""Answers that flow: until they end or the client is gone, whatever comes first."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Flow(Response):
    """An answer written by ``flow``, which is cancelled as soon as the client hangs up.

    ``send`` waits while the client does not read, so nothing piles up; a client that never reads
    is the server's to cut off.
    """

    @abstractmethod
    async def flow(self, send: Send) -> None:
        """Send head and body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        tasks = (
            asyncio.create_task(self.flow(send), name="answer that flows"),
            asyncio.create_task(_gone(receive), name="client that listens"),
        )
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def begin(self, send: Send) -> None:
        """Send the head."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
