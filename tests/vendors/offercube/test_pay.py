"""Invoices paid at the counter are paid once, at the time at which the money was taken."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.vendors.offercube.boxes import FORM, NOW, box, fields
from tests.vendors.offercube.samples import SID

HOUR = 3600


@pytest.mark.covers("O-8", "O-31", "O-46")
async def test_the_payment_has_the_time_that_is_given(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.pay(17, paid_dt="2026-11-20T16:30:00+01:00", annotation="Beleg 5")
        assert reply.status == 200
        assert reply.json()["state"] == "succeeded"
        assert at.invoice(17).paid_dt == reply.json()["paid_dt"] == 1_795_188_600


@pytest.mark.covers("O-31")
async def test_without_a_time_it_is_that_of_the_call_and_is_sent(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        # The vendor's clock is wrong: its "now" must not count.
        at.stage.clock.advance(5 * HOUR)
        await at.pay(17)
        assert fields(at.acts()[0])["paid_dt"] == str(NOW)
        assert at.invoice(17).paid_dt == NOW


@pytest.mark.covers("O-26")
async def test_paying_makes_the_invoice_first_if_there_is_no_pdf(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        assert at.invoice(17).invoicepdf is None
        reply = await at.pay(17)
        assert at.books.attachments[int(reply.json()["invoicepdf"])].invoice == 17


@pytest.mark.covers("O-44")
async def test_paying_an_invoice_with_a_pdf_makes_no_other(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        sent = await at.send(17, sendtype=1)
        paid = await at.pay(17)
        assert paid.json()["invoicepdf"] == sent.json()["invoicepdf"]
        assert len(at.books.attachments) == 1


@pytest.mark.covers("O-27", "O-45")
async def test_paying_makes_an_entry_of_incomes_linked_to_the_invoice(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(18, paid_dt=NOW)
        (entry,) = at.books.inoutexpenses
        assert entry == {"invoice": 18, "cents": at.invoice(18).price, "paid_dt": NOW}


@pytest.mark.covers("O-30", "O-13", "O-14")
async def test_the_address_is_as_the_page_has_it(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(17)
        (call,) = at.acts()
        assert call.method == "POST"
        assert call.target == f"/demo/s/invoice/pay/17?sid={SID}&output=json"


@pytest.mark.covers("O-32", "O-48")
async def test_an_annotation_is_an_internal_note(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(17, annotation="Beleg 5 – bar & pünktlich = gut")
        await at.pay(18)
        assert at.invoice(17).notes == ["Beleg 5 – bar & pünktlich = gut"]
        assert at.invoice(18).notes == []
        assert all("Beleg" not in pdf.text for pdf in at.books.attachments.values())


@pytest.mark.covers("O-47")
async def test_the_time_of_the_payment_leaves_the_invoices_date_alone(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=1, invoice_dt=NOW - 10 * HOUR)
        await at.pay(17, paid_dt=NOW - HOUR)
        assert at.invoice(17).invoice_dt == NOW - 10 * HOUR
        # Also when paying makes the invoice.
        await at.pay(18, paid_dt=NOW - HOUR)
        assert at.invoice(18).invoice_dt == NOW


@pytest.mark.covers("O-23", "O-25", "O-33", "O-53", "O-54", "O-57")
@pytest.mark.parametrize("actions", [("send", "pay"), ("pay", "send")], ids=str)
async def test_the_example_comes_through_the_box_as_it_stands(
    tmp_path: Path, actions: tuple[str, str]
) -> None:
    async with box(tmp_path, golden=True) as at:
        for action in actions:
            reply = await at.post(f"/invoices/201502010/{action}", {})
            assert reply.status == 200
            assert reply.json()["vendor_status"] == 200
            assert reply.json()["vendor_body"] == {
                "module": "invoice",
                "error": 0,
                "customerid": "4",
                "invoiceid": "201502010",
                "invoicepdf": "321",
                "errormsg": [],
            }
            said = [reply.json()[name] for name in ("customerid", "invoiceid", "invoicepdf")]
            assert said == ["4", "201502010", "321"]


@pytest.mark.covers("O-15", "O-43")
@pytest.mark.parametrize("action", ["send", "pay"])
async def test_the_id_may_be_in_the_body_alone(tmp_path: Path, action: str) -> None:
    async with box(tmp_path) as at:
        reply = await at.post(f"/invoices/{action}", {"id": 17})
        assert reply.status == 200
        assert reply.json()["invoiceid"] == "202611001"
        (call,) = at.acts()
        assert call.path == f"/demo/s/invoice/{action}"
        assert fields(call)["id"] == "17"
        missing = await at.post(f"/invoices/{action}", {})
        assert missing.json()["problems"] == ["/id: is missing"]


@pytest.mark.covers("O-15", "O-43")
@pytest.mark.parametrize("action", ["send", "pay"])
async def test_an_id_in_the_path_suffices_and_another_in_the_body_is_refused(
    tmp_path: Path, action: str
) -> None:
    async with box(tmp_path) as at:
        assert (await at.post(f"/invoices/17/{action}", {})).status == 200
        assert "id" not in fields(at.acts()[0])
        assert (await at.post(f"/invoices/18/{action}", {"id": 18})).status == 200
        wrong = await at.post(f"/invoices/19/{action}", {"id": 18})
        assert wrong.status == 422
        assert len(at.acts()) == 2


async def test_an_id_that_is_no_number_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for invoice in ("FV1", "0", "017", "1.5", "-3", "9" * 19):
            reply = await at.post(f"/invoices/{invoice}/pay", {})
            assert reply.status == 422, invoice
        assert at.acts() == []


@pytest.mark.covers("O-23")
async def test_a_refusal_with_status_200_is_a_failure(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.pay(999)
        assert reply.status == 502
        problem = reply.json()
        assert problem["code"] == "vendor_rejected"
        assert problem["vendor_error"] == 5
        assert problem["vendor_status"] == 200
        assert "there is no invoice" in problem["detail"]
        assert (await at.ended(reply)).state == "failed"


async def test_a_second_payment_by_another_key_is_refused_unless_forced(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        first = await at.pay(17, paid_dt=NOW - HOUR)
        second = await at.pay(17)
        assert second.status == 409
        problem = second.json()
        assert (problem["code"], problem["run"]) == ("already_done", first.json()["run"])
        assert problem["paid_dt"] == NOW - HOUR
        by_body = await at.post("/invoices/pay", {"id": 17})
        assert by_body.json()["code"] == "already_done"
        assert len(at.books.inoutexpenses) == 1
        forced = await at.pay(17, force=True)
        assert forced.status == 200
        assert "force" not in fields(at.acts()[-1])
        assert len(at.books.inoutexpenses) == 2


async def test_a_payment_that_the_vendor_refused_may_be_ordered_again(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        invoice = at.books.invoices.pop(17)
        assert (await at.pay(17)).status == 502
        at.books.invoices[17] = invoice
        assert (await at.pay(17)).status == 200


async def test_of_two_payments_at_the_same_moment_one_is_made(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        replies = await asyncio.gather(*(at.pay(17) for _ in range(4)))
        assert sorted(each.status for each in replies) == [200, 409, 409, 409]
        assert len(at.books.inoutexpenses) == 1


async def test_a_key_is_needed(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for path in ("/invoices/17/pay", "/invoices/pay", "/invoices/17/send", "/invoices/send"):
            reply = await at.counter.call("POST", path, body={"id": 17})
            assert reply.status == 400
            assert reply.json()["code"] == "idempotency_key_required"
        assert at.acts() == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"paid_dt=1400000000&annotation=Bon+5", b"paid_dt=1400000000&annotation=Bon+5"),
        (b"annotation=Bon%205&paid_dt=1400000000", b"annotation=Bon%205&paid_dt=1400000000"),
        (b"annotation=", b"annotation=&paid_dt=%d" % NOW),
        (b"", b"paid_dt=%d" % NOW),
    ],
    ids=str,
)
async def test_offer_cubes_own_form_is_sent_as_it_is(
    tmp_path: Path, given: bytes, sent: bytes
) -> None:
    async with box(tmp_path) as at:
        reply = await at.post("/invoices/17/pay", given, media=FORM)
        assert reply.status == 200
        assert at.acts()[0].body == sent


@pytest.mark.parametrize("body", [b'{"paid_dt": 1400000000}', b' \n{"paid_dt":1400000000}'])
async def test_json_under_curls_usual_media_type_is_json(tmp_path: Path, body: bytes) -> None:
    async with box(tmp_path) as at:
        await at.post("/invoices/17/pay", body, media=FORM)
        assert at.invoice(17).paid_dt == 1_400_000_000


BROKEN: list[tuple[Any, str]] = [
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b'"text"', "application/json"),
    (b"{", "application/json"),
    (b'{"paid_dt":1,"paid_dt":2}', "application/json"),
    (b'{"annotation":"\\ud800"}', "application/json"),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json"),
    (b'{"paid_dt":' + b"9" * 5000 + b"}", "application/json"),
    ({"annotation": 5}, "application/json"),
    ({"annotation": "x" * 2001}, "application/json"),
    ({"force": "yes"}, "application/json"),
    ({"amount": 5}, "application/json"),
    (b"paid_dt=1&paid_dt=2", FORM),
    (b"paid_dt", FORM),
    (b"annotation=%ff", FORM),
    (b"\xff\xfe", FORM),
    (b"&".join(b"f%d=1" % n for n in range(60)), FORM),
]


async def test_bodies_that_make_no_sense_are_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for body, media in BROKEN:
            reply = await at.post("/invoices/17/pay", body, media=media)
            assert reply.status == 422, body
            assert reply.json()["code"] == "call_invalid", body
        assert at.acts() == []


async def test_null_means_not_given(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.pay(17, paid_dt=None, annotation=None)
        assert fields(at.acts()[0]) == {"paid_dt": str(NOW)}
