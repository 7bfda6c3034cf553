"""Invoices are mailed or made into a PDF, as the vendor's table says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vendors.offercube.boxes import FORM, NOW, box, fields
from tests.vendors.offercube.samples import SID

DAY = 86_400


@pytest.mark.covers("O-7", "O-9", "O-21", "O-38")
async def test_a_mail_goes_to_the_address_that_is_given(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.send(17, sendtype=2, email="buero@example.at")
        assert reply.status == 200
        assert reply.json()["state"] == "succeeded"
        (mail,) = at.books.mails
        # The invoice's own address is another one.
        assert at.invoice(17).site_email == "kunde@example.at"
        assert mail["to"] == "buero@example.at"
        assert str(mail["attachment"]) == reply.json()["invoicepdf"]


@pytest.mark.covers("O-17", "O-22")
async def test_a_mail_without_address_goes_to_the_invoices_own(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=2)
        assert [each["to"] for each in at.books.mails] == ["kunde@example.at"]
        assert "email" not in fields(at.acts()[0])


async def test_a_mail_without_any_address_is_refused_by_the_vendor(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.send(18, sendtype=2)
        assert reply.status == 502
        assert reply.json()["code"] == "vendor_rejected"
        assert reply.json()["vendor_error"] == 8
        assert at.invoice(18).invoicepdf is None


@pytest.mark.covers("O-10", "O-20", "O-24", "O-37")
async def test_a_letter_is_a_pdf_attached_to_the_invoice_and_nothing_is_mailed(
    tmp_path: Path,
) -> None:
    async with box(tmp_path) as at:
        reply = await at.send(17, sendtype=1)
        assert reply.status == 200
        pdf = at.books.attachments[int(reply.json()["invoicepdf"])]
        assert pdf.invoice == 17
        assert at.invoice(17).invoicepdf == pdf.id
        assert at.books.mails == []


@pytest.mark.covers("O-35")
async def test_without_sendtype_only_the_pdf_is_made_and_a_warning_says_so(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.send(17)
        assert reply.status == 200
        assert [each["code"] for each in reply.json()["warnings"]] == ["sendtype_absent"]
        assert fields(at.acts()[0]) == {"sendtype": "1"}
        assert at.invoice(17).invoicepdf is not None
        assert at.books.mails == []


async def test_a_strict_reading_wants_the_sendtype(tmp_path: Path) -> None:
    async with box(tmp_path, strict=True) as at:
        reply = await at.send(17)
        assert reply.status == 422
        assert reply.json()["problems"] == ["/sendtype: is missing: 1 (letter) or 2 (e-mail)"]
        assert at.acts() == []


@pytest.mark.covers("O-11", "O-39")
async def test_an_invoice_sent_twice_is_mailed_twice_and_stays_one_invoice(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        first = await at.send(17, sendtype=2)
        second = await at.send(17, sendtype=2)
        assert [each.status for each in (first, second)] == [200, 200]
        assert len(at.books.mails) == 2
        assert first.json()["invoiceid"] == second.json()["invoiceid"]
        assert len(at.books.invoices) == 4


async def test_a_repeated_key_mails_once_and_gets_the_same_answer(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        body = {"sendtype": 2}
        first = await at.post("/invoices/17/send", body, key="mail-1")
        again = await at.post("/invoices/17/send", body, key="mail-1")
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"
        other = await at.post("/invoices/17/send", {"sendtype": 1}, key="mail-1")
        assert other.json()["code"] == "idempotency_key_reused"
        assert len(at.books.mails) == 1


@pytest.mark.covers("O-12", "O-13", "O-14")
async def test_the_address_is_as_the_page_has_it(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=1)
        (call,) = at.acts()
        assert call.method == "POST"
        assert call.target == f"/demo/s/invoice/send/17?sid={SID}&output=json"
        assert call.header("content-type") == FORM


@pytest.mark.covers("O-16")
@pytest.mark.parametrize(("sendtype", "mails"), [(1, 0), (2, 1)])
async def test_one_is_a_letter_and_two_is_an_e_mail(
    tmp_path: Path, sendtype: int, mails: int
) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=sendtype)
        assert fields(at.acts()[0])["sendtype"] == str(sendtype)
        assert len(at.books.mails) == mails


@pytest.mark.covers("O-18", "O-40")
@pytest.mark.parametrize(
    ("given", "dated"), [({}, NOW), ({"invoice_dt": NOW - 5 * DAY}, NOW - 5 * DAY)], ids=str
)
async def test_the_invoice_is_dated_as_given_else_now(
    tmp_path: Path, given: dict[str, int], dated: int
) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=1, **given)
        assert at.invoice(17).invoice_dt == dated


@pytest.mark.covers("O-19", "O-42")
async def test_the_due_date_is_the_invoices_plus_the_global_offset(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.books.payment_target_offset = 30 * DAY
        for invoice in (17, 18):
            await at.send(invoice, sendtype=1, invoice_dt=NOW - DAY)
            assert at.invoice(invoice).duepayment_dt == NOW + 29 * DAY
        assert all("duepayment_dt" not in fields(call) for call in at.acts())


@pytest.mark.covers("O-41")
async def test_a_due_date_that_is_given_wins(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=1, duepayment_dt=NOW + 3 * DAY)
        assert at.invoice(17).duepayment_dt == NOW + 3 * DAY


@pytest.mark.covers("O-34")
async def test_sending_makes_the_pdf_each_time_paying_only_if_there_is_none(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        await at.send(17, sendtype=1)
        await at.send(17, sendtype=1)
        (pdf,) = at.books.attachments.values()
        assert pdf.made == 2
        await at.pay(17)
        assert pdf.made == 2
        await at.pay(18)
        assert at.invoice(18).invoicepdf is not None


TIMES: list[tuple[int | str, str]] = [
    (1_400_000_000, "1400000000"),
    ("1400000000", "1400000000"),
    ("2026-11-21T10:00:00+01:00", "1795251600"),
    ("2026-11-21T09:00:00Z", "1795251600"),
    ("2026-11-21T09:00:00.900Z", "1795251600"),
    ("2026-11-21", "1795215600"),
    ("2013-05-01", "1367359200"),
]


@pytest.mark.covers("O-52")
async def test_times_are_sent_as_whole_unix_seconds(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for given, sent in TIMES:
            reply = await at.send(17, sendtype=1, invoice_dt=given)
            assert reply.status == 200, given
            assert fields(at.acts()[-1])["invoice_dt"] == sent, given


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sendtype": 3}, "/sendtype"),
    ({"sendtype": 0}, "/sendtype"),
    ({"sendtype": "mail"}, "/sendtype"),
    ({"sendtype": True}, "/sendtype"),
    ({"sendtype": 2, "email": "nobody"}, "/email"),
    ({"sendtype": 2, "email": "a@b.at, c@d.at"}, "/email"),
    ({"sendtype": 2, "email": "a@b.at\nBcc: c@d.at"}, "/email"),
    ({"sendtype": 2, "email": ""}, "/email"),
    ({"sendtype": 1, "invoice_dt": "2026-11-21T10:00:00"}, "/invoice_dt"),
    ({"sendtype": 1, "invoice_dt": "yesterday"}, "/invoice_dt"),
    ({"sendtype": 1, "invoice_dt": 1.5}, "/invoice_dt"),
    ({"sendtype": 1, "invoice_dt": -1}, "/invoice_dt"),
    ({"sendtype": 1, "invoice_dt": 1_795_251_600_000}, "/invoice_dt"),
    ({"sendtype": 1, "invoice_dt": 20, "duepayment_dt": 10}, "/"),
    ({"sendtype": 1, "id": 18}, "/id"),
    ({"sendtype": 1, "subject": "Ihre Rechnung"}, "/subject"),
]


async def test_fields_that_are_wrong_are_named_and_nothing_is_sent(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for given, where in WRONG:
            reply = await at.send(17, **given)
            assert reply.status == 422, given
            assert reply.json()["code"] == "call_invalid"
            assert [each.partition(":")[0] for each in reply.json()["problems"]] == [where], given
        assert at.acts() == []


@pytest.mark.covers("O-3", "O-4", "O-56")
@pytest.mark.parametrize("path", ["/invoices/17/send", "/invoices/17/pay"])
async def test_a_price_is_never_sent(tmp_path: Path, path: str) -> None:
    async with box(tmp_path) as at:
        for body in ({"price": 1}, b"price=1"):
            media = {"media": FORM} if isinstance(body, bytes) else {}
            reply = await at.post(path, body, **media)
            assert reply.status == 422
            assert reply.json()["code"] == "price_is_computed"
        assert at.acts() == []


@pytest.mark.covers("O-23")
async def test_an_answer_without_pdf_is_no_success(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        at.surface.without_pdf()
        reply = await at.send(17, sendtype=2)
        assert reply.status == 502
        assert reply.json()["code"] == "offercube_pdf_missing"
        assert (await at.ended(reply)).state == "failed"
        assert len(at.books.mails) == 1


@pytest.mark.covers("O-55")
async def test_a_dunning_letter_goes_by_the_same_calls(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        assert at.invoice(20).dunning is not None
        sent = await at.send(20, sendtype=2)
        paid = await at.pay(20)
        assert [sent.status, paid.status] == [200, 200]
        assert at.acts()[0].path == "/demo/s/invoice/send/20"
        assert at.invoice(20).paid_dt == NOW


async def test_an_address_for_a_letter_is_sent_with_a_warning(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        reply = await at.send(17, sendtype=1, email="a@b.at")
        assert [each["code"] for each in reply.json()["warnings"]] == ["email_unused"]
        assert fields(at.acts()[0])["email"] == "a@b.at"
        assert at.books.mails == []
