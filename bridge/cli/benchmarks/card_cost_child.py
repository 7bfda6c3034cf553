"""Signs by card in a process of its own: ``python -m … ADDRESS CONTROL_PORT CARD_MS RUNS PAIRS``.

Prints one JSON object: commands per signature as the card counted them, and for each run the
median time in ms of a signature and of the card's own part in it. The latter is done here in turn
with the signatures, as the simulated card does it: a sleep, which on a busy machine lasts longer
than it should, and one ES256 signature.

The client library of PC/SC finds its service by an environment variable that it reads once, hence
the process.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import sys
import time
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.cli.benchmarks.desk import switch_interval
from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.pcsc import PcscAddress, PcscTransport
from drivers.signing.transport import CardTransport
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from simulators.card.identity import DEFAULT_PIN

CONNECT_LIMIT_S = 20.0

_KEY = ec.generate_private_key(ec.SECP256R1())
_ES256 = ec.ECDSA(Prehashed(SHA256()))


def _transport(address: str) -> CardTransport:
    if address.startswith("pcsc:"):
        return PcscTransport(PcscAddress.parse(address))
    return VpcdTransport(VpcdAddress.parse(address))


def _apdus(control_port: int) -> int:
    """Ask the card how many commands it has had."""
    with socket.create_connection(("127.0.0.1", control_port)) as control:
        control.sendall(b'{"get": "state"}\n')
        return int(json.loads(control.makefile().readline())["state"]["apdus"])


def _ms_since(begin: int) -> float:
    return (time.perf_counter_ns() - begin) / 1e6


async def _run(unit: AcosIdUnit, card_ms: int, pairs: int) -> tuple[float, float]:
    """Return the medians of a signature and of the card's part in it."""
    signing, card = [], []
    for number in range(pairs):
        digest = sha256(str(number).encode()).digest()
        begin = time.perf_counter_ns()
        await unit.sign(digest)
        signing.append(_ms_since(begin))
        begin = time.perf_counter_ns()
        time.sleep(card_ms / 1000)  # noqa: ASYNC251 - nothing else is going on
        _KEY.sign(digest, _ES256)
        card.append(_ms_since(begin))
    return statistics.median(signing), statistics.median(card)


async def _measure(
    address: str, control_port: int, card_ms: int, runs: int, pairs: int
) -> dict[str, object]:
    unit = AcosIdUnit(
        "card",
        _transport(address),
        vda="AT1",
        pin=DEFAULT_PIN,
        connect_timeout_s=CONNECT_LIMIT_S,
        read_timeout_s=CONNECT_LIMIT_S,
    )
    await unit.read()
    await _run(unit, card_ms, 1)
    before = _apdus(control_port)
    medians = [await _run(unit, card_ms, pairs) for _ in range(runs)]
    apdus = (_apdus(control_port) - before) / (runs * pairs)
    await unit.close()
    return {"apdus": apdus, "runs": medians}


def main() -> None:
    """Run with the arguments of the command line."""
    address, *numbers = sys.argv[1:]
    with switch_interval():
        print(json.dumps(asyncio.run(_measure(address, *map(int, numbers)))))


if __name__ == "__main__":
    main()
