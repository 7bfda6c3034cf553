"""What docs/local-api.md tells people to type, typed into a real shell against a real server."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.vectors import ROOT
from tests.web_api.desk import BACKOFFICE, PATIENCE_S, desk, served

PAGE = ROOT / "docs" / "local-api.md"

TOOLS = ("bash", "curl", "jq")


@pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason="bash, curl or jq is not installed here"
)
async def test_the_walk_through_works_from_its_first_line_to_its_last(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    script = "\n".join(re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    async with desk(tmp_path / "shop") as it, served(it.app) as address:
        it.caller = BACKOFFICE
        folder = tmp_path / "here"
        folder.mkdir()
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", script),
            cwd=folder,
            env={"BOX": address, "PATH": "/usr/bin:/bin", "NO_PROXY": "*"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await shell.communicate()
        assert shell.returncode == 0, said.decode()
        bons = it.shop.bons()
    done = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    assert (done["state"], done["total"]) == ("completed", 2268)
    dep = json.loads((folder / "dep7.json").read_text(encoding="utf-8"))
    assert len(dep["Belege-Gruppe"][0]["Belege-kompakt"]) == len(bons) == 4
