"""What is refused and what is warned of before anything is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.vendors.dvelop.boxes import Box, box
from tests.vendors.dvelop.examples import batch_of, example

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lax(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    async with box(tmp_path_factory.mktemp("lax"), per_minute=100_000) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    async with box(tmp_path_factory.mktemp("strict"), per_minute=100_000, strict=True) as started:
        yield started


def _line(**values: Any) -> dict[str, Any]:
    order = example("purchase_orders")
    order["line_items"][0] |= values
    return order


async def _put(at: Box, entity: str, record: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Put a good record: its warnings, and what the vendor holds then."""
    await at.pass_time(10.0)
    at.surface.reset()
    reply = await at.put(entity, record)
    assert reply.status == 201, reply.body
    (held,) = at.held(entity)
    return [each["code"] for each in reply.json().get("warnings", [])], held


async def _refused(at: Box, entity: str, record: dict[str, Any]) -> list[str]:
    """Put a bad record: its problems."""
    before = len(at.sent())
    reply = await at.put(entity, record)
    assert reply.status == 422, reply.body
    assert len(at.sent()) == before
    problems: list[str] = reply.json()["problems"]
    return problems


async def _list_refused(at: Box, entity: str, *records: dict[str, Any]) -> list[str]:
    before = len(at.sent())
    reply = await at.batch(entity, batch_of(entity, *records))
    assert reply.status == 422, reply.body
    assert len(at.sent()) == before
    problems: list[str] = reply.json()["problems"]
    return problems


async def _list_warned(at: Box, entity: str, *records: dict[str, Any]) -> list[str]:
    at.surface.reset()
    reply = await at.batch(entity, batch_of(entity, *records))
    assert reply.status == 202, reply.body
    await at.ended(reply)
    assert at.held(entity)
    return [each["code"] for each in reply.json().get("warnings", [])]


@pytest.mark.covers("D-24", "D-25", "D-34", "D-63", "D-189")
@pytest.mark.parametrize(
    ("entity", "field", "bad"),
    [
        ("currencies", "code", "Euro"),
        ("currencies", "code", "eur"),
        ("currencies", "code", "EUR "),
        ("currencies", "code", ""),
        ("companies", "local_currency", "€"),
        ("companies", "country", "DEU"),
        ("vendors", "country", "de"),
        ("vendors", "country", ""),
        ("vendors", "country", "ÄÖ"),
    ],
)
async def test_codes_must_have_the_form_of_their_standard(
    lax: Box, entity: str, field: str, bad: str
) -> None:
    (problem,) = await _refused(lax, entity, {**example(entity), field: bad})
    assert problem.startswith(f"/{field}: ")


@pytest.mark.covers("D-144", "D-151", "D-208")
@pytest.mark.parametrize("bad", ["2022-02-29", "07.04.2022", "20220407", "2022-04-07T00:00"])
async def test_days_are_written_as_year_month_day(lax: Box, bad: str) -> None:
    record = {**example("goods_receipts"), "creation_date": bad}
    assert len(await _refused(lax, "goods_receipts", record)) == 1
    record = example("goods_receipts")
    record["line_items"][0]["goods_receipt_date"] = bad
    (problem,) = await _refused(lax, "goods_receipts", record)
    assert problem.startswith("/line_items/0/goods_receipt_date: ")


@pytest.mark.covers("D-210", "D-158", "D-161", "D-203", "D-134", "D-132")
@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("applies_to", ("header_surcharge", "line_item_surcharge")),
        ("category", ("pcs", "fixed", "percent", "", None)),
    ],
)
async def test_surcharge_types_take_the_choices_of_the_vendor(
    lax: Box, field: str, good: tuple[Any, ...]
) -> None:
    for value in good:
        _, held = await _put(lax, "surcharge_types", {**example("surcharge_types"), field: value})
        assert held[field] == value
    bad = {**example("surcharge_types"), field: "Fixed"}
    assert len(await _refused(lax, "surcharge_types", bad)) == 1


