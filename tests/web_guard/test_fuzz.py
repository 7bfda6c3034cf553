"""Bent requests in random pieces: the server answers or closes, and never breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random

import pytest

from bridge.web.limits import Limits
from tests.conftest import Scale
from tests.web_guard.wire import Client, Witness, bearer, guarded, port_of, request, serving, until

SEED = 20_261_121

WORDS = (
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\x00",
    b"Host: evil.example\r\n",
    b"Content-Length: 7\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"Expect: 100-continue\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"ffffffffffffffff\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\xff\xfe",
    b": ",
)


def bent(dice: random.Random, good: list[bytes]) -> bytes:
    """Return a few requests with pieces cut out, doubled and put in."""
    data = b"".join(dice.choice(good) for _ in range(dice.randint(1, 3)))
    for _ in range(dice.randint(0, 4)):
        at, end = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        match dice.randrange(4):
            case 0:
                data = data[:at] + data[min(end, at + 20) :]
            case 1:
                data = data[:end] + data[at:end][:50] + data[end:]
            case 2:
                data = data[:at] + dice.choice(WORDS) + data[at:]
            case _:
                data = data[:at] + dice.randbytes(dice.randint(1, 4)) + data[at + 2 :]
    return data


async def test_bent_requests_break_nothing(scale: Scale, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(SEED)
    print(f"seed {SEED}")
    witness = Witness()
    limits = Limits(head_s=0.3, body_s=0.3, idle_s=0.3, linger_s=0.05, per_peer=64)
    async with serving(guarded(witness), limits) as server:
        host = f"127.0.0.1:{port_of(server)}"
        json_header = f"{bearer()}|Content-Type: application/json"
        upgrade = "Connection: Upgrade|Upgrade: h2c"
        good = [
            request(headers=bearer(), host=host),
            request("POST", headers=json_header, body=b'{"a": 1}', host=host),
            request("POST", headers=f"{json_header}|{upgrade}", body=b'{"a": 1}', host=host),
            request("POST", headers=f"{json_header}|Transfer-Encoding: chunked", host=host)
            + b'8\r\n{"a": 1}\r\n0\r\n\r\n',
            request("OPTIONS", headers="Origin: https://till.example", host=host),
        ]

        async def attack(data: bytes, cuts: list[int], half_close: bool) -> None:
            client = await Client.to(server)
            for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
                client.send(data[start:end])
                await asyncio.sleep(0)
            if half_close:
                with contextlib.suppress(OSError):
                    client.writer.write_eof()
            await client.closed()
            await client.close()

        for _ in range(scale.of(8, 200)):
            batch = [bent(dice, good) for _ in range(25)]
            cuts = [sorted(dice.sample(range(len(d) + 1), min(3, len(d)))) for d in batch]
            ends = [dice.random() < 0.2 for _ in batch]
            await asyncio.gather(*map(attack, batch, cuts, ends))
        await until(lambda: server.connections == 0)
        client = await Client.to(server)
        client.send(good[0])
        assert (await client.answer()).status == 200
        await client.close()
    broken = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert {each.name for each in broken} <= {"bridge.web.auth"}
    assert witness.calls
