"""The simulated Flexi by itself: everything that must be refused, and what is stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulators.vendors.flexi import FlexiSurface, make
from simulators.vendors.kit import SimClock, Stage
from tests.vendors.flexi.documents import (
    EXAMPLE,
    ISSUED,
    RECEIVED,
    WITHOUT_ID,
    document,
    paying,
    record,
)

XML = "application/xml"
PUT = f"/c/demo/{ISSUED}.xml"


@asynccontextmanager
async def flexi(**options: Any) -> AsyncIterator[tuple[FlexiSurface, httpx.AsyncClient]]:
    clock = SimClock()
    surface = make(clock, **options)
    async with (
        Stage(surface, clock) as stage,
        httpx.AsyncClient(base_url=stage.url, auth=("admin", "flexi-secret")) as client,
    ):
        yield surface, client


async def put(
    client: httpx.AsyncClient, body: bytes, path: str = PUT, media: str = XML
) -> httpx.Response:
    return await client.put(path, content=body, headers={"content-type": media})


async def test_the_example_is_answered_as_on_the_page() -> None:
    async with flexi() as (surface, client):
        reply = await put(client, EXAMPLE)

        assert reply.status_code == 201
        assert reply.text.replace('<?xml version="1.0" encoding="UTF-8"?>\n', "") == (
            '<winstrom version="1.0"><success>true</success><stats><created>0</created>'
            "<updated>1</updated><deleted>0</deleted><skipped>0</skipped><failed>0</failed>"
            "</stats><results><result><id>1129</id><request-id>code:FAKTURA1</request-id>"
            "<ref>/c/demo/faktura-vydana/1129.xml</ref></result></results></winstrom>"
        )
        made = surface.company.cash[-1]
        assert (made.amount, made.date, made.series, made.rate) == (
            Decimal(1000),
            "2011-01-01",
            "POKLADNA+",
            "25",
        )


async def test_the_json_twin_does_the_same() -> None:
    payment = {
        "pokladna": "code:POKLADNA KČ",
        "typDokl": "code:STANDARD",
        "castka": 1000,
        "datumUhrady": "2011-01-01",
    }
    twin = {
        "winstrom": {
            "@version": "1.0",
            ISSUED: [{"id": "code:FAKTURA1", "hotovostni-uhrada": payment}],
        }
    }
    async with flexi() as (surface, client):
        path = PUT.replace(".xml", ".json")
        reply = await put(client, json.dumps(twin).encode(), path, "application/json")

        assert reply.status_code == 201
        assert reply.json()["winstrom"]["success"] == "true"
        assert surface.company.cash[-1].amount == Decimal(1000)

        again = await put(client, json.dumps(twin).encode(), path, "application/json")
        assert again.status_code == 400
        assert again.json()["winstrom"]["success"] == "false"


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"castka": "1000,00"}, "castka"),
    ({"castka": "0"}, "castka"),
    ({"castka": "-5"}, "castka"),
    ({"castka": "1 000"}, "castka"),
    ({"castka": "many"}, "castka"),
    ({"castka": ""}, "castka"),
    ({"zbytek": "ano"}, "zbytek"),
    ({"rada": "code:NO"}, "rada"),
    ({"pokladna": "code:NO"}, "pokladna"),
    ({"typDokl": "code:NO"}, "typDokl"),
    ({"pokladna": ""}, "pokladna"),
    ({"typDokl": ""}, "typDokl"),
    ({"kurz": "25"}, "kurzMnozstvi"),
    ({"kurzMnozstvi": "1"}, "kurz"),
    ({"kurz": "0", "kurzMnozstvi": "1"}, "kurz"),
    ({"kurzKDatuUhrady": "yes"}, "kurzKDatuUhrady"),
    ({"datumUhrady": "1.1.2011"}, "datumUhrady"),
    ({"cash": "Code:CASH+"}, "cash"),
    ({"uhrazujiciDokl": "code:" + "x" * 21}, "uhrazujiciDokl"),
    ({"uhrazujiciDokl": "777"}, "uhrazujiciDokl"),
    ({"uhrazujiciDokl": "ext:SHOP:42"}, "uhrazujiciDokl"),
    ({"castka": "1000.01"}, "zbytek"),
)


@pytest.mark.parametrize("nested", [False, True])
async def test_a_wrong_element_is_named_and_nothing_is_stored(nested: bool) -> None:
    async with flexi(nested_errors=nested) as (surface, client):
        before = len(surface.company.cash)
        for elements, field in WRONG:
            reply = await put(client, paying("code:FV1", **elements))

            assert reply.status_code == 400, elements
            assert f'for="{field}"' in reply.text, elements
            assert ("<errors><error" in reply.text) is nested
            assert len(surface.company.cash) == before
        assert all(each.paid == 0 for each in surface.company.invoices if each.kod == "FV1")


@pytest.mark.parametrize("field", ["pokladna", "typDokl"])
async def test_a_missing_mandatory_element_has_the_documented_code(field: str) -> None:
    elements = {"pokladna": "code:CASH", "typDokl": "code:STANDARD"}
    del elements[field]
    async with flexi() as (_, client):
        reply = await put(client, document(record("code:FV1", elements, mandatory=False)))

        assert reply.status_code == 400
        assert 'code="nestedObjectRequired"' in reply.text
        assert f"[{field}]" in reply.text


@pytest.mark.parametrize("code", ["FV-STORNO", "FV-LOCKED"])
async def test_a_cancelled_or_locked_invoice_is_not_paid(code: str) -> None:
    async with flexi() as (_, client):
        assert (await put(client, paying(f"code:{code}"))).status_code == 400


REFUSED: tuple[tuple[str, str, bytes, int], ...] = (
    ("/c/other/faktura-vydana.xml", XML, EXAMPLE, 404),
    ("/c/demo/no-evidence.xml", XML, EXAMPLE, 404),
    ("/c/demo/faktura-vydana/99.xml", XML, EXAMPLE, 404),
    ("/c/demo/faktura-vydana.csv", XML, EXAMPLE, 404),
    ("/c/demo/pokladna.xml", XML, EXAMPLE, 405),
    (PUT, "application/x-www-form-urlencoded", EXAMPLE, 415),
    (PUT, "application/json", EXAMPLE, 415),
    (PUT, XML, b"<winstrom>", 400),
    (PUT, XML, b"<!DOCTYPE w><winstrom/>", 400),
    (PUT, XML, b"<other/>", 400),
    (PUT, XML, document(record("code:FP1", {}, RECEIVED)), 400),
)


async def test_what_does_not_exist_or_is_no_document_is_refused() -> None:
    async with flexi() as (_, client):
        for path, media, body, status in REFUSED:
            assert (await put(client, body, path, media)).status_code == status, (path, media, body)


async def test_an_unknown_code_is_created_unless_the_record_forbids_it() -> None:
    """The reason why the box looks for the invoice first."""
    forbidden = paying("code:NEW", castka="5", zbytek="ignorovat").replace(
        b"<faktura-vydana>", b'<faktura-vydana create="fail">'
    )
    async with flexi() as (surface, client):
        assert (await put(client, forbidden)).status_code == 400
        reply = await put(client, paying("code:NEW", castka="5", zbytek="ignorovat"))

        assert reply.status_code == 201
        assert "<created>1</created>" in reply.text
        assert surface.company.invoices[-1].kod == "NEW"


async def test_update_fail_and_ignore_are_obeyed() -> None:
    async with flexi() as (surface, client):
        for rule, status in (("fail", 400), ("ignore", 201)):
            body = paying("code:FV1").replace(
                b"<faktura-vydana>", f'<faktura-vydana update="{rule}">'.encode()
            )
            assert (await put(client, body)).status_code == status
        assert len(surface.company.cash) == 1


async def test_only_who_is_known_gets_anything() -> None:
    async with flexi() as (_, client):
        for auth in (("admin", "wrong"), ("other", "flexi-secret")):
            reply = await client.get("/c.json", auth=auth)
            assert reply.status_code == 401
            assert "www-authenticate" in reply.headers
        reply = await client.get("/c.json", headers={"X-authSessionId": "x"})
        assert reply.status_code == 401


async def test_a_session_lasts_half_an_hour_of_silence() -> None:
    clock = SimClock()
    surface = make(clock)
    async with Stage(surface, clock) as stage, httpx.AsyncClient(base_url=stage.url) as client:
        login = {"username": "admin", "password": "flexi-secret"}
        answer = (await client.post("/login-logout/login.json", json=login)).json()
        assert answer["success"] is True
        headers = {"X-authSessionId": answer["authSessionId"]}
        statuses = []
        for minutes in (0, 20, 20, 31):
            clock.advance(minutes * 60)
            keep = "/login-logout/session-keep-alive.js"
            statuses.append((await client.get(keep, headers=headers)).status_code)
        assert statuses == [200, 200, 200, 401]

        wrong = await client.post("/login-logout/login.json", json={**login, "password": "x"})
        assert wrong.json()["success"] is False
        assert "reason" in wrong.json()["errors"]
        assert (await client.post("/login-logout/login.json", content=b"[]")).status_code == 400


async def test_without_a_licence_writes_are_402_and_reads_404() -> None:
    async with flexi(licensed=False) as (_, client):
        assert (await put(client, EXAMPLE)).status_code == 402
        assert (await client.get("/c/demo/faktura-vydana/code:FV1.json")).status_code == 404


async def test_the_first_request_can_be_slow_and_still_counts() -> None:
    async with flexi(first_delay_s=0.05) as (surface, client):
        assert (await put(client, WITHOUT_ID)).status_code == 201
        assert len(surface.company.cash) == 2


async def test_records_are_read_in_both_formats_and_by_each_form_of_id() -> None:
    async with flexi() as (_, client):
        for ident in ("1501", "code:P0042", "ext:SHOP:42"):
            as_json = await client.get(f"/c/demo/pokladni-pohyb/{ident}.json")
            (row,) = as_json.json()["winstrom"]["pokladni-pohyb"]
            assert row["kod"] == "P0042"
            as_xml = await client.get(f"/c/demo/pokladni-pohyb/{ident}.xml")
            assert "<sumCelkem>800.0</sumCelkem>" in as_xml.text
        for evidence in ("interni-doklad", "pokladna", "rada-pokladni-pohyb"):
            assert (await client.get(f"/c/demo/{evidence}.json?limit=0")).status_code == 200
        assert (await client.get("/c.xml")).text.count("<dbNazev>demo</dbNazev>") == 1
        assert (await client.get("/c/demo/faktura-vydana.json?limit=1")).text.count("kod") == 1


async def test_golden_and_reset_bring_the_examples_back() -> None:
    async with flexi() as (surface, client):
        await put(client, WITHOUT_ID)
        for switch in ("golden", "reset"):
            assert (await client.post(f"/_sim/{switch}")).status_code == 200
            assert len(surface.company.cash) == 1
            assert (await put(client, WITHOUT_ID)).status_code == 201
