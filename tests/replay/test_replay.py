"""The reference till's eight scenarios, replayed through the real till, open and closed system."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.rksv_replay import load_scenario, replay
from bridge.fiscal.rksv.keys import read_container
from bridge.fiscal.rksv.verify import verify_dep
from tests.support.vectors import ROOT, vectors

SCENARIOS = range(1, 9)
SYSTEMS = ("open", "closed")
DETERMINISTIC_FIELDS = 10
"""Fields of the payload that follow from the scenario: suite … encrypted counter. Serial and
chaining value depend on the reference till's random keys."""


def receipts(export: Path) -> list[str]:
    """Return all JWS of a DEP export by plain JSON."""
    content: dict[str, Any] = json.loads(export.read_text(encoding="utf-8"))
    return [jws for group in content["Belege-Gruppe"] for jws in group["Belege-kompakt"]]


def fields(jws: str) -> list[str]:
    """Return the payload's fields after the leading ``_``."""
    text = jws.split(".")[1]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("_")[1:]


def outage(jws: str) -> bool:
    """Whether the signature part is the outage text."""
    return jws.endswith(".U2ljaGVyaGVpdHNlaW5yaWNodHVuZyBhdXNnZWZhbGxlbg")


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("number", SCENARIOS)
async def test_a_scenario_gives_the_payloads_and_outages_of_the_reference_till(
    number: int, system: str, tmp_path: Path
) -> None:
    name = f"TESTSUITE_TEST_SZENARIO_{number}"
    scenario = load_scenario(vectors("rksv", "bmf-test-scenarios", f"{name}.json"))
    await replay(scenario, tmp_path, closed_system=system == "closed")
    own = receipts(tmp_path / "dep-export.json")
    reference = receipts(vectors("rksv", "bmf-mustercode-output", system, name, "dep-export.json"))
    assert len(own) == len(reference)
    for mine, theirs in zip(own, reference, strict=True):
        assert fields(mine)[:DETERMINISTIC_FIELDS] == fields(theirs)[:DETERMINISTIC_FIELDS]
        assert outage(mine) == outage(theirs)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("number", SCENARIOS)
async def test_the_dep_of_a_replayed_scenario_verifies_without_any_finding(
    number: int, system: str, tmp_path: Path
) -> None:
    name = f"TESTSUITE_TEST_SZENARIO_{number}"
    scenario = load_scenario(vectors("rksv", "bmf-test-scenarios", f"{name}.json"))
    await replay(scenario, tmp_path, closed_system=system == "closed")
    with (tmp_path / "cryptographicMaterialContainer.json").open("rb") as stream:
        keys = read_container(stream)
    report = verify_dep(
        tmp_path / "dep-export.json",
        keys,
        workers=1,
        allow_future=False,
        now=datetime.now(UTC),
    )
    assert not report.findings
    assert report.receipts == len(scenario.cash_box_instruction_list)


def test_the_units_of_a_scenario_get_groups_with_their_own_certificates(tmp_path: Path) -> None:
    source = vectors("rksv", "bmf-test-scenarios", "TESTSUITE_TEST_SZENARIO_1.json")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bridge.cli.main", "rksv", "replay"),
            *(str(source), "--out", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    export = json.loads((tmp_path / "dep-export.json").read_text(encoding="utf-8"))
    groups = export["Belege-Gruppe"]
    assert len({group["Signaturzertifikat"] for group in groups}) == 3
    for group in groups:
        assert len({fields(jws)[10] for jws in group["Belege-kompakt"]}) == 1


def test_a_file_that_is_no_scenario_is_refused_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}", encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bridge.cli.main", "rksv", "replay"),
            *(str(wrong), "--out", str(tmp_path / "out")),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "scenario_unreadable" in done.stderr
