"""Lost answers, lost connections, restarts: a return is never sent a second time by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.harness import PATIENCE_S, Reply, counter
from tests.vendors.kassomat.office import FIGURES, REAL, SECRETS, TEST, Office, office

LOST = ["drop_after", "bad_json", "status_after"]
"""Done, but its answer is missing."""


async def send(o: Office, mode: str = "test", key: str = "k-1") -> Reply:
    """Send a return."""
    body: dict[str, Any] = dict(TEST)
    if mode == "real":
        estimate = await o.c.call("POST", "/returns/estimate", body=FIGURES)
        body = {**REAL, "confirm": estimate.json()["confirm"]}
    return await o.c.call("POST", "/returns", body=body, key=key)


async def ready(o: Office) -> None:
    """Log in and find the cashbook, so that the next request is the return."""
    assert (await o.c.call("GET", "/returns")).status == 200
    o.clear()


@pytest.mark.parametrize("mode", ["test", "real"])
@pytest.mark.parametrize("kind", LOST)
async def test_a_return_whose_answer_was_lost_is_found_in_the_list(
    tmp_path: Path, kind: str, mode: str
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault(kind, method="POST", path="/v1/tenants")
        reply = await send(o, mode)
        assert reply.status == 202
        [stored] = o.stored()
        assert reply.json()["id"] == stored["id"]
        assert stored["correction"] is False
        assert (await o.ended(reply)).state == "succeeded"
        assert len(o.posts()) == 1


@pytest.mark.parametrize("kind", ["drop_before", "html200", "status"])
async def test_a_return_that_is_not_in_the_list_is_for_a_person_to_decide(
    tmp_path: Path, kind: str
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault(kind, method="POST", path="/v1/tenants")
        reply = await send(o)
        assert (reply.status, reply.json()["code"]) == (504, "outcome_unknown")
        await o.pass_time(3600)
        assert len(o.posts()) == 1
        [run] = await o.c.runs()
        assert run.state == "unknown"
        done = await o.c.desk.resolve(run.id, done=False, note="not there", by="owner")
        assert done.state == "failed"
        again = await send(o, key="k-2")
        assert again.status == 202
        assert o.stored()[0]["correction"] is False


async def test_an_undecided_real_return_keeps_the_next_one_of_its_period_back(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault("drop_before", method="POST", path="/v1/tenants")
        lost = await send(o, "real")
        assert lost.json()["code"] == "outcome_unknown"
        again = await send(o, "real", "k-2")
        assert (again.status, again.json()["code"]) == (409, "kassomat_return_undecided")
        assert again.json()["run"] == lost.json()["run"]
        await o.c.desk.resolve(lost.json()["run"], done=False, note="", by="owner")
        assert (await send(o, "real", "k-3")).status == 202


async def test_an_older_return_of_the_same_figures_is_not_taken_for_the_lost_one(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        await o.ended(await send(o))
        [first] = o.stored()
        o.stage.fault("drop_before", method="POST", path="/v1/tenants")
        lost = await send(o, key="k-2")
        assert lost.json()["code"] == "outcome_unknown", "that one is the first run's"
        assert o.stored() == [first]


async def test_somebody_elses_older_return_is_not_taken_either(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        user = next(iter(o.surface.books.users.values()))
        tenant = next(iter(user.tenants.values()))
        cashbook = next(iter(tenant.cashbooks.values()))
        wish = {"year": 2026, "month": 10, "preview": False, "test": True}
        sums = {name: FIGURES[name] for name in ("in_7", "in_19", "out_7", "out_19")}
        o.surface.books.assess(user, cashbook, wish, sums)
        await o.pass_time(600)
        o.stage.fault("drop_before", method="POST", path="/v1/tenants")
        lost = await send(o)
        assert lost.json()["code"] == "outcome_unknown"


@pytest.mark.parametrize(
    "changes",
    [{"in_7": 1}, {"out_19": 1}, {"month": 9}, {"year": 2025}, {"mode": "real"}],
)
async def test_only_the_same_figures_and_mode_are_taken_for_it(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """Another program sends something alike between our request and our look at the list."""
    async with office(tmp_path) as o:
        await ready(o)
        other = {**TEST, **changes}
        figures = {name: other[name] for name in FIGURES}
        wish = {**figures, "preview": False, "test": other["mode"] == "test"}
        sums = {name: figures[name] for name in ("in_7", "in_19", "out_7", "out_19")}
        user = next(iter(o.surface.books.users.values()))
        tenant = next(iter(user.tenants.values()))
        o.surface.books.assess(user, next(iter(tenant.cashbooks.values())), wish, sums)
        o.stage.fault("drop_before", method="POST", path="/v1/tenants")
        assert (await send(o)).json()["code"] == "outcome_unknown"


async def test_two_that_fit_are_for_a_person_to_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault("drop_after", method="POST", path="/v1/tenants")
        assess = o.surface.books.assess

        def twice(*args: Any) -> Any:
            assess(*args)
            return assess(*args)

        monkeypatch.setattr(o.surface.books, "assess", twice)
        assert (await send(o)).json()["code"] == "outcome_unknown"


async def test_the_vendors_clock_may_be_behind(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.clock.set(o.stage.clock.now() - timedelta(seconds=90))
        o.stage.fault("drop_after", method="POST", path="/v1/tenants")
        assert (await send(o)).status == 202


async def test_the_list_is_searched_page_by_page(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        user = next(iter(o.surface.books.users.values()))
        cashbook = next(iter(next(iter(user.tenants.values())).cashbooks.values()))
        sums = {"in_7": 0, "in_19": 0, "out_7": 0, "out_19": 0}
        for year in range(2000, 2060):
            wish = {"year": year, "month": 1, "preview": False, "test": True}
            o.surface.books.assess(user, cashbook, wish, sums)
        o.stage.fault("drop_after", method="POST", path="/v1/tenants")
        assert (await send(o)).status == 202
        pages = [each.target for each in o.calls("GET") if "/assessments" in each.target]
        assert [each.partition("?")[2] for each in pages[:3]] == ["", "page=2", "page=3"]


async def test_a_return_is_looked_for_when_the_vendor_is_back(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault("drop_after", method="POST", path="/v1/tenants")
        o.stage.fault("status", times=20, status=503, method="GET", path="/v1/tenants")
        reply = await o.c.call(
            "POST", "/returns", body=TEST, key="k-1", headers={"Prefer": "respond-async"}
        )
        assert reply.status == 202
        run = reply.json()["run"]
        await o.pass_time(30)
        assert (await o.c.run(run)).state == "sending"
        o.stage.no_faults()
        done = await o.ended(reply)
        assert done.state == "succeeded"
        assert len(o.posts()) == 1
        assert done.id == run


@pytest.mark.parametrize("mode", ["test", "real"])
async def test_offline_a_return_is_refused_and_does_not_wait(tmp_path: Path, mode: str) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        tenant, cashbook = o.place()
        figures = await o.c.call("POST", "/returns/estimate", body=FIGURES)
        confirm = {"X-Confirm": figures.json()["confirm"]}
    async with counter(tmp_path, "kassomat", "http://127.0.0.1:9", secrets=SECRETS) as c:
        query = {"tenant": tenant, "cashbook": cashbook}
        body = {**FIGURES, "mode": mode}
        reply = await c.call("POST", "/returns", body=body, headers=confirm, query=query, key="k-1")
        assert (reply.status, reply.json()["code"]) == (409, "offline")
        [run] = await c.runs()
        assert run.state == "failed"
        preview = await c.call("POST", "/returns/preview", body=FIGURES, query=query)
        assert preview.json()["code"] in ("vendor_unreachable", "vendor_paused")
        estimate = await c.call("POST", "/returns/estimate", body=FIGURES)
        assert estimate.status == 200, "the box can still estimate"
    async with office(tmp_path) as o:
        await o.pass_time(3600)
        assert o.posts() == []


async def test_too_many_requests_are_not_repeated_for_a_return(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        o.stage.fault("status", status=429, retry_after="60", method="POST", path="/v1/tenants")
        reply = await send(o)
        assert (reply.status, reply.json()["code"]) == (503, "vendor_busy")
        assert int(reply.headers["retry-after"]) == 60
        await o.pass_time(61)
        assert o.stored() == []
        assert (await send(o)).status == 202, "the key is free: nothing was done"


@pytest.mark.parametrize("lost", [False, True])
async def test_a_restart_while_a_return_is_under_way_sends_nothing_again(
    tmp_path: Path, lost: bool
) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        if lost:
            o.stage.fault("drop_after", method="POST", path="/v1/tenants")
            o.stage.fault("status", times=50, status=503, method="GET", path="/v1/tenants")
        prefer = {"Prefer": "respond-async"}
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1", headers=prefer)
        await o.c.until("sending" if lost else "waiting", reply.json()["run"])
        async with asyncio.timeout(PATIENCE_S):
            while not o.stored():  # noqa: ASYNC110 - the simulator has no event for it
                await asyncio.sleep(0.005)
        await o.c.restart()
        o.stage.no_faults()
        assert (await o.ended(reply)).state == "succeeded"
        assert len(o.posts()) == 1
        assert len(o.stored()) == 1


async def test_a_look_that_fails_does_not_end_the_watch(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await ready(o)
        reply = await send(o)
        for kind in ("drop_before", "html200", "bad_json", "status"):
            o.stage.fault(kind, method="GET", path="/v1/tenants")
        assert (await o.ended(reply)).state == "succeeded"
