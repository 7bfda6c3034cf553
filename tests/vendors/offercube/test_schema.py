"""Schemas: the harmless read, asked for once a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vendors.offercube.boxes import box
from tests.vendors.offercube.samples import LOGIN_OPTIONS, LOGIN_SECRETS, SID


@pytest.mark.covers("O-5", "O-51")
async def test_the_schemas_address_ends_with_a_slash(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.schema()
        assert reply.status == 200
        assert at.stage.calls()[-1].target == f"/demo/s/invoice/schema/?sid={SID}&output=json"


@pytest.mark.covers("O-36")
async def test_the_values_of_sendtype_come_from_the_schema(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        found = (await at.schema()).json()["vendor_body"]["fields"]["sendtype"]
        assert found["values"] == {"1": "Brief", "2": "E-Mail"}
        # What the box takes is just these.
        for sendtype in range(5):
            reply = await at.send(17, sendtype=sendtype)
            assert (reply.status == 200) is (str(sendtype) in found["values"])


@pytest.mark.covers("O-2")
async def test_dunning_has_metadata_of_its_own(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        invoice = (await at.schema("invoice")).json()["vendor_body"]["fields"]
        dunning = (await at.schema("dunning")).json()["vendor_body"]["fields"]
        assert set(dunning) - set(invoice) == {"level", "fee", "reminded_dt"}
        assert set(invoice) <= set(dunning)


@pytest.mark.covers("O-6", "O-4")
@pytest.mark.parametrize("module", ["invoice", "dunning"])
async def test_each_modules_schema_names_its_basic_operations(tmp_path: Path, module: str) -> None:
    async with box(tmp_path) as at:
        found = (await at.schema(module)).json()["vendor_body"]
        assert {"schema", "list", "get", "update"} <= set(found["operations"])
        assert found["fields"]["price"]["computed"] is True


async def test_a_schema_is_asked_for_once_a_day(tmp_path: Path) -> None:
    async with box(tmp_path) as at:

        def asked() -> int:
            return len(at.stage.calls("GET", "/demo/s/dunning/schema/"))

        first = await at.schema("dunning")
        await at.counter.restart()
        assert (await at.schema("dunning")).json() == first.json()
        assert asked() == 1
        await at.pass_time(86_401)
        later = await at.schema("dunning")
        assert asked() == 2
        assert later.json()["asked"] > first.json()["asked"]


async def test_a_module_that_there_is_not_is_told_and_not_kept(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for module, status, code in (
            ("stock", 502, "vendor_rejected"),
            ("..", 404, "vendor_record_unknown"),
            ("a b", 404, "vendor_record_unknown"),
        ):
            reply = await at.schema(module)
            assert (reply.status, reply.json()["code"]) == (status, code)


async def test_a_log_in_page_is_not_kept_as_a_schema(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.stage.fault("html200", path="/demo/s/invoice/schema/")
        assert (await at.schema()).json()["code"] == "vendor_broken"
        assert (await at.schema()).status == 200


async def test_the_check_logs_in_anew_when_the_session_is_over(tmp_path: Path) -> None:
    async with box(tmp_path, options=LOGIN_OPTIONS, secrets=LOGIN_SECRETS) as at:
        await at.counter.desk.check_all()
        at.surface.expire()
        await at.counter.desk.check_all()
        part = at.counter.board.part("vendor:offercube")
        assert part is not None
        assert part.level == "ok"
        assert at.surface.logins == 2


async def test_the_check_tells_a_session_that_is_over_for_good(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.surface.expire()
        await at.counter.desk.check_all()
        part = at.counter.board.part("vendor:offercube")
        assert part is not None
        assert part.level == "failed"
        assert part.fault is not None
        assert part.fault.code == "vendor_auth"
        assert at.acts() == []
