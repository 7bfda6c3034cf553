"""Setting up: tenants, cashbooks, the choice, tax offices."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from simulators.vendors.kassomat.program import EMAIL
from tests.vendors.kassomat.office import FIGURES, TEST, Office, codes, office, sent
from tests.vendors.kassomat.samples import SENDER


def cashbooks(o: Office) -> str:
    """Return the local path of the first tenant's cashbooks."""
    return f"/tenants/{o.place()[0]}/cashbooks"


def targets(o: Office) -> list[str]:
    return [f"{each.method} {each.target}" for each in o.stage.log]


@pytest.mark.covers("K-2", "K-9", "K-11", "K-12", "K-22", "K-26", "K-63", "K-84")
async def test_ids_are_fetched_once_and_then_a_return_takes_two_requests(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        tenant, cashbook = o.place()
        assessments = f"POST /v1/tenants/{tenant}/cashbooks/{cashbook}/assessments"
        first = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert targets(o) == [
            "POST /v1/session",
            "GET /v1/tenants",
            f"GET /v1/tenants/{tenant}/cashbooks",
            assessments,
        ]
        await o.ended(first)
        for restarted in (False, True):
            if restarted:
                await o.c.restart()
            o.clear()
            estimate = await o.c.call("POST", "/returns/estimate", body=FIGURES)
            real = {**FIGURES, "mode": "real", "confirm": estimate.json()["confirm"]}
            reply = await o.c.call("POST", "/returns", body=real, key=f"k-{restarted}")
            assert reply.status == 202
            assert targets(o) == ["POST /v1/session", assessments]
            await o.ended(reply)
        chosen = await o.c.call("GET", "/choice")
        assert chosen.json() == {"tenant": tenant, "cashbook": cashbook}


@pytest.mark.covers("K-25", "K-28", "K-82")
async def test_paths_come_from_the_vendors_answers(tmp_path: Path) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        o.surface.switch(defective="uris")
        await o.c.call("POST", "/demo-account", body={}, key="a")
        o.clear()
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert reply.status == 202
        other, right = "508ea21175d493265c00000d", "508ea15575d493265c00000c"
        assert targets(o)[1:] == [
            "GET /v1/tenants",
            f"GET /v1/tenants/{other}/cashbooks",
            f"POST /v1/tenants/{right}/cashbooks/508f8fc475d493265c000012/assessments",
        ]
        await o.ended(reply)
        await o.c.call("GET", "/tenants")
        o.clear()
        await o.c.call("GET", f"/tenants/{right}/cashbooks")
        assert o.calls("GET")[0].target == f"/v1/tenants/{other}/cashbooks"


@pytest.mark.parametrize(
    "uri", ["https://evil.example/v1/x", "//evil.example/v1/", "/v1/../x", "/pdf/x", "/v1/a b", 7]
)
async def test_a_path_that_leads_elsewhere_is_not_followed(tmp_path: Path, uri: Any) -> None:
    async with office(tmp_path) as o:
        books = type(o.surface.books.users[EMAIL].tenants[o.place()[0]])
        shown = books.as_body

        def bent(tenant: Any) -> Any:
            return {**shown(tenant), "subresource_uris": {"cashbooks": uri}}

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(books, "as_body", bent)
            for method, path in (("POST", "/returns/preview"), ("GET", "/tenants")):
                body = FIGURES if method == "POST" else None
                reply = await o.c.call(method, path, body=body)
                assert (reply.status, reply.json()["code"]) == (502, "vendor_broken")
        assert {each.target for each in o.stage.log} == {"/v1/session", "/v1/tenants"}


@pytest.mark.covers("K-90")
async def test_totals_that_exceed_the_entries_do_not_matter(tmp_path: Path) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        listed = (await o.c.call("GET", "/tenants")).json()["vendor_body"]
        assert (listed["total_records"], len(listed["tenants"])) == (3, 1)
        assert (await o.c.call("POST", "/returns/preview", body=FIGURES)).status == 201


@pytest.mark.covers("K-53")
async def test_with_several_tenants_a_person_chooses(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        made = await o.c.call("POST", "/tenants", body={"name": "Kunde"}, key="a")
        tenant = made.json()["id"]
        path = f"/tenants/{tenant}/cashbooks"
        await o.c.call("PUT", "/choice", body={"tenant": "x", "cashbook": "y"})
        new = await o.c.call("POST", path, body=SENDER, key="b")
        cashbook = new.json()["id"]
        await memory(o).put("chosen", None)
        reply = await o.c.call("POST", "/returns/preview", body=FIGURES)
        problem = reply.json()
        assert (reply.status, problem["code"]) == (409, "kassomat_choice_needed")
        assert {each["id"] for each in problem["choices"]} == {tenant, o.place()[0]}
        query = {"tenant": tenant, "cashbook": cashbook}
        named = await o.c.call("POST", "/returns", body=TEST, query=query, key="c")
        assert named.status == 202
        assert f"/tenants/{tenant}/cashbooks/{cashbook}/" in named.json()["uri"]
        again = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert again.status == 409, "naming is not choosing"
        assert (await o.c.call("PUT", "/choice", body=query)).json() == query
        chosen = await o.c.call("POST", "/returns/preview", body=FIGURES)
        assert chosen.status == 201


def memory(o: Office) -> Any:
    return o.c.desk._engaged["kassomat"].office.session.memory


async def test_half_a_place_and_odd_ids_are_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for query in (
            {"tenant": "x"},
            {"cashbook": "x"},
            {"tenant": "../..", "cashbook": "x"},
            {"tenant": "x", "cashbook": "a/b"},
        ):
            reply = await o.c.call("POST", "/returns", body=TEST, query=query, key="a")
            assert (reply.status, reply.json()["code"]) == (422, "call_invalid")
        bodies: list[Any] = [{}, {"tenant": "x"}, {"tenant": "", "cashbook": "y"}, []]
        for body in bodies:
            assert (await o.c.call("PUT", "/choice", body=body)).status == 422
        assert o.stage.log == []


@pytest.mark.covers("K-24", "K-52", "K-83")
@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_tenant_needs_its_unique_name_only(tmp_path: Path, wrapped: bool) -> None:
    async with office(tmp_path) as o:
        inner = {"name": "Bäckerei Süß", "more": [1.5]}
        body = {"tenant": inner} if wrapped else inner
        reply = await o.c.call("POST", "/tenants", body=body, key="a")
        assert reply.status == 201
        assert reply.json()["vendor_status"] == 201
        assert sent(o.calls("POST", "/v1/tenants")[0]) == {"tenant": inner}
        tenant = reply.json()["vendor_body"]["tenant"]
        name = tenant["id"]
        assert tenant == {
            "id": name,
            "name": "Bäckerei Süß",
            "uri": f"/v1/tenants/{name}",
            "subresource_uris": {"cashbooks": f"/v1/tenants/{name}/cashbooks"},
        }
        again = await o.c.call("POST", "/tenants", body=body, key="b")
        assert (again.status, again.json()["vendor_status"]) == (502, 422)
        wrong: list[Any] = [{}, {"name": ""}, {"name": 7}, {"tenant": {}}, {"tenant": "x"}]
        for bad in wrong:
            assert (await o.c.call("POST", "/tenants", body=bad, key="c")).status == 422


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_tenant_whose_answer_was_lost_is_looked_up_by_its_name(
    tmp_path: Path, kind: str
) -> None:
    async with office(tmp_path) as o:
        o.stage.fault(kind, method="POST", path="/v1/tenants")
        reply = await o.c.call("POST", "/tenants", body={"name": "Kunde"}, key="a")
        found = await o.c.call("GET", "/tenants")
        names = [each["name"] for each in found.json()["vendor_body"]["tenants"]]
        if kind == "drop_after":
            assert reply.status == 200
            assert reply.json()["id"]
            assert names.count("Kunde") == 1
        else:
            assert (reply.status, reply.json()["code"]) == (504, "outcome_unknown")
            assert "Kunde" not in names


@pytest.mark.covers("K-29", "K-30", "K-55", "K-61", "K-81", "K-85")
@pytest.mark.parametrize("wrapped", [True, False])
async def test_an_existing_cashbook_is_filled_by_put(tmp_path: Path, wrapped: bool) -> None:
    async with office(tmp_path, filled=False) as o:
        tenant, cashbook = o.place()
        refused = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        assert refused.json()["vendor_status"] == 422
        body = {"cashbook": SENDER} if wrapped else SENDER
        reply = await o.c.call("PUT", f"{cashbooks(o)}/{cashbook}", body=body)
        assert reply.status == 200
        shown = reply.json()["vendor_body"]["cashbook"]
        assert {name: shown[name] for name in SENDER} == SENDER
        assert shown["uri"] == f"/v1/tenants/{tenant}/cashbooks/{cashbook}"
        assert shown["subresource_uris"] == {
            "bookings": f"{shown['uri']}/bookings",
            "assessments": f"{shown['uri']}/assessments",
        }
        assert sent(o.calls("PUT")[0]) == {"cashbook": SENDER}
        moved = {**SENDER, "tax_street": "Gasse 7", "tax_phone": "0049301"}
        again = await o.c.call("PUT", f"{cashbooks(o)}/{cashbook}", body=moved)
        assert again.json()["cashbook"]["tax_street"] == "Gasse 7"
        assert again.json()["cashbook"]["tax_phone"] == "0049301"
        assert (await o.c.call("POST", "/returns", body=TEST, key="k-2")).status == 202


@pytest.mark.covers("K-27", "K-73", "K-74")
async def test_one_number_is_read_under_both_its_names(tmp_path: Path) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        path = "/tenants/508ea15575d493265c00000c/cashbooks"
        reply = await o.c.call("POST", path, body={"cashbook": SENDER}, key="b")
        assert reply.status == 201
        there = reply.json()["vendor_body"]["cashbook"]
        assert "tax_id_raw" not in there
        assert there["tax_raw_id"] == "12/345/67893"
        shown = reply.json()["cashbook"]
        assert shown["tax_id_raw"] == "12/345/67893"
        assert shown["tax_state"] == "Musterland"
        assert set(SENDER) < set(shown)
        o.clear()
        spelt = {**SENDER, "tax_raw_id": SENDER["tax_id_raw"], "tax_state": "Bayern"}
        del spelt["tax_id_raw"]
        reply = await o.c.call("PUT", f"{path}/508f8fc475d493265c000012", body=spelt)
        assert codes(reply) == ["renamed"]
        assert sent(o.calls("PUT")[0])["cashbook"] == {**SENDER, "tax_state": "Bayern"}


@pytest.mark.covers("K-54")
@pytest.mark.parametrize("name", SENDER)
async def test_sender_data_must_be_whole_before_anything_is_sent(tmp_path: Path, name: str) -> None:
    async with office(tmp_path) as o:
        path = cashbooks(o)
        values: list[Any] = [None, "", " ", 12345, [], "absent"]
        for value in values:
            inner = {**SENDER, name: value}
            if value == "absent":
                del inner[name]
            for body in (inner, {"cashbook": inner}):
                for method, target in (("POST", path), ("PUT", f"{path}/{o.place()[1]}")):
                    reply = await o.c.call(method, target, body=body, key="a")
                    assert reply.status == 422
                    assert name in reply.json()["detail"]
        assert o.stage.log == []


@pytest.mark.covers("K-31")
@pytest.mark.parametrize("number", ["9212034567894", "12/345/67893", "12345678901", "921203456789"])
async def test_the_13_digit_number_is_checked_before_it_is_sent(
    tmp_path: Path, number: str
) -> None:
    async with office(tmp_path) as o:
        body = {"cashbook": {**SENDER, "tax_id": number}}
        reply = await o.c.call("PUT", f"{cashbooks(o)}/{o.place()[1]}", body=body)
        assert reply.status == 422
        assert reply.json()["detail"].startswith("/cashbook/tax_id: ")
        assert number not in reply.body.decode()
        assert o.stage.log == []


async def test_numbers_that_do_not_belong_together_are_warned_of(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        path = f"{cashbooks(o)}/{o.place()[1]}"
        for raw, warned in (
            ("12/345/67893", []),
            ("212 345 67893", []),
            ("181/815/08155", ["tax_id_mismatch"]),
            ("9212034567893", ["tax_id_same"]),
        ):
            reply = await o.c.call("PUT", path, body={**SENDER, "tax_id_raw": raw})
            assert (reply.status, codes(reply)) == (200, warned)


@pytest.mark.covers("K-54")
async def test_a_new_cashbook_is_chosen_if_none_is(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        tenant = o.place()[0]
        reply = await o.c.call("POST", cashbooks(o), body=SENDER, key="a")
        assert reply.status == 201
        assert codes(reply) == ["cashbook_exists"]
        new = reply.json()["id"]
        chosen = await o.c.call("GET", "/choice")
        assert chosen.json() == {"tenant": tenant, "cashbook": new}
        o.clear()
        sent_there = await o.c.call("POST", "/returns", body=TEST, key="b")
        assert new in sent_there.json()["uri"]
        assert not [each for each in targets(o) if each == "GET /v1/tenants"]
        other = await o.c.call("POST", cashbooks(o), body={**SENDER, "name": "Zwei"}, key="c")
        assert codes(other) == []
        assert (await o.c.call("GET", "/choice")).json()["cashbook"] == new


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_cashbook_whose_answer_was_lost_is_looked_up(tmp_path: Path, kind: str) -> None:
    async with office(tmp_path) as o:
        await o.c.call("GET", "/tenants")
        o.stage.fault(kind, method="POST", path="/v1/tenants")
        reply = await o.c.call("POST", cashbooks(o), body=SENDER, key="a")
        user = o.surface.books.users[EMAIL]
        found = list(user.tenants[o.place()[0]].cashbooks)
        if kind == "drop_after":
            assert reply.status == 200
            assert reply.json()["id"] == found[1]
        else:
            assert reply.json()["code"] == "outcome_unknown", "the old one has the same data"
            assert len(found) == 1


async def test_another_account_means_another_choice(tmp_path: Path) -> None:
    async with office(tmp_path, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        assert (await o.c.call("POST", "/returns/preview", body=FIGURES)).status == 201
        before = (await o.c.call("GET", "/choice")).json()
    async with office(tmp_path) as o:
        assert (await o.c.call("POST", "/returns/preview", body=FIGURES)).status == 201
        after = (await o.c.call("GET", "/choice")).json()
        assert after == {"tenant": o.place()[0], "cashbook": o.place()[1]}
        assert after != before


@pytest.mark.covers("K-23")
async def test_pages_of_lists_can_be_asked_for(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        for name in ("Eins", "Zwei"):
            await o.c.call("POST", "/tenants", body={"name": name}, key=name)
        reply = await o.c.call("GET", "/tenants", query={"page": "2", "per": "2"})
        listed = reply.json()["vendor_body"]
        assert [each["name"] for each in listed["tenants"]] == ["Zwei"]
        assert (listed["page"], listed["total_pages"], listed["total_records"]) == (2, 2, 3)
        assert (await o.c.call("GET", "/tenants", query={"page": "x"})).status == 422


@pytest.mark.covers("K-49", "K-50", "K-67", "K-68")
async def test_a_tax_office_is_found_by_the_number_as_it_stands_on_paper(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        query = {"tax_id": "12/345/67893"}
        reply = await o.c.call("GET", "/fiscal-offices", query=query)
        assert reply.status == 200
        assert reply.json()["vendor_body"] == {
            "root_name": "fiscal_offices",
            "fiscal_offices": [{"id": "9212", "name": "Finanzamt Coburg", "fqti": "9212034567893"}],
        }
        assert codes(reply) == []
        assert o.calls("GET")[0].target == "/v1/fiscal_offices?tax_id=12/345/67893"
        several = await o.c.call("GET", "/fiscal-offices", query={"tax_id": "22/815/08159"})
        assert len(several.json()["vendor_body"]["fiscal_offices"]) == 2
        assert codes(several) == ["several_offices"]
        spaces = await o.c.call("GET", "/fiscal-offices", query={"tax_id": "013 815 08153"})
        found = spaces.json()["vendor_body"]["fiscal_offices"]
        assert [each["fqti"] for each in found] == ["2613081508153"]
        odd = await o.c.call("GET", "/fiscal-offices", query={"tax_id": "a&b=c#d"})
        assert odd.json()["vendor_body"]["fiscal_offices"] == []
        assert o.calls("GET")[-1].target == f"/v1/fiscal_offices?tax_id={quote('a&b=c#d')}"
        assert (await o.c.call("GET", "/fiscal-offices")).status == 422


async def test_an_office_with_an_odd_number_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        {"id": "9212", "name": "Finanzamt Coburg", "fqti": "9212034567894"},
        {"id": "9181", "name": "Finanzamt Anders", "fqti": "9212034567893"},
    ]
    monkeypatch.setattr("simulators.vendors.kassomat.surface.offices", lambda _: found)
    async with office(tmp_path) as o:
        reply = await o.c.call("GET", "/fiscal-offices", query={"tax_id": "1"})
        assert codes(reply) == ["several_offices", "office_number_odd", "office_number_odd"]


async def test_accounts_are_handed_on(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("GET", "/accounts")
        assert {each["kind"] for each in reply.json()["vendor_body"]["accounts"]} == {"in", "out"}
