"""``bonbridge demo``: the main job, run as a newcomer runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.demo.evidence import check_all, check_cloud, dep_receipts, journal_rows, papers

ROOT = Path(__file__).resolve().parents[2]


def bonbridge(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the command and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demo of 25 receipts."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = bonbridge("demo", "--once", "--receipts", "25", "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_a_demo_of_25_receipts_agrees_with_itself_on_paper_in_the_dep_and_in_the_journal(
    demo: Path,
) -> None:
    check_all(demo)
    check_cloud(demo)
    summary = json.loads((demo / "summary.json").read_text(encoding="utf-8"))
    assert summary["receipts"] == 25
    assert summary["valid"] is True
    assert summary["aborted"] == 3
    assert summary["completed"] == len(dep_receipts(demo))
    assert summary["papers"] == len(papers(demo / "receipts"))
    assert summary["webhooks"] == summary["completed"]


def test_each_sale_of_a_demo_is_printed_exactly_once(demo: Path) -> None:
    codes = [code for paper in papers(demo / "receipts") for code in paper.codes]
    assert len(codes) == len(set(codes))


def test_the_dep_of_a_demo_is_confirmed_by_the_verifier_as_a_program(demo: Path) -> None:
    keys = demo / "cryptographicMaterialContainer.json"
    done = bonbridge("rksv", "verify", str(demo / "dep-export.json"), "--keys", str(keys), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["valid"] is True
    assert report["receipts"] == len(dep_receipts(demo))


def test_the_journal_of_a_demo_verifies_and_its_derived_state_can_be_rebuilt(demo: Path) -> None:
    database = str(demo / "box" / "journal.db")
    mirror = str(demo / "mirror" / "journal.mirror")
    assert bonbridge("journal", "verify", database).returncode == 0
    assert bonbridge("journal", "rebuild", database, "--mirror", mirror).returncode == 0
    stats = json.loads(bonbridge("journal", "stats", database).stdout)
    assert stats["registers"] == {"KASSE-1": len(dep_receipts(demo))}


def test_no_secret_of_a_demo_is_in_anything_it_prints_or_stores(demo: Path) -> None:
    secrets = {
        path.name: path.read_text(encoding="utf-8").strip()
        for path in (demo / "credentials").iterdir()
    }
    assert len(secrets) == 4
    # The simulated card's own memory holds its PIN, the container the key for the tax office.
    own_places = {"card.json", "cryptographicMaterialContainer.json"}
    open_places = [
        path
        for path in demo.rglob("*")
        if path.is_file() and path.parent.name not in {"credentials", "cloud"}
    ]
    for path in (each for each in open_places if each.name not in own_places):
        content = path.read_bytes()
        for name, secret in secrets.items():
            assert secret.encode() not in content, f"{name} is in {path}"


def test_an_outage_is_shown_while_it_lasts_and_ends_with_a_sammelbeleg(demo: Path) -> None:
    kinds = [
        json.loads(row["body"])["kind"]
        for row in journal_rows(demo)
        if row["kind"] == "receipt.completed"
    ]
    assert kinds.count("collective") == 1
    log = (demo / "bonbridge.log").read_text(encoding="utf-8")
    assert log.count("unit:card: failed") == 1
    assert log.count("unit:card: works again") == 1


def test_without_once_the_demo_stays_up_and_its_page_has_receipts_to_complete(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "bridge.cli.main", "demo", "--receipts", "2"]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            said = next(line for line in process.stdout if "stays up" in line)
            page = said.split()[-1]
            assert page.startswith("http://127.0.0.1:")
            with httpx.Client(base_url=page) as browser:
                assert "<html" in browser.get("/").text
                waiting: list[Any] = []
                while len(waiting) < 3:
                    waiting = browser.get("/v1/receipts?state=open").json()["receipts"]
                assert {each["origin"] for each in waiting} == {"asello"}
        finally:
            process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(60) == 0


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious", encoding="utf-8")
    done = bonbridge("demo", "--once", "--receipts", "1", "--out", str(tmp_path))
    assert done.returncode == 1
    assert "demo_directory_in_use" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_germany_says_that_it_is_not_built_yet(tmp_path: Path) -> None:
    done = bonbridge("demo", "--once", "--country", "de", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "country_not_built" in done.stderr