@pytest.mark.covers("D-203", "D-134", "D-132")
@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("type", ("header_surcharge", "line_item_surcharge")),
        ("surcharge_category", ("pcs", "fixed", "percent")),
    ],
)
async def test_order_lines_take_the_choices_of_the_vendor(
    lax: Box, field: str, good: tuple[str, ...]
) -> None:
    for value in good:
        _, held = await _put(lax, "purchase_orders", _line(**{field: value}))
        assert held["line_items"][0][field] == value
    (problem,) = await _refused(lax, "purchase_orders", _line(**{field: "other"}))
    assert problem.startswith(f"/line_items/0/{field}: must be one of ")


@pytest.mark.covers("D-44")
async def test_a_wrong_iban_is_a_warning(lax: Box) -> None:
    account = example("vendor_bank_accounts") | {"id": "1"}
    warnings, _ = await _put(lax, "vendor_bank_accounts", account)
    assert warnings == []
    wrong = account | {"iban": "DE02100100100006820102"}
    warnings, held = await _put(lax, "vendor_bank_accounts", wrong)
    assert warnings == ["iban_checksum"]
    assert held["iban"] == "DE02100100100006820102"


@pytest.mark.covers("D-46", "D-186")
async def test_a_vendor_may_have_several_accounts_of_which_one_is_primary(lax: Box) -> None:
    account = example("vendor_bank_accounts") | {"id": "1"}
    second = account | {"id": "2", "iban": "AT611904300234573201", "primary": False}
    assert await _list_warned(lax, "vendor_bank_accounts", account, second) == []
    assert [each["primary"] for each in lax.held("vendor_bank_accounts")] == [True, False]
    bad = account | {"primary": "yes"}
    assert len(await _refused(lax, "vendor_bank_accounts", bad)) == 1


@pytest.mark.covers("D-48", "D-187")
async def test_payment_terms_without_company_are_for_all(lax: Box) -> None:
    terms = example("payment_terms")
    del terms["company_id"]
    warnings, held = await _put(lax, "payment_terms", terms)
    assert (warnings, "company_id" in held) == ([], False)


@pytest.mark.covers("D-188")
async def test_a_list_of_document_types_should_have_an_invoice_and_a_credit_note(
    lax: Box,
) -> None:
    invoice = example("document_types")
    credit = invoice | {"id": "cn", "name": "Credit note", "credit_note": True}
    for alone in (invoice, credit):
        warnings = await _list_warned(lax, "document_types", alone)
        assert warnings == ["document_types_incomplete"]
    assert await _list_warned(lax, "document_types", invoice, credit) == []


@pytest.mark.covers("D-190", "D-69", "D-70")
async def test_tax_codes_with_the_same_categories_are_warned_of(lax: Box) -> None:
    code = example("tax_codes")
    same = code | {"id": "S2"}
    assert await _list_warned(lax, "tax_codes", code, same) == ["tax_category_ambiguous"]
    other = same | {"tax_category_2": "REDUCED"}
    elsewhere = same | {"company_id": "02"}
    assert await _list_warned(lax, "tax_codes", code, other, elsewhere) == []


@pytest.mark.covers("D-68", "D-191")
async def test_a_percentage_is_a_number_and_is_sent_as_written(lax: Box) -> None:
    await lax.pass_time(10.0)
    body = b'{"company_id":"01","id":"S","name":"x","percentage":19.0}'
    assert (await lax.put("tax_codes", body)).status == 201
    assert lax.sent("PUT")[-1].body == body
    assert await _refused(lax, "tax_codes", example("tax_codes") | {"percentage": "19,0"})


@pytest.mark.covers("D-90", "D-91", "D-193")
async def test_a_parent_is_named_by_type_and_id_together(lax: Box) -> None:
    for missing in ("parent_dimension_type", "parent_dimension_id"):
        record = example("other_dimensions")
        del record[missing]
        assert (await _put(lax, "other_dimensions", record))[0] == ["parent_incomplete"]
    record = example("other_dimensions")
    del record["parent_dimension_type"], record["parent_dimension_id"]
    assert (await _put(lax, "other_dimensions", record))[0] == []


