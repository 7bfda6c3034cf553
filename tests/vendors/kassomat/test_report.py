"""The ELSTER report: confidential, from the vendor's own host only, kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vendors.kassomat.faults import ReportElsewhere
from bridge.vendors.kassomat.report import same_host
from tests.vendors.kassomat.office import TEST, Office, office


async def completed(o: Office) -> str:
    """Send a test return, wait for its end and return its run."""
    reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
    await o.ended(reply)
    return str(reply.json()["run"])


@pytest.mark.covers("K-48", "K-78")
async def test_the_report_is_fetched_once_without_any_credential(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        run = await completed(o)
        pdf = o.stored()[0]["pdf"]
        o.clear()
        first = await o.c.call("GET", f"/returns/{run}/report.pdf")
        assert first.status == 200
        assert first.media_type == "application/pdf"
        assert first.headers["cache-control"] == "no-store"
        assert first.body.startswith(b"%PDF-")
        [fetched] = o.calls("GET", "/pdf/")
        assert fetched.target == pdf
        names = {name.lower() for name, _ in fetched.headers}
        assert not names & {"x-kassomat-auth-token", "accept", "authorization"}
        name = o.stored()[0]["id"]
        o.clear()
        for each in (run, name):
            again = await o.c.call("GET", f"/returns/{each}/report.pdf")
            assert again.body == first.body
        await o.c.restart()
        assert (await o.c.call("GET", f"/returns/{run}/report.pdf")).body == first.body
        assert o.stage.log == []


@pytest.mark.covers("K-47", "K-87")
async def test_there_is_no_report_before_the_return_is_completed(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        reply = await o.c.call("POST", "/returns", body=TEST, key="k-1")
        early = await o.c.call("GET", f"/returns/{reply.json()['run']}/report.pdf")
        assert (early.status, early.json()["code"]) == (409, "kassomat_report_not_ready")
        assert early.json()["state"] == "pending"
        await o.ended(reply)
        ready = await o.c.call("GET", f"/returns/{reply.json()['run']}/report.pdf")
        assert ready.status == 200


async def test_a_failed_return_has_none(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.surface.switch(failing=True)
        run = await completed(o)
        reply = await o.c.call("GET", f"/returns/{run}/report.pdf")
        assert reply.json()["code"] == "kassomat_report_not_ready"
        assert reply.json()["state"] == "failed"


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/pdf/x.pdf",
        "//evil.example/x.pdf",
        "http://127.0.0.1:1/x.pdf",
        "file:///etc/passwd",
        "/pdf/../v1/tenants",
        "pdf/x.pdf",
        "\\\\evil\\x",
        "/pdf/a b",
    ],
)
async def test_a_report_elsewhere_is_refused(tmp_path: Path, place: str) -> None:
    async with office(tmp_path) as o:
        run = await completed(o)
        o.surface.switch(pdf=place)
        reply = await o.c.call("GET", f"/returns/{run}/report.pdf")
        assert (reply.status, reply.json()["code"]) == (502, "kassomat_report_elsewhere")
        assert place not in reply.body.decode()
        assert o.calls("GET", "/pdf") == []


async def test_an_absolute_address_at_the_vendors_own_host_is_taken(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        run = await completed(o)
        o.surface.switch(pdf=o.stage.url + o.stored()[0]["pdf"])
        assert (await o.c.call("GET", f"/returns/{run}/report.pdf")).status == 200


def test_a_host_that_only_begins_alike_is_another_one() -> None:
    base = "https://api.kassomat.net"
    assert same_host(f"{base}/pdf/x.pdf", base) == "/pdf/x.pdf"
    for other in (f"{base}.evil.example/x", f"{base}@evil.example/x", f"{base}:99/x", None, ""):
        with pytest.raises(ReportElsewhere):
            same_host(other, base)


async def test_a_login_page_is_no_report_and_is_not_kept(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        run = await completed(o)
        o.stage.fault("html200", path="/pdf/")
        reply = await o.c.call("GET", f"/returns/{run}/report.pdf")
        assert (reply.status, reply.json()["code"]) == (502, "vendor_broken")
        again = await o.c.call("GET", f"/returns/{run}/report.pdf")
        assert again.body.startswith(b"%PDF-")
