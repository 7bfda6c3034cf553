"""Answers leave at once, whatever their size and number of pieces."""

from __future__ import annotations

import socket

from bridge.web.listening import listen_tcp


async def test_what_is_accepted_sends_small_answers_without_waiting_for_more() -> None:
    """asyncio switches Nagle's algorithm off only where the socket names its protocol."""
    for each in await listen_tcp("127.0.0.1:0"):
        with each:
            assert each.proto == socket.IPPROTO_TCP
            port = each.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)):
                each.setblocking(True)
                accepted, _ = each.accept()
                with accepted:
                    assert accepted.proto == socket.IPPROTO_TCP
