"""kill -9 while an order is being sent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.conftest import Scale
from tests.vendors.engine.desks import post

ROOT = Path(__file__).parents[3]


@pytest.mark.kill
@pytest.mark.parametrize(
    ("what", "arrives", "state", "sent"),
    [
        ("parcels", True, "succeeded", 1),
        ("parcels", False, "succeeded", 2),
        ("letters", True, "succeeded", 1),
        ("letters", False, "failed", 1),
        ("cards", True, "unknown", 1),
    ],
)
async def test_a_kill_in_sending_never_makes_a_second_effect(
    tmp_path: Path, scale: Scale, what: str, arrives: bool, state: str, sent: int
) -> None:
    for n in range(scale.of(1, 10)):
        folder = tmp_path / str(n)
        folder.mkdir()
        async with post(folder) as p:
            await p.counter.desk.stop(grace_s=0)
            p.stage.fault("delay", delay_s=30, path=f"/{what}")
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.vendors.engine.child",
                str(folder), p.stage.url, what, "X1", cwd=ROOT,
            )  # fmt: skip
            await p.reached(f"/{what}")
            child.kill()
            await child.wait()
            if not arrives:
                # As if the service had thrown away what it was about to do.
                p.office.parcels.clear()
                p.office.letters.clear()
            await p.counter.restart()
            [view] = await p.counter.runs()
            assert (await p.counter.ended(view.id, step_s=5)).state == state
            effects = [*p.office.parcels, *p.office.letters, *p.office.cards]
            assert effects == ([] if state == "failed" else ["X1"])
            assert len(p.stage.calls("POST", f"/{what}")) == sent
