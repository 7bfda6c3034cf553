"""``bonbridge bench`` runs with tiny sizes and prints the shape that programs read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.benchmarks import figures
from bridge.cli.benchmarks.catalogue import BENCHMARKS, choose, known_ids
from bridge.cli.benchmarks.figures import Benchmark, Figure, Settings, Spec, Target
from bridge.cli.benchmarks.places import Places
from bridge.cli.main import main

FIELDS = {"value", "target", "met", "unit", "spread", "reference", "synced"}


@pytest.fixture
def seen(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Standard output and error of the commands run."""
    yield capsys
    capsys.readouterr()


def run_json(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main(["bench", "--json", *argv]) == 0
    parsed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return parsed


def test_every_figure_of_a_quick_run_has_the_documented_shape(
    seen: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    printed = run_json(seen, "--quick", "--disk", str(tmp_path))
    assert set(printed) == {"machine", "metrics"}
    assert printed["machine"]["cores"] >= 1
    assert list(printed["metrics"]) == known_ids()
    for name, metric in printed["metrics"].items():
        assert set(metric) >= FIELDS, name
        if metric["value"] is None:
            assert metric["met"] is None, name
            assert metric["notes"], f"{name} does not say why it has no value"
            continue
        assert isinstance(metric["met"], bool), name
        low, high = metric["spread"]
        assert low <= metric["value"] <= high, name


def test_a_receipt_alone_takes_one_sync_and_under_twelve_kilobytes(
    seen: pytest.CaptureFixture[str],
) -> None:
    """Counts, not times: these two must hold on any machine."""
    metrics = run_json(seen, "--quick", "--only", "M1b,M3")["metrics"]
    assert metrics["M1b"]["met"] is True
    if shutil.which("strace") is None or metrics["M3"]["value"] is None:
        pytest.skip("the syncs cannot be traced here")
    assert metrics["M3"]["value"] == 1


def test_only_the_chosen_figures_are_measured(seen: pytest.CaptureFixture[str]) -> None:
    assert list(run_json(seen, "--quick", "--only", "M1b")["metrics"]) == ["M1b"]


def test_a_benchmark_yields_all_its_figures_by_any_of_their_ids() -> None:
    assert choose(["M2b"]) == choose(["M2"]) == [b for b in BENCHMARKS if "M2" in b.ids]
    assert choose([]) == list(BENCHMARKS)
    assert [each.ids[0] for each in choose(["M7", "M1"])] == ["M1", "M7"]


def test_an_unknown_id_gets_the_known_ones(seen: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "M1,M99"]) == 2
    said = seen.readouterr().err
    assert "there is no M99; known: M1, M1b, M2" in said


def test_a_disk_that_is_none_is_refused(seen: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["bench", "--quick", "--disk", str(tmp_path / "absent")]) == 2
    assert "is not a writable directory" in seen.readouterr().err


def test_a_missed_target_is_told_and_is_no_failure(
    seen: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Spec("X1", "something slow", "ratio", Target(1.0))
    slow = Figure.of_runs(spec, [3.0, 1.5, 2.0], {"reference_us": 10}, notes=["as was feared"])
    only = Benchmark((spec,), lambda _: (slow,))
    monkeypatch.setattr("bridge.cli.benchmarks.catalogue.BENCHMARKS", (only,))
    assert main(["bench", "--quick"]) == 0
    out = seen.readouterr().out.splitlines()
    assert out[1].split() == [
        "id",
        "what",
        "value",
        "target",
        "met",
        "spread",
        "reference",
        "synced",
    ]
    assert "2 ratio" in out[2]
    assert "≤ 1" in out[2]
    assert " NO " in out[2]
    assert "1.5 – 3" in out[2]
    assert out[3] == "X1: as was feared"


def test_a_figure_that_cannot_be_measured_is_null_and_says_why(tmp_path: Path) -> None:
    settings = Settings(Places(tmp_path, None), quick=True)
    (throughput,) = choose(["M2"])
    for figure in throughput.run(settings):
        shown = figure.as_json()
        assert (shown["value"], shown["met"], shown["spread"]) == (None, None, None)
        assert shown["notes"] == ["no real disk to write to"]


def test_targets_are_reached_from_their_own_side() -> None:
    assert figures.Target(1.8).met(1.8)
    assert not figures.Target(1.8).met(1.81)
    assert figures.Target(45, at_most=False).met(45)
    assert not figures.Target(45, at_most=False).met(44.9)
