"""Sums from the box's own receipts, previews and estimates of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.model.roles import Role
from bridge.till.totals import month_totals
from tests.till.harness import Shop, line
from tests.vendors.kassomat.office import FIGURES, OCTOBER, codes, office, sent

GERMAN = {"1": 119_000, "2": 10_700}


@pytest.mark.covers("K-38", "K-39", "K-40")
async def test_a_preview_is_computed_by_the_vendor_and_leaves_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES, role=Role.TILL)
        assert reply.status == 201
        shown = reply.json()
        assert {name: shown[name] for name in ("kz66", "kz81", "kz83", "kz86")} == {
            "kz66": "8.82",
            "kz81": "29.0",
            "kz83": "-2.54",
            "kz86": "11.0",
        }
        assert shown["preview"] is True
        assert shown["vendor_body"]["assessment"]["status"] == "preview"
        assert o.stored() == []
        assert await o.c.runs() == []


async def test_a_preview_of_other_sums_confirms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as o:
        made = o.surface.books.assess

        def other(user: Any, cashbook: Any, wish: Any, sums: Any) -> Any:
            return made(user, cashbook, wish, {**sums, "in_7": 99})

        monkeypatch.setattr(o.surface.books, "assess", other)
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert codes(reply) == ["sums_differ"]
        assert "confirm" not in reply.json()


async def test_the_journal_fills_a_preview(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.c.host.months[2026, 10] = GERMAN
        body = {**OCTOBER, "from_journal": True, "out_7": 5, "out_19": 6}
        reply = await o.c.call("POST", "/returns/preview", body=body)
        assert reply.status == 201
        assert codes(reply) == []
        data = {"in_7": 10_700, "out_7": 5, "in_19": 119_000, "out_19": 6}
        assert reply.json()["sums"] == data
        assert sent(o.posts()[0])["assessment"]["data"] == data
        real = {**OCTOBER, **data, "mode": "real", "confirm": reply.json()["confirm"]}
        assert (await o.c.call("POST", "/returns", body=real, key="k-1")).status == 202


async def test_expenses_that_are_not_given_are_0_with_a_warning(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.c.host.months[2026, 10] = GERMAN
        body = {**OCTOBER, "from_journal": True, "out_7": 5}
        for path in ("/returns/preview", "/returns/estimate"):
            reply = await o.c.call("POST", path, body=body, language="de")
            found = {each["code"]: each["text"] for each in reply.json()["warnings"]}
            assert "out_19" in found["expenses_zero"]
            assert "Ausgaben" in found["expenses_zero"]


async def test_a_quarter_is_the_sum_of_its_months_and_other_rates_are_named(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as o:
        o.c.host.months[2026, 7] = {"1": 100, "5": 7}
        o.c.host.months[2026, 8] = {"2": 30, "11": 5, "5": -7}
        o.c.host.months[2026, 9] = {"1": 1000, "12": 2, "6": 40}
        query = {"year": "2026", "quarter": "3"}
        reply = await o.c.call("GET", "/returns/proposal", query=query, role=Role.TILL)
        assert reply.status == 200
        shown = reply.json()
        assert {name: shown[name] for name in ("year", "month", "quarter")} == {
            "year": 2026,
            "month": None,
            "quarter": 3,
        }
        assert (shown["in_19"], shown["in_7"], shown["out_19"], shown["out_7"]) == (1105, 32, 0, 0)
        assert shown["other"] == {"6": 40}
        assert codes(reply) == ["expenses_zero", "other_rates", "estimate"]
        assert shown["estimate"]["kz81"] == "9.0"
        assert o.stage.log == []


async def test_a_month_without_turnover_is_a_return_of_zero(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        query = {"year": "2026", "month": "10"}
        shown = (await o.c.call("GET", "/returns/proposal", query=query)).json()
        assert (shown["in_19"], shown["in_7"], shown["other"]) == (0, 0, {})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"year": "2026"},
        {"month": "10"},
        {"year": "2026", "month": "13"},
        {"year": "2026", "month": "0"},
        {"year": "2026", "month": "10", "quarter": "4"},
        {"year": "x", "month": "10"},
        {"year": "2026", "month": "-1"},
        {"year": "2" * 5000, "month": "1"},
    ],
)
async def test_a_period_that_cannot_be_is_refused(tmp_path: Path, query: dict[str, str]) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("GET", "/returns/proposal", query=query)
        assert (reply.status, reply.json()["code"]) == (422, "call_invalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"in_7": 1},
        {"in_19": 1, "out_7": 1},
        {"from_journal": 1},
        {"from_journal": False},
        {"out_7": -1},
        {"confirm": "x"},
    ],
)
async def test_sums_come_from_the_caller_or_from_the_journal(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    async with office(tmp_path) as o:
        body = {**OCTOBER, "from_journal": True, **changes}
        for path in ("/returns/preview", "/returns/estimate"):
            reply = await o.c.call("POST", path, body=body)
            assert (reply.status, reply.json()["code"]) == (422, "call_invalid")


async def test_stornos_that_outweigh_sales_are_refused_with_the_sum(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.c.host.months[2026, 10] = {"1": -500, "2": 100}
        body = {**OCTOBER, "from_journal": True}
        reply = await o.c.call("POST", "/returns/preview", body=body)
        assert reply.status == 422
        assert "/in_19: is -500 cents" in reply.json()["detail"]
        assert o.stage.log == []


async def test_an_austrian_box_says_that_it_has_no_german_rates(tmp_path: Path) -> None:
    """With the journal of a real till of Austria."""
    async with Shop(tmp_path) as shop:
        await shop.sale(line(cents=500), line("Messer", 2000, "normal"))
        totals = month_totals(shop.journal.reader, 2026, 11)
    async with office(tmp_path) as o:
        o.c.host.months[2026, 11] = totals
        body = {"year": 2026, "month": 11, "from_journal": True}
        for method, path, content, query in (
            ("POST", "/returns/preview", body, {}),
            ("POST", "/returns/estimate", body, {}),
            ("GET", "/returns/proposal", None, {"year": "2026", "month": "11"}),
        ):
            reply = await o.c.call(method, path, body=content, query=query, language="de")
            problem = reply.json()
            assert (reply.status, problem["code"]) == (409, "kassomat_rates_foreign")
            assert "7 % and 19 % of a German return do not exist there" in problem["detail"]
            assert "österreichische" in problem["advice"]
            assert problem["rates"] == ["reduced1", "normal"]
        assert o.stage.log == []
        given = await o.c.call("POST", "/returns/preview", body={**FIGURES, "month": 11})
        assert given.status == 201, "sums of one's own are always possible"


@pytest.mark.covers("K-2")
async def test_the_estimate_asks_nobody_and_confirms_like_the_preview(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns/estimate", body=FIGURES, role=Role.TILL)
        assert reply.status == 200
        assert reply.json()["estimate"] == {
            "kz66": "8.82",
            "kz81": "29.0",
            "kz83": "-2.54",
            "kz86": "11.0",
        }
        assert codes(reply) == ["estimate"]
        assert o.stage.log == []
        sums = {name: FIGURES[name] for name in ("in_7", "out_7", "in_19", "out_19")}
        own = {"assessment": {**OCTOBER, "preview": True, "test": False, "data": sums}}
        same = await o.c.call("POST", "/returns/estimate", body=own)
        assert same.json()["confirm"] == reply.json()["confirm"] == await o.confirm()
