"""M12: what a signature by card costs beyond the card's own time, and in commands.

The simulated card is a program of its own. The way to it is the real PC/SC service where one can
be started beside the machine's own, else the direct transport; a note says which.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.cli.benchmarks.desk import scratch
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from drivers.contract.fault import Fault
from drivers.signing.pcsc_library import load_scard
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from simulators.card.pcscd import CLIENT_VARIABLE, READER, PrivatePcscd

M12 = Spec("M12", "commands to the card per signature", "APDUs", Target(2))
M12B = Spec("M12b", "one signature beyond the 300 ms of the card, p50", "ms", Target(1.5))

CARD_MS = 300
"""Time the simulated card takes for a signature."""

CHILD = "bridge.cli.benchmarks.card_cost_child"

LIMIT_S = 180
"""Seconds the signatures may take together."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How the unit reaches the card: ``address`` for the unit, ``port`` for the card."""

    address: str
    port: int
    note: str
    environment: dict[str, str]


@contextmanager
def _way(directory: Path) -> Iterator[_Way]:
    try:
        load_scard()
        service = PrivatePcscd(directory)
        service.start()
    except Fault as missing:
        probe = VpcdTransport(VpcdAddress("127.0.0.1", 0))
        _, port = probe.listen()
        probe.close()
        note = f"over the direct transport, without PC/SC: {missing.detail}"
        yield _Way(f"vpcd:127.0.0.1:{port}", port, note, {})
        return
    try:
        yield _Way(
            f"pcsc:{READER} 00 00",
            service.ports[0],
            "through pcscd and the virtual reader",
            {CLIENT_VARIABLE: str(service.socket)},
        )
    finally:
        service.release()


@contextmanager
def _card(port: int) -> Iterator[str]:
    """Run the card; yields the port of its control channel."""
    command = [sys.executable, "-m", "simulators.card", "--connect", f"127.0.0.1:{port}"]
    with subprocess.Popen(  # noqa: S603 - our own program and arguments
        [*command, "--control-port", "0", "--delay-ms", str(CARD_MS)],
        stdout=subprocess.PIPE,
        text=True,
    ) as card:
        try:
            ready = card.stdout.readline() if card.stdout else ""
            yield ready.rpartition("control=")[2].strip()
        finally:
            card.terminate()


def run(settings: Settings) -> tuple[Figure, ...]:
    """Sign with the card while nothing else is going on."""
    runs, pairs = settings.of(1, 5), settings.of(2, 15)
    numbers = [str(CARD_MS), str(runs), str(pairs)]
    with (
        scratch(settings.places.memory) as name,
        _way(Path(name)) as way,
        _card(way.port) as control,
    ):
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            [sys.executable, "-m", CHILD, way.address, control, *numbers],
            env=os.environ | way.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return BENCHMARK.not_measured(f"{way.note}: {said[-1] if said else done.returncode}")
    found = json.loads(done.stdout)
    beyond = [signing - card for signing, card in found["runs"]]
    card_ms = statistics.median(card for _, card in found["runs"])
    what = f"{runs} runs of {pairs} signatures; PIN check and the check of ours are in them"
    return (
        Figure.of_runs(M12, [found["apdus"]], notes=[way.note]),
        Figure.of_runs(M12B, beyond, {"card_ms": card_ms}, notes=[way.note, what]),
    )


BENCHMARK = Benchmark((M12, M12B), run)
