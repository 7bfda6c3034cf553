"""kill -9 of a running box at random moments: nothing acknowledged is lost, nothing done twice.

Card, printer, cloud, external program and operator survive, as real ones do; the box is started
again each time, as systemd does. The operator repeats what was not answered under the same key,
the cloud repeats what was not acknowledged. At the end everything that is left behind is held
against everything else.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.conftest import Scale
from tests.demo.evidence import acknowledged, check_all, check_cloud
from tests.demo.test_demo import bonbridge

RECEIPTS = 40
"""Receipts of one shop."""

KILLS = 25
"""Kills in one shop; selling goes on until all of them have happened."""


@pytest.mark.kill
def test_a_box_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    scale: Scale, tmp_path: Path
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    for shop in range(scale.of(1, 8)):
        out = tmp_path / f"shop-{shop}"
        done = bonbridge(
            *("demo", "--once", "--receipts", str(RECEIPTS), "--kills", str(KILLS)),
            *("--out", str(out), "--seed", f"{seed}-{shop}"),
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr + log_of(out)
        check_shop(out)
        print(f"shop {shop}: {len(acknowledged(out))} acknowledged")


def check_shop(out: Path) -> None:
    """Everything agrees, and the independent commands say so too."""
    check_all(out)
    check_cloud(out)
    keys = out / "cryptographicMaterialContainer.json"
    verified = bonbridge("rksv", "verify", str(out / "dep-export.json"), "--keys", str(keys))
    assert verified.returncode == 0, verified.stdout
    checked = bonbridge("journal", "verify", str(out / "box" / "journal.db"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["receipts"] == RECEIPTS
    assert summary["valid"] is True


def log_of(out: Path) -> str:
    """Return the end of the box's log."""
    log = out / "bonbridge.log"
    return log.read_text(encoding="utf-8")[-4000:] if log.exists() else ""