@pytest.mark.covers("D-103", "D-194", "D-195")
async def test_an_orders_status_is_one_to_eight(lax: Box, strict: Box) -> None:
    for status in range(1, 9):
        record = example("purchase_orders") | {"status": status}
        warnings, held = await _put(lax, "purchase_orders", record)
        assert (warnings, held["status"]) == ([], status)
    for other in (0, 9, -1, 1.5):
        record = example("purchase_orders") | {"status": other}
        warnings, held = await _put(lax, "purchase_orders", record)
        assert (warnings, held["status"]) == (["order_status"], other)
        (problem,) = await _refused(strict, "purchase_orders", record)
        assert problem.startswith("/status: ")
    record = example("purchase_orders")
    del record["status"]
    assert (await _put(strict, "purchase_orders", record))[0] == []


@pytest.mark.covers("D-108", "D-149", "D-197", "D-207")
@pytest.mark.parametrize("entity", ["purchase_orders", "goods_receipts"])
async def test_two_records_of_a_list_never_share_a_line_id(lax: Box, entity: str) -> None:
    first = example(entity)
    second = {**first, "id": "2"}
    (problem,) = await _list_refused(lax, entity, first, second)
    assert problem.startswith(f"/{entity}/1/line_items/0/id: ")
    twice = {**first, "line_items": first["line_items"] * 2}
    (problem,) = await _refused(lax, entity, twice)
    assert problem.startswith("/line_items/1/id: ")


@pytest.mark.covers("D-29", "D-209", "D-156")
@pytest.mark.parametrize(
    ("entity", "name", "other"), [("vendors", "id", "50002"), ("surcharge_types", "nr", "OTHER")]
)
async def test_a_record_is_in_a_list_once(lax: Box, entity: str, name: str, other: str) -> None:
    record = example(entity)
    (problem,) = await _list_refused(lax, entity, record, record)
    assert problem.startswith(f"/{entity}/1/{name}: ")
    elsewhere = {**record, "company_id": "02"}
    assert await _list_warned(lax, entity, record, {**record, name: other}, elsewhere) == []


@pytest.mark.covers("D-209", "D-156")
@pytest.mark.parametrize("value", ["", None, ...])
async def test_a_surcharge_types_number_is_never_empty(lax: Box, value: Any) -> None:
    record = example("surcharge_types")
    record.pop("nr")
    problems = await _refused(
        lax, "surcharge_types", record if value is ... else record | {"nr": value}
    )
    assert [each.partition(":")[0] for each in problems] == ["/nr"]


async def test_another_record_that_is_in_a_list_twice_is_a_warning(lax: Box) -> None:
    record = example("cost_centers")
    assert await _list_warned(lax, "cost_centers", record, record) == ["same_record"]


@pytest.mark.covers("D-184", "D-205", "D-136", "D-20", "D-21")
async def test_texts_are_neither_trimmed_nor_changed_in_case(lax: Box) -> None:
    record = example("companies") | {"name": "  docures AG\u00a0", "address": "MUSTERstr. 23 "}
    assert (await _put(lax, "companies", record))[1] == record
    order = _line(responsible=" Max.Mustermann@Domain.DE ")
    assert (await _put(lax, "purchase_orders", order))[1] == order


@pytest.mark.covers("D-112", "D-118", "D-119", "D-198", "D-199", "D-200")
async def test_quantities_and_totals_are_not_reckoned_with(lax: Box) -> None:
    order = _line(
        quantity_ordered=10, quantity_received=99.5, quantity_not_invoiced=-3, subtotal=0.01
    )
    assert await _put(lax, "purchase_orders", order) == ([], order)
    order = _line(price_unit=1.0, unit_price=20.0, quantity_ordered=10.0, subtotal=200.0)
    assert await _put(lax, "purchase_orders", order) == ([], order)


@pytest.mark.covers("D-201", *(f"D-{n}" for n in range(124, 131)))
async def test_a_line_has_seven_discounts(lax: Box) -> None:
    names = [f"discount{n}_percent" for n in ("", 2, 3, 4, 5)]
    names += ["discount_absolute", "discount_per_unit"]
    order = _line(**{name: 1.25 + number for number, name in enumerate(names)})
    assert await _put(lax, "purchase_orders", order) == ([], order)
    bad = _line(**dict.fromkeys(names, "x"))
    assert len(await _refused(lax, "purchase_orders", bad)) == 7


