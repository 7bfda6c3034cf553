"""kill -9 of a running demo at random moments: nothing acknowledged is lost, nothing done twice.

Card and printer are processes of their own and survive, as real ones do. Each killed demo is
started again on the same journal, until all receipts are done; then everything that is left
behind is held against everything else.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridge.cli.demo.desk import Desk, simulated_desk
from tests.conftest import Scale
from tests.demo.evidence import acknowledged, check_all
from tests.demo.test_demo import ROOT, bonbridge

RECEIPTS = 30
"""Receipts of one shop; a shop takes several kills until it is through."""

LONGEST_S = 1.6
"""A demo is killed at a random moment before this time, start-up included."""


def run_and_kill(desk: Path, out: Path, seed: str, after_s: float) -> bool:
    """Run a demo and kill it after a time. Returns whether it had finished before."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "bridge.cli.main", "demo", "--once", "--resume"),
            *("--receipts", str(RECEIPTS), "--out", str(out)),
            *("--seed", seed, "--desk", str(desk)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    timer = threading.Timer(after_s, process.kill)
    timer.start()
    _, errors = process.communicate()
    timer.cancel()
    if process.returncode == -9:
        return False
    assert process.returncode == 0, errors
    return True


@pytest.mark.kill
def test_a_demo_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    scale: Scale, tmp_path: Path
) -> None:
    wanted = scale.of(25, 200)
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    kills = 0
    shop = 0
    while kills < wanted:
        out = tmp_path / f"shop-{shop}"
        (out / "receipts").mkdir(parents=True)
        (out / ".bonbridge-demo").touch()
        with simulated_desk(out, 48) as desk:
            desk_file = tmp_path / f"desk-{shop}.json"
            desk.save(desk_file)
            finished = False
            while not finished and kills < wanted:
                finished = run_and_kill(
                    desk_file, out, f"{seed}-{shop}", chance.uniform(0.2, LONGEST_S)
                )
                kills += not finished
                print(f"shop {shop}: {len(acknowledged(out))} acknowledged")
            if not finished:
                assert run_and_kill(desk_file, out, f"{seed}-{shop}", 120)
        check_shop(out)
        shop += 1
    print(f"{kills} kills over {shop} shops")


def check_shop(out: Path) -> None:
    """Everything agrees, and the independent commands say so too."""
    check_all(out)
    keys = out / "cryptographicMaterialContainer.json"
    verified = bonbridge("rksv", "verify", str(out / "dep-export.json"), "--keys", str(keys))
    assert verified.returncode == 0, verified.stdout
    checked = bonbridge("journal", "verify", str(out / "box" / "journal.db"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["receipts"] == RECEIPTS


def test_a_desk_is_written_and_read_back(tmp_path: Path) -> None:
    desk = Desk("127.0.0.1:1", "tcp:127.0.0.1:2", 3)
    desk.save(tmp_path / "desk.json")
    assert Desk.load(tmp_path / "desk.json") == desk
