"""Lost answers, ended sessions, no line: never a second payment, never a wrong day."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.vendors.offercube.boxes import NOW, Box, box, fields
from tests.vendors.offercube.samples import LOGIN_OPTIONS, LOGIN_SECRETS, SID

HOUR = 3600
MAIL = {"sendtype": 2}


@pytest.mark.parametrize(
    ("kind", "acted"),
    [
        ("drop_after", True),
        ("bad_json", True),
        ("status_after", True),
        ("drop_before", False),
        ("status", False),
        ("html200", False),
    ],
)
@pytest.mark.parametrize("action", ["pay", "send"])
async def test_an_answer_that_tells_nothing_leaves_the_run_unknown_and_is_never_repeated(
    tmp_path: Path, kind: str, acted: bool, action: str
) -> None:
    async with box(tmp_path) as at:
        at.stage.fault(kind, path="/demo/s/invoice")
        reply = await at.post(f"/invoices/17/{action}", MAIL if action == "send" else {})
        assert reply.status == 504
        assert reply.json()["code"] == "outcome_unknown"
        assert (await at.ended(reply)).state == "unknown"
        await at.pass_time(HOUR)
        assert len(at.acts()) == 1
        assert (at.invoice(17).invoicepdf is not None) is acted


async def test_a_payment_of_which_nobody_knows_is_not_repeated_by_another_key(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        at.stage.fault("drop_after", path="/demo/s/invoice")
        lost = await at.pay(17)
        again = await at.pay(17)
        assert again.json()["code"] == "already_done"
        assert again.json()["state"] == "unknown"
        await at.counter.desk.resolve(lost.json()["run"], done=False, note="", by="office")
        assert (await at.pay(17)).status == 200


async def test_an_undecided_payment_holds_up_its_invoice_only(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.stage.fault("drop_after", path="/demo/s/invoice")
        lost = await at.pay(17)
        waits = await at.send(17, **MAIL)
        assert waits.status == 202
        assert (await at.pay(18)).status == 200
        assert at.books.mails == []
        await at.counter.desk.resolve(lost.json()["run"], done=True, note="", by="office")
        assert (await at.ended(waits)).state == "succeeded"
        assert len(at.books.mails) == 1


async def test_a_letter_is_repeated_by_itself(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.stage.fault("drop_after", path="/demo/s/invoice")
        reply = await at.send(17, sendtype=1)
        await at.pass_time(60)
        assert (await at.ended(reply)).state == "succeeded"
        assert len(at.acts()) == 2
        assert len(at.books.attachments) == 1


@pytest.mark.parametrize("action", ["pay", "send"])
async def test_a_kill_while_sending_leaves_it_unknown(tmp_path: Path, action: str) -> None:
    async with box(tmp_path) as at:
        at.stage.fault("delay", delay_s=60.0, path="/demo/s/invoice")
        body = MAIL if action == "send" else {}
        reply = await at.post(f"/invoices/17/{action}", body, headers={"Prefer": "respond-async"})
        assert reply.status == 202
        await until_arrived(at)
        await at.counter.restart()
        assert (await at.ended(reply)).state == "unknown"
        assert len(at.acts()) == 1


async def until_arrived(at: Box) -> None:
    """Wait until the vendor has got the request."""
    async with asyncio.timeout(30):
        while not at.acts():  # noqa: ASYNC110 - a request over a socket gives no event here
            await asyncio.sleep(0.005)


@pytest.mark.covers("O-29", "O-46")
async def test_payments_wait_in_order_and_keep_their_time(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        paid = await at.pay(17, annotation="first")
        forced = await at.pay(17, annotation="second", force=True)
        other = await at.pay(18, paid_dt=NOW - 60)
        assert [each.status for each in (paid, forced, other)] == [202] * 3
        assert (await at.counter.desk.run(paid.json()["run"], "en")).state == "queued"
        await at.pass_time(3 * HOUR)
        await at.line_up()
        for reply in (paid, forced, other):
            assert (await at.ended(reply, step_s=60)).state == "succeeded"
        assert at.invoice(17).notes == ["first", "second"]
        assert [each["paid_dt"] for each in at.books.inoutexpenses if each["invoice"] == 17] == [
            NOW,
            NOW,
        ]
        assert at.invoice(18).paid_dt == NOW - 60
        assert {call.method for call in at.acts()} == {"POST"}


async def test_waiting_payments_survive_a_restart(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        paid = await at.pay(17)
        await at.counter.restart()
        await at.line_up()
        assert (await at.ended(paid, step_s=60)).state == "succeeded"
        assert at.invoice(17).paid_dt == NOW
        assert len(at.books.inoutexpenses) == 1


@pytest.mark.parametrize(("hours", "mails"), [(23, 1), (25, 0)])
async def test_a_mail_that_waited_more_than_a_day_is_not_sent(
    tmp_path: Path, hours: int, mails: int
) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        reply = await at.send(17, **MAIL)
        assert reply.status == 202
        await at.pass_time(hours * HOUR)
        await at.line_up()
        run = await at.ended(reply, step_s=60)
        assert len(at.books.mails) == mails
        if mails:
            assert run.state == "succeeded"
        else:
            assert run.state == "failed"
            assert run.problem is not None
            assert run.problem["code"] == "needs_decision"


async def test_a_letter_is_sent_however_long_it_waited(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.line_down()
        reply = await at.send(17, sendtype=1)
        await at.pass_time(30 * HOUR)
        await at.line_up()
        assert (await at.ended(reply, step_s=60)).state == "succeeded"


@pytest.mark.covers("O-28")
async def test_the_box_never_uses_get_on_an_action(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(17)
        await at.send(17, **MAIL)
        await at.post("/invoices/pay", {"id": 18})
        await at.counter.desk.check_all()
        await at.counter.restart()
        gets = at.stage.calls("GET")
        assert gets
        assert all(call.path == "/demo/s/invoice/schema/" for call in gets)
        methods = {(route.method, route.path) for route in at.counter.desk.routes()}
        assert not any(
            method == "GET" and path.rpartition("/")[2] in ("pay", "send")
            for method, path in methods
        )


# Sessions


@pytest.mark.covers("O-49")
async def test_a_payment_waits_while_the_configured_session_is_over(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.surface.expire()
        reply = await at.pay(17)
        assert reply.status == 202
        run = await at.counter.run(reply.json()["run"])
        assert run.state == "queued"
        assert run.problem is not None
        assert run.problem["code"] == "vendor_auth"
        assert len(at.acts()) == 2
        assert at.books.inoutexpenses == []
        # The session is good again (a new one in the credential, and a restart).
        at.surface.reset()
        await at.counter.restart()
        assert (await at.ended(reply, step_s=60)).state == "succeeded"
        assert at.invoice(17).paid_dt == NOW


async def test_the_box_logs_in_once_and_again_when_the_session_is_over(tmp_path: Path) -> None:
    async with box(tmp_path, options=LOGIN_OPTIONS, secrets=LOGIN_SECRETS) as at:
        assert (await at.pay(17)).status == 200
        assert (await at.pay(18)).status == 200
        assert at.surface.logins == 1
        at.surface.expire()
        assert (await at.pay(19)).status == 200
        assert at.surface.logins == 2
        assert len(at.books.inoutexpenses) == 3


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    secrets = {**LOGIN_SECRETS, "password": "wrong-password"}
    async with box(tmp_path, options=LOGIN_OPTIONS, secrets=secrets) as at:
        reply = await at.send(17, **MAIL, email="a@b.at")
        assert at.books.mails == []
        run = await at.counter.desk.run(reply.json()["run"], "en")
        assert run.problem is not None
        assert run.problem["code"] == "vendor_auth"
        assert at.acts() == []
        assert at.surface.logins <= 3


@pytest.mark.parametrize(
    ("more", "repeats"),
    [
        ({}, True),
        ({"session_texts": [], "session_errors": [10]}, True),
        ({"session_texts": []}, False),
    ],
    ids=str,
)
async def test_which_refusals_end_the_session_is_an_option(
    tmp_path: Path, more: dict[str, list[object]], repeats: bool
) -> None:
    options = {**LOGIN_OPTIONS, **more}
    async with box(tmp_path, options=options, secrets=LOGIN_SECRETS) as at:
        await at.pay(17)
        at.surface.expire()
        reply = await at.pay(18)
        assert (reply.status == 200) is repeats
        if not repeats:
            assert reply.json()["code"] == "vendor_rejected"


async def test_without_any_secret_the_vendor_is_not_set_up(tmp_path: Path) -> None:
    async with box(tmp_path, secrets={}) as at:
        reply = await at.pay(17)
        assert reply.status == 424
        assert reply.json()["code"] == "vendor_not_configured"
        assert at.stage.calls() == []


def _stored(folder: Path) -> str:
    """Return what is on the disk."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert files
    return b"".join(each.read_bytes() for each in files).decode("latin-1")


async def test_the_session_id_is_told_to_the_vendor_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "c4nary/session+id&="
    async with box(tmp_path, secrets={"sid": canary}) as at:
        at.surface.reset()
        at.surface._sids.add(canary)
        told = [await at.pay(17), await at.pay(999), await at.send(17, **MAIL)]
        at.stage.fault("drop_after", path="/demo/s/invoice")
        told.append(await at.pay(18))
        await at.counter.desk.check_all()
        runs = await at.counter.desk.runs(vendor=None, state=None, limit=50, language="en")
        board = str([part.as_body() for part in at.counter.board.parts()])
        said = board + caplog.text + str([run.as_body() for run in runs])
        said += "".join(each.body.decode() for each in told)
        assert any(f"sid={quote(canary, safe='')}&" in call.target for call in at.stage.log)
    stored = _stored(tmp_path)
    for secret in (canary, quote(canary, safe=""), quote(canary)):
        assert secret not in said
        assert secret not in stored
    assert SID not in said
    assert fields(at.acts()[0])["paid_dt"]