@pytest.mark.covers("D-138", "D-202", "D-133")
async def test_a_surcharge_is_a_line_of_its_own_tied_to_another(lax: Box, strict: Box) -> None:
    order = example("purchase_orders")
    (article,) = order["line_items"]
    for name in ("type", "surcharged_line_item_id", "surcharge_category", "surcharge_value"):
        del article[name]
    surcharge = example("purchase_orders")["line_items"][0] | {
        "id": "PO001_2",
        "type": "line_item_surcharge",
        "surcharged_line_item_id": article["id"],
    }
    order["line_items"] = [article, surcharge]
    for at in (lax, strict):
        assert await _put(at, "purchase_orders", order) == ([], order)


@pytest.mark.covers("D-204", "D-135", "D-162", "D-163")
async def test_values_of_surcharges_are_strings(lax: Box) -> None:
    (problem,) = await _refused(lax, "purchase_orders", _line(surcharge_value=20.0))
    assert problem == "/line_items/0/surcharge_value: must be a string"
    for name in ("quantity", "unit_price"):
        bad = example("surcharge_types") | {name: 1}
        assert await _refused(lax, "surcharge_types", bad) == [f"/{name}: must be a string"]
        good = example("surcharge_types") | {name: "1.50"}
        assert (await _put(lax, "surcharge_types", good))[1] == good


@pytest.mark.covers("D-139", "D-206")
async def test_goods_receipts_are_taken_with_the_hint_that_they_are_a_preview(lax: Box) -> None:
    warnings, _ = await _put(lax, "goods_receipts", example("goods_receipts"))
    assert warnings == ["preview_feature"]
    assert await _list_warned(lax, "goods_receipts", example("goods_receipts")) == warnings
    status = (await lax.get("/status")).json()
    assert "preview_feature" in [each["code"] for each in status["warnings"]]


@pytest.mark.covers("D-214")
async def test_references_between_records_are_not_checked(lax: Box, strict: Box) -> None:
    order = _line(tax_code_id="nowhere", surcharged_line_item_id="none") | {"vendor_id": "none"}
    for at in (lax, strict):
        assert await _put(at, "purchase_orders", order) == ([], order)
        vendor = example("vendors") | {"payment_terms_id": "none", "vat_id": "no VAT id"}
        assert await _put(at, "vendors", vendor) == ([], vendor)


@pytest.mark.covers("D-212")
async def test_unknown_fields_go_on_with_a_warning(lax: Box) -> None:
    record = example("cost_units") | {"colour": {"r": [1, None]}, "": False}
    warnings, held = await _put(lax, "cost_units", record)
    assert warnings == ["unknown_field", "unknown_field"]
    assert held == record


async def test_an_empty_mandatory_text_is_a_warning_and_strictly_an_error(
    lax: Box, strict: Box
) -> None:
    record = example("vendors") | {"address": ""}
    assert await _put(lax, "vendors", record) == (["empty_field"], record)
    assert len(await _refused(strict, "vendors", record)) == 1
    assert len(await _refused(lax, "vendors", record | {"id": ""})) == 1


async def test_an_order_without_lines_is_a_warning(lax: Box) -> None:
    absent = example("purchase_orders")
    del absent["line_items"]
    for order in (absent, absent | {"line_items": None}, absent | {"line_items": []}):
        assert (await _put(lax, "purchase_orders", order))[0] == ["no_lines"]
    bad = example("purchase_orders") | {"line_items": {"id": "1"}}
    assert len(await _refused(lax, "purchase_orders", bad)) == 1
    bad["line_items"] = ["x"]
    assert len(await _refused(lax, "purchase_orders", bad)) == 1


async def test_all_problems_of_a_list_are_told_but_not_without_end(lax: Box) -> None:
    records: list[dict[str, Any]] = [{"nr": str(n)} for n in range(250)]
    problems = await _list_refused(lax, "cost_units", *records)
    assert problems[7] == "/cost_units/7/name: is mandatory"
    assert len(problems) == 101
    assert "150 more" in problems[-1]


async def test_warnings_of_a_list_are_counted_beyond_a_number(lax: Box) -> None:
    account = example("vendor_bank_accounts")
    records = [account | {"vendor_id": str(n)} for n in range(80)]
    warnings = await _list_warned(lax, "vendor_bank_accounts", *records)
    assert warnings == ["disputed_field"] * 50 + ["more"]
