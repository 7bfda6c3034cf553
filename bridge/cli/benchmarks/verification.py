"""M7: verifying a DEP of a million receipts, beside the bare signature checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.cli.benchmarks.big_dep import write_big_dep
from bridge.cli.benchmarks.desk import scratch
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.machine import cores
from bridge.cli.benchmarks.memory import run_and_watch

M7 = Spec(
    "M7",
    "DEP verification, 1,000,000 receipts/s by cores × bare ES256 checks/s, best of 3",
    "ratio",
    Target(0.75, at_most=False),
)
M7B = Spec(
    "M7b",
    "memory growth of DEP verification, all processes, from 10,000 to 1,000,000 receipts",
    "MB",
    Target(16),
)

PAIRS = 3

SAMPLES = 5
"""Samples of the bare rate before the first and after each verification."""

CHILD = "bridge.cli.benchmarks.verification_child"


@dataclass(frozen=True, slots=True)
class _Verified:
    """What the child said of the last DEP, and the peak of all processes in MB."""

    receipts: int
    seconds: float
    valid: bool
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.receipts / self.seconds


def run(settings: Settings) -> tuple[Figure, ...]:
    """Make both DEPs, then verify and check signatures in turn."""
    small, big = settings.of(2_500, 10_000), settings.of(6_000, 1_000_000)
    # The file is read once, as a stream: a real disk does, and memory is not for a file that big.
    with scratch(settings.places.disk or settings.places.memory) as name:
        directory = Path(name)
        keys, small_dep, big_dep = (directory / each for each in ("keys", "small", "big"))
        write_big_dep(small_dep, keys, small, settings.seed)
        write_big_dep(big_dep, keys, big, settings.seed)
        try:
            return _pairs(settings, keys, small_dep, big_dep)
        except subprocess.CalledProcessError as error:
            return BENCHMARK.not_measured(f"the verifying process ended with {error.returncode}")


def _pairs(settings: Settings, keys: Path, small: Path, big: Path) -> tuple[Figure, ...]:
    rates, growths = [], []
    checks = _checks_per_s(settings)
    for _ in range(settings.of(1, PAIRS)):
        least = _verify(keys, small)
        most = _verify(keys, small, big)
        if not (least.valid and most.valid):
            return BENCHMARK.not_measured("the verifier refused a valid DEP: no figure counts")
        rates.append(most.rate)
        growths.append(most.peak_mb - least.peak_mb)
        # The fastest of all samples: one slowed down by other programs would flatter us.
        checks = max(checks, _checks_per_s(settings))
    reference = checks * cores()
    notes = [f"{max(rates):,.0f} receipts/s on {cores()} cores, start-up excluded"]
    rough = ["quick: far fewer receipts than the target names"] if settings.quick else []
    spread = (min(rates) / reference, max(rates) / reference)
    named = {"checks_per_s": reference}
    return (
        Figure(M7, spread[1], spread, named, notes=(*notes, *rough)),
        Figure.of_runs(M7B, growths, notes=rough),
    )


def _verify(keys: Path, *deps: Path) -> _Verified:
    """Verify in a fresh process; the last DEP counts, those before it start the workers."""
    command = [sys.executable, "-m", CHILD, str(keys), str(cores())]
    output, peak = run_and_watch([*command, *map(str, deps)])
    return _Verified(**json.loads(output.splitlines()[-1]), peak_mb=peak)


def _checks_per_s(settings: Settings) -> float:
    """Return bare signature checks per second of one core, the fastest of a few samples."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    algorithm = ec.ECDSA(SHA256())
    message = os.urandom(170)
    signature = private.sign(message, algorithm)
    count = settings.of(200, 4_000)
    fastest = 0.0
    for _ in range(SAMPLES):
        begin = time.perf_counter()
        for _ in range(count):
            public.verify(signature, message, algorithm)
        fastest = max(fastest, count / (time.perf_counter() - begin))
    return fastest


BENCHMARK = Benchmark((M7, M7B), run)
