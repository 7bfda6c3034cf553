"""The twelve examples of the vendor's page, through the box as they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.kassomat.office import Office, codes, office, sent
from tests.vendors.kassomat.test_simulator import (
    ANSWER,
    ASSESSMENT,
    CASHBOOK,
    DEMO_EMAIL,
    PATH,
    PDF,
    RETURN,
    SENDER,
    TENANT,
    TOKEN,
    U,
)

LOCAL = f"/tenants/{TENANT}/cashbooks"
FIRST = {**SENDER, "tax_street": "Musterstraße 1", "tax_phone": "00493012345678"}
MORE = {
    "uri": PATH,
    "subresource_uris": {"bookings": f"{PATH}/bookings", "assessments": f"{PATH}/assessments"},
}


async def good(o: Office, method: str, path: str, status: int, **more: Any) -> Any:
    """Make a call and return the vendor's answer, which has that status, as the box shows it."""
    reply = await o.c.call(method, path, **more)
    assert reply.json()["vendor_status"] == status, reply.body
    assert reply.status in (status, 202)
    return reply.json()["vendor_body"]


async def example(o: Office, confirm: str, key: str) -> Any:
    """Send the example's return and return what was answered."""
    body = json.dumps({"assessment": ASSESSMENT}).encode()
    headers = {"X-Confirm": confirm}
    return await o.c.call("POST", "/returns", body=body, headers=headers, key=key)


@pytest.mark.covers(
    "K-3",
    "K-14",
    "K-15",
    "K-18",
    "K-21",
    "K-24",
    "K-27",
    "K-28",
    "K-30",
    "K-33",
    "K-36",
    "K-37",
    "K-46",
    "K-48",
    "K-49",
    "K-51",
    "K-52",
    "K-54",
    "K-56",
    "K-60",
    "K-70",
    "K-71",
    "K-72",
    "K-80",
    "K-81",
    "K-82",
    "K-89",
)
async def test_every_example_passes_as_it_stands(tmp_path: Path) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        made = await good(
            o, "POST", "/demo-account", 201, body=b'{"user":{"demo":true}}', key="g-1"
        )
        assert made == {
            "root_name": "user",
            "user": {"email": DEMO_EMAIL, "id": U, "uri": "/v1/user"},
        }
        entered = {"session": {"email": DEMO_EMAIL, "password": "password"}}
        reply = await o.c.call("POST", "/session", body=entered)
        assert reply.json() == {"logged_in": True, "demo": True}
        [login] = o.calls("POST", "/v1/session")
        assert (sent(login), login.status) == (entered, 201)
        tenant = {
            "id": TENANT,
            "name": "Beispiel Mandant",
            "uri": f"/v1/tenants/{TENANT}",
            "subresource_uris": {"cashbooks": f"/v1/tenants/{TENANT}/cashbooks"},
        }
        assert (await good(o, "GET", "/tenants", 200))["tenants"] == [tenant]
        listed = await good(o, "GET", LOCAL, 200)
        assert listed["cashbooks"] == [{"id": CASHBOOK, **FIRST, **MORE}]
        changed = await good(o, "PUT", f"{LOCAL}/{CASHBOOK}", 200, body={"cashbook": SENDER})
        assert changed == {
            "root_name": "cashbook",
            "cashbook": {"id": CASHBOOK, **SENDER, **MORE},
        }
        # A test's stand-in for the owner, who looks at the preview and confirms it.
        shown = {"assessment": {**ASSESSMENT, "preview": True}}
        preview = await o.c.call("POST", "/returns/preview", body=shown)
        confirm = str(preview.json()["confirm"])
        o.clear()
        answer = await example(o, confirm, "g-6")
        assert (answer.status, answer.json()["vendor_status"]) == (202, 201)
        assert answer.json()["vendor_body"] == {"root_name": "assessment", "assessment": ANSWER}
        assert codes(answer) == ["period_old"]
        [post] = o.posts()
        assert post.body == json.dumps({"assessment": ASSESSMENT}).encode()
        assert dict(post.headers)["X-Kassomat-Auth-Token"] == TOKEN
        looked = await good(o, "GET", f"/returns/{RETURN}", 200)
        figures = {"kz66": "294.14", "kz81": "0.0", "kz83": "-294.14", "kz86": "0.0"}
        assert looked["assessment"] == {**ANSWER, "pdf": PDF, **figures, "status": "completed"}
        run = await o.ended(answer)
        assert run.state == "succeeded"
        assert {name: run.result[name] for name in figures} == figures
        report = await o.c.call("GET", f"/returns/{RETURN}/report.pdf")
        assert report.body.startswith(b"%PDF-")
        assert o.calls("GET", PDF)[0].target == PDF
        query = {"tax_id": "12/345/67893"}
        offices = await good(o, "GET", "/fiscal-offices", 200, query=query)
        assert offices == {
            "root_name": "fiscal_offices",
            "fiscal_offices": [{"id": "9212", "name": "Finanzamt Coburg", "fqti": "9212034567893"}],
        }
        named = {"tenant": {"name": "Beispiel Mandant"}}
        assert await good(o, "POST", "/tenants", 201, body=named, key="g-10") == {
            "root_name": "tenant",
            "tenant": tenant,
        }
        new = await good(o, "POST", LOCAL, 201, body={"cashbook": FIRST}, key="g-11")
        expected = {"id": CASHBOOK, **FIRST, **MORE, "tax_state": "Musterland"}
        expected["tax_raw_id"] = expected.pop("tax_id_raw")
        assert new["cashbook"] == expected
        left = await o.c.call("DELETE", "/session")
        assert (left.status, left.body) == (204, b"")
        assert TOKEN not in str([each.as_body() for each in await o.c.runs()])


async def test_the_misprinted_list_is_said_to_be_broken(tmp_path: Path) -> None:
    async with office(tmp_path, golden=True, secrets={}) as o:
        await o.c.call("POST", "/demo-account", body={}, key="a")
        o.surface.switch(defective="all")
        reply = await o.c.call("GET", LOCAL)
        assert (reply.status, reply.json()["code"]) == (502, "vendor_broken")


async def test_the_examples_return_is_sent_outside_its_replay_too(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        estimate = await o.c.call(
            "POST", "/returns/estimate", body={"assessment": {**ASSESSMENT, "preview": True}}
        )
        answer = await example(o, estimate.json()["confirm"], "a")
        assert answer.status == 202
        run = await o.ended(answer)
        assert run.result["kz83"] == "-2.54"
