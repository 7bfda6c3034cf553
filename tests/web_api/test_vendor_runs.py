"""Runs of vendors' flows: found, decided, taken back, by those who may."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.web.api.runs import MAX_LIMIT, MAX_NOTE, STATES
from tests.web_api.fake_vendors import NOON, unknown_run
from tests.web_api.vendor_box import with_flexi


async def test_a_run_is_found_by_whoever_holds_its_number(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.known["run-1"] = unknown_run()
        found = (await box.call("GET", "/runs/run-1")).json()
        assert found == unknown_run().as_body()
        assert (found["state"], found["class"], found["created"]) == ("unknown", "keyed", NOON)
        assert found["summary"]["amount"] == "120.50"
        missing = await box.call("GET", "/runs/run-2")
        assert (missing.status_code, missing.json()["code"]) == (404, "run_unknown")


async def test_the_list_of_all_runs_is_for_the_back_office(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        for n, state in enumerate(STATES):
            name = f"run-{n}"
            vendors.known[name] = unknown_run(name, state=state, created=NOON + n)
        assert (await box.call("GET", "/runs")).status_code == 403
        assert (await box.call("GET", "/runs", role=None)).status_code == 401
        every = (await box.call("GET", "/runs", role="backoffice")).json()["runs"]
        assert [each["state"] for each in every] == list(reversed(STATES))
        path = "/runs?vendor=flexi&state=failed&limit=7"
        english = {"accept-language": "en"}
        failed = await box.call("GET", path, role="backoffice", headers=english)
        assert [each["run"] for each in failed.json()["runs"]] == ["run-4"]
        asked = {"vendor": "flexi", "state": "failed", "limit": 7, "language": "en"}
        assert vendors.asked[-1] == asked
        none = await box.call("GET", "/runs?vendor=kassomat", role="backoffice")
        assert none.json() == {"runs": []}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=lost", "state"),
        ("state=", "state"),
        ("limit=0", "limit"),
        (f"limit={MAX_LIMIT + 1}", "limit"),
        ("limit=-1", "limit"),
        ("limit=%D9%A3", "limit"),
        (f"limit={'9' * 5000}", "limit"),
        ("limit=", "limit"),
        ("vendr=flexi", "vendr"),
    ],
)
async def test_a_filter_that_can_be_none_is_named(tmp_path: Path, query: str, field: str) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        answer = await box.call("GET", f"/runs?{query}", role="backoffice")
        assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
        assert answer.json()["problems"][0].startswith(f"{field}: ")
        assert not vendors.asked


@pytest.mark.parametrize(("outcome", "state"), [("done", "succeeded"), ("not_done", "failed")])
async def test_a_person_decides_what_nobody_knows(tmp_path: Path, outcome: str, state: str) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.known["run-1"] = unknown_run()
        body = {"outcome": outcome, "note": " In Flexi nachgesehen "}
        path = "/runs/run-1/resolve"
        assert (await box.call("POST", path, body)).status_code == 403
        assert not vendors.resolved
        decided = await box.call("POST", path, body, role="backoffice")
        assert (decided.status_code, decided.json()["state"]) == (200, state)
        assert decided.json()["resolved"]["by"] == "backoffice"
        (heard,) = vendors.resolved
        assert heard == {
            "run": "run-1",
            "done": outcome == "done",
            "note": "In Flexi nachgesehen",
            "by": "backoffice",
        }
        again = await box.call("POST", path, body, role="backoffice")
        assert (again.status_code, again.json()["code"]) == (409, "run_not_open")
        assert again.json()["state"] == state
        assert len(vendors.resolved) == 1


async def test_two_people_decide_at_once_and_one_of_them_counts(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.known["run-1"] = unknown_run()
        answers = await asyncio.gather(
            *(
                box.call("POST", "/runs/run-1/resolve", {"outcome": each}, role="backoffice")
                for each in ("done", "not_done")
            )
        )
        assert sorted(each.status_code for each in answers) == [200, 409]
        assert len(vendors.resolved) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "maybe"}, "outcome"),
        ({"outcome": True}, "outcome"),
        ({"outcome": ["done"]}, "outcome"),
        ({"outcome": "done", "note": 7}, "note"),
        ({"outcome": "done", "note": None}, "note"),
        ({"outcome": "done", "note": "x" * (MAX_NOTE + 1)}, "note"),
        ({"outcome": "done", "note": "two\nlines"}, "note"),
        ({"outcome": "done", "by": "somebody else"}, "by"),
        ([], "body"),
    ],
)
async def test_a_decision_that_can_be_none_changes_nothing(
    tmp_path: Path, body: Any, field: str
) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.known["run-1"] = unknown_run()
        answer = await box.call("POST", "/runs/run-1/resolve", body, role="backoffice")
        assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
        assert answer.json()["problems"][0].startswith(f"{field}: ")
        assert not vendors.resolved


async def test_only_what_waits_is_taken_back(tmp_path: Path) -> None:
    async with with_flexi(tmp_path) as (box, vendors):
        vendors.known["run-1"] = unknown_run(state="queued")
        vendors.known["run-2"] = unknown_run("run-2", state="sending")
        assert (await box.call("DELETE", "/runs/run-1")).status_code == 403
        taken = await box.call("DELETE", "/runs/run-1", role="backoffice")
        assert (taken.status_code, taken.content) == (204, b"")
        late = await box.call("DELETE", "/runs/run-2", role="backoffice")
        assert (late.status_code, late.json()["code"]) == (409, "run_not_open")
        gone = await box.call("DELETE", "/runs/run-1", role="backoffice")
        assert (gone.status_code, gone.json()["code"]) == (404, "run_unknown")
        assert vendors.withdrawn == ["run-1"]
