"""kill -9 at random moments: every acknowledged write-set is there, numbers have no gap."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bridge.journal.check import verify
from bridge.journal.projections import load
from bridge.journal.reader import Reader
from tests.conftest import Scale
from tests.journal.child import PerRegister
from tests.journal.support import Chain, events_in, opened, paths_in
from tests.support.vectors import ROOT


def start(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the writing program and wait until it has the journal open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journal.child", str(directory), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def killed_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """Kill a program some acknowledgements on; return all it got out."""
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    # The last line may be cut off: it was not said then.
    seen += [line for line in process.stdout if line.endswith("\n")]
    process.communicate()
    assert process.returncode == -9
    return [line.rstrip("\n") for line in seen]


@pytest.mark.kill
async def test_a_writer_killed_again_and_again_loses_nothing_it_acknowledged(
    tmp_path: Path, scale: Scale
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    paths = paths_in(tmp_path)
    acknowledged: list[str] = []
    for round_ in range(scale.of(5, 100)):
        process = start(tmp_path, "write", f"{seed}-{round_}")
        acknowledged += killed_after(process, chance.randrange(200))
        with Reader(paths.database) as reader:
            verified = verify(reader)
            lines = {
                f"{each.register} {each.number} {each.seq} {each.hash.hex()}"
                for each in reader.events()
            }
            assert lines >= set(acknowledged)
            counted = Counter(each.register or "" for each in reader.events())
            assert {
                name: int(body) for name, body in load(reader, PerRegister()).items()
            } == counted
            for event in reader.events():
                found = reader.key(f"{event.register}-{event.number}")
                assert found == (b"fingerprint", event.seq)
        assert counted == verified.registers
    assert len(acknowledged) == len(set(acknowledged)) > 0
    async with opened(paths, (PerRegister(),)) as journal:
        assert not journal.behind
        chain = Chain(journal, "K1")
        chain.recover()
        await chain.sell()
        await journal.settle()
    assert verified.events + 1 == len(events_in(paths.database))
