"""A sixth vendor is one file: the example of the documentation is run, and judged by the rules that
hold for all vendors."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge.vendors
import simulators.vendors
import tests.vendors
from bridge.vendors.engine import discovery
from bridge.vendors.engine.faults import VendorDisabled
from bridge.vendors.engine.spec import Kind
from tests.support.vectors import ROOT
from tests.vendors.harness import counter
from tests.vendors.rules import (
    test_busy,
    test_input,
    test_keys,
    test_login,
    test_lost,
    test_restart,
    test_samples,
)
from tests.vendors.rules.bench import Subject, bench
from tests.vendors.sixth.document import PAGE, files, write

NAME = "eilbote"


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Subject]:
    """The example, put where a vendor's files lie."""
    write(tmp_path / "example")
    for package in (bridge.vendors, simulators.vendors, tests.vendors):
        place = tmp_path / "example" / package.__name__.replace(".", "/")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(place)])
    importlib.invalidate_caches()
    yield Subject.named(NAME)
    for name in [each for each in sys.modules if NAME in each]:
        del sys.modules[name]
    for package in (bridge.vendors, simulators.vendors, tests.vendors):
        if hasattr(package, NAME):
            delattr(package, NAME)


def test_the_page_holds_three_files() -> None:
    assert list(files()) == [
        f"bridge/vendors/{NAME}.py",
        f"simulators/vendors/{NAME}.py",
        f"tests/vendors/{NAME}/samples.py",
    ]


def test_the_page_needs_no_more_lines_than_a_vendor_should() -> None:
    assert len(files()[f"bridge/vendors/{NAME}.py"].splitlines()) < 150


@pytest.mark.parametrize(
    "tool", ["check --no-cache --extend-ignore INP001,S105,I001", "format --check"]
)
def test_the_files_are_in_the_house_style(tmp_path: Path, tool: str) -> None:
    ruff = Path(sys.executable).parent / "ruff"
    command = [str(ruff), *tool.split(), "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    write(tmp_path)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_simulator_knows_nothing_of_the_box() -> None:
    text = files()[f"simulators/vendors/{NAME}.py"]
    assert not re.search(r"^(from|import) bridge", text, re.MULTILINE)


def test_the_engine_finds_it_by_its_name(subject: Subject) -> None:
    assert discovery.load(NAME) is subject.vendor


async def test_it_books_and_tracks(tmp_path: Path, subject: Subject) -> None:
    async with bench(tmp_path, subject) as made:
        reply = await made.call("book", key="first")
        assert reply.status == 201
        told = reply.json()
        assert (told["number"], told["state"], told["vendor_status"]) == ("P1001", "succeeded", 201)
        assert told["vendor_body"]["reference"] == "first"
        tracked = await made.counter.call("GET", "/parcels/P1001")
        assert (tracked.status, tracked.json()["state"]) == (200, "booked")
        unknown = await made.counter.call("GET", "/parcels/P7")
        assert (unknown.status, unknown.json()["code"]) == (502, "vendor_rejected")
        part = await made.counter.check()
        assert str(part.level) == "ok"


@pytest.mark.parametrize("fault", list(test_lost.FAULTS))
async def test_a_lost_answer_is_never_a_second_parcel(
    tmp_path: Path, subject: Subject, fault: str
) -> None:
    for operation in subject.vendor.operations:
        await test_lost.test_one_bad_answer(
            folder(tmp_path, operation.name), subject, operation, fault
        )


async def test_the_rules_of_all_vendors_hold(tmp_path: Path, subject: Subject) -> None:
    for operation in subject.vendor.operations:
        place = folder(tmp_path, operation.name)
        rules = [
            test_samples.test_each_sample_works_and_acts_once,
            test_login.test_a_401_means_one_log_in_one_repetition_one_effect,
            test_login.test_401_for_ever_ends_after_two_and_stops_after_three_strikes,
            test_busy.test_a_long_wish_is_told_or_waited_for,
        ]
        if operation.kind is Kind.ONCE:
            rules += [
                test_keys.test_without_a_key_nothing_is_sent,
                test_keys.test_the_same_key_again_is_the_same_answer_and_no_other_effect,
                test_keys.test_the_same_key_ten_times_at_once_is_one_effect,
                test_input.test_a_body_that_is_none_is_refused_and_nothing_is_sent,
                test_restart.test_queued_what_may_wait_is_sent_once_later_and_nothing_else_ever,
                test_restart.test_sending_what_is_cut_off_is_asked_about_or_repeated_where_that_is_safe,
            ]
        for rule in rules:
            await rule(folder(place, rule.__name__), subject, operation)


async def test_a_broken_file_disables_its_vendor_and_says_so(
    tmp_path: Path, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(subject.module, "VENDOR")
    with pytest.raises(VendorDisabled):
        discovery.load(NAME)
    async with counter(tmp_path, NAME, "http://127.0.0.1:1") as box:
        assert str(box.part().level) == "failed"
        reply = await box.call("POST", "/parcels", body={}, key="k")
        assert (reply.status, reply.json()["code"]) == (424, "vendor_disabled")


def test_the_page_names_the_faults_and_classes_that_exist() -> None:
    text = PAGE.read_text()
    for kind in Kind:
        assert f"`{kind.name}`" in text


def folder(place: Path, name: str) -> Path:
    """Return a folder of its own."""
    found = place / name[:60]
    found.mkdir(parents=True, exist_ok=True)
    return found
