"""What docs/vendors tells people to type works, from the first line to the last, and prints what
it promises: a real box, the vendor's simulator, bash and curl."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge.app import Box
from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.stage import Stage
from tests.app.boxes import Shop, start_register
from tests.support.vectors import ROOT
from tests.vendors.walk.script import differences, steps

PAGES = ROOT / "docs" / "vendors"
VENDORS = ("dvelop", "flexi", "kassomat", "offercube")
TOKEN = "a token of these tests, long enough"
PATIENCE_S = 120.0

TOOLS = ("bash", "curl", "python3")
tools_needed = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason="bash, curl or python3 is not installed here"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk-through takes place."""

    box: str
    simulator: str
    folder: Path


def vendor_table(name: str, url: str, secrets: dict[str, str], options: dict[str, Any]) -> str:
    """Return the configuration of a vendor that is a simulator."""
    rows = ["[[vendor]]", f'name = "{name}"', f'url = "{url}"', "simulator = true"]
    rows += ["[vendor.secrets]", *(f'{each} = "{name}.{each}"' for each in secrets)]
    rows += ["[vendor.options]", *(f"{key} = {json.dumps(each)}" for key, each in options.items())]
    return "\n".join(rows)


WEB = """
[web]
listen = "127.0.0.1:0"
[[web.token]]
name = "workshop"
role = "technician"
token = "web.token"
"""


@contextlib.asynccontextmanager
async def running(shop: Shop) -> AsyncIterator[Box]:
    """Start a box whose registers are started."""
    box = await shop.start()
    try:
        await start_register(box, "A")
        yield box
    finally:
        await box.stop()


@contextlib.asynccontextmanager
async def staged(name: str, root: Path, *, golden: bool) -> AsyncIterator[Place]:
    """Start a vendor's simulator and a box that is set up for it."""
    samples = importlib.import_module(f"tests.vendors.{name}.samples")
    clock = SimClock()
    async with Stage(samples.make_simulator(clock), clock) as stage:
        if golden:
            stage.surface.golden()
        table = vendor_table(name, stage.url, samples.SECRETS, samples.OPTIONS)
        shop = Shop(root, more=f"{WEB}\n{table}\n")
        shop.secret("web.token", TOKEN)
        for key, value in samples.SECRETS.items():
            shop.secret(f"{name}.{key}", value)
        async with running(shop) as box:
            assert box.front.address is not None
            folder = root / "here"
            folder.mkdir()
            yield Place(box.front.address, stage.url, folder)


async def typed(commands: str, place: Place) -> str:
    """Type commands into a shell and return what they print."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", commands),
        cwd=place.folder,
        env={
            "BOX": place.box.rstrip("/"),
            "SIM": place.simulator,
            "TOKEN": TOKEN,
            "PATH": os.environ["PATH"],
            "NO_PROXY": "*",
            "LANG": "C.UTF-8",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, errors = await shell.communicate()
    assert shell.returncode == 0, f"{commands}\n{out.decode()}\n{errors.decode()}"
    return out.decode()


async def walked(page: str, place: Place) -> None:
    """Type a page's walk-through, step by step."""
    found = steps(page)
    assert len(found) > 2, "this is no walk-through"
    for step in found:
        printed = await typed(step.commands, place)
        if step.promised:
            wrong = differences(step.answer, json.loads(printed))
            assert not wrong, f"{step.commands}\n{printed}\n" + "\n".join(wrong)


@tools_needed
@pytest.mark.parametrize("name", VENDORS)
async def test_the_walk_through_of_a_vendor_works_and_prints_what_it_promises(
    name: str, tmp_path: Path
) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    async with staged(name, tmp_path, golden="--golden" in page) as place:
        await walked(page, place)
