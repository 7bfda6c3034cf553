"""Signs by card in a process of its own: ``python -m … ADDRESS CONTROL_PORT RUNS SIGNATURES``.

Prints one JSON object: commands per signature as the card counted them, and per run the median
time of a signature in ms. The client library of PC/SC finds its service by an environment
variable that it reads once, hence the process.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import sys
import time
from hashlib import sha256

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.pcsc import PcscAddress, PcscTransport
from drivers.signing.transport import CardTransport
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from simulators.card.identity import DEFAULT_PIN

CONNECT_LIMIT_S = 20.0


def _transport(address: str) -> CardTransport:
    if address.startswith("pcsc:"):
        return PcscTransport(PcscAddress.parse(address))
    return VpcdTransport(VpcdAddress.parse(address))


def _apdus(control_port: int) -> int:
    """Ask the card how many commands it has had."""
    with socket.create_connection(("127.0.0.1", control_port)) as control:
        control.sendall(b'{"get": "state"}\n')
        return int(json.loads(control.makefile().readline())["state"]["apdus"])


async def _sign(address: str, control_port: int, runs: int, count: int) -> dict[str, object]:
    unit = AcosIdUnit(
        "card",
        _transport(address),
        vda="AT1",
        pin=DEFAULT_PIN,
        connect_timeout_s=CONNECT_LIMIT_S,
        read_timeout_s=CONNECT_LIMIT_S,
    )
    await unit.read()
    await unit.sign(sha256(b"warm-up").digest())
    before = _apdus(control_port)
    medians = []
    for run in range(runs):
        times = []
        for number in range(count):
            digest = sha256(f"{run} {number}".encode()).digest()
            begin = time.perf_counter_ns()
            await unit.sign(digest)
            times.append((time.perf_counter_ns() - begin) / 1e6)
        medians.append(statistics.median(times))
    apdus = (_apdus(control_port) - before) / (runs * count)
    await unit.close()
    return {"apdus": apdus, "ms": medians}


def main() -> None:
    """Run with the arguments of the command line."""
    address, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(_sign(address, *map(int, numbers)))))


if __name__ == "__main__":
    main()
