"""The vendor's own examples, to the letter, and good values that go beyond them."""

from __future__ import annotations

import json
from typing import Any

_NULL_CUSTOMS = ",".join(f'"custom{n}":null' for n in range(1, 21))
_EMPTY_CUSTOMS = ",".join(f'"custom{n}":""' for n in range(1, 21))

_ORDER_LINE = (
    '{"company_id":"01","purchase_order_id":"PO001","id":"PO001_1","line_no":1,'
    '"quantity_ordered":10.0,"quantity_received":5.0,"quantity_not_invoiced":5.0,'
    '"description":"Printer Paper, A4","subtotal":200.0,"unit":"Box","unit_price":20.0,'
    '"price_unit":1.0,"gl_account":"6300","cost_center":"1000","cost_unit":null,"item":"102912",'
    '"tax_code_id":"DE_S","discount_absolute":0.0,"discount_per_unit":0.0,"discount_percent":0.0,'
    '"discount2_percent":0.0,"discount3_percent":0.0,"discount4_percent":0.0,'
    f'"discount5_percent":0.0,{_NULL_CUSTOMS},"procurement_category":null,"erp_id":"100",'
    '"type":"header_surcharge","surcharged_line_item_id":"1","surcharge_category":"pcs",'
    '"surcharge_value":"20.00","responsible":"email@domain.de",'
    '"goods_receipt_reference_mandatory":true}'
)

EXAMPLES = {
    "companies": '{"id":"01","name":"docures AG","parent_id":null,"address":"Musterstr. 23",'
    '"city":"Musterstadt","zip_code":"12345","local_currency":"EUR","country":"DE"}',
    "vendors": '{"company_id":"01","id":"50001","name":"Schrauben Meier GmbH",'
    '"address":"Teststr. 6","city":"Kiel","zip_code":"24145","country":"DE",'
    '"email":"schraubenmeier@example.com","vat_id":"DE99999999","registration_id":"1028502",'
    '"payment_terms_id":"10","tax_category_1":"NATIONAL"}',
    "vendor_bank_accounts": '{"company_id":"01","vendor_id":"50001",'
    '"iban":"DE02100100100006820101","bic":"PBNKDEFF","primary":true}',
    "payment_terms": '{"company_id":"01","id":"NET30","net_days":30,"cashback_days1":10,'
    '"cashback_percentage1":2.5}',
    "document_types": '{"company_id":"01","id":"inv","name":"Invoice","credit_note":false}',
    "currencies": '{"company_id":"01","id":"EUR","name":"Euro","code":"EUR"}',
    "tax_codes": '{"company_id":"01","id":"S-DE","name":"VSt 19%","percentage":19.0,'
    '"tax_category_1":"NATIONAL","tax_category_2":"FULL"}',
    "gl_accounts": '{"company_id":"01","nr":"6300","name":"Sonstige betriebliche Aufwendungen"}',
    "cost_centers": '{"company_id":"01","nr":"1000","name":"Verwaltung"}',
    "cost_units": '{"company_id":"01","nr":"PJ001","name":"Projekt Neubau"}',
    "other_dimensions": '{"company_id":"01","type":"project","nr":"PJ001",'
    '"name":"Projekt Neubau","parent_dimension_type":"Projektleiter",'
    '"parent_dimension_id":"1000"}',
    "custom_entities": '{"company_id":"01","type":"project","id":"PJ001","name":"Projekt Neubau"}',
    "purchase_orders": '{"company_id":"01","id":"PO001","nr":"PO001","name":"Office Supplies",'
    f'"vendor_id":"50001","status":1,{_NULL_CUSTOMS},"line_items":[{_ORDER_LINE}]}}',
    "goods_receipts": '{"company_id":"01","vendor_id":"50001","id":"GR001","nr":"GR001",'
    '"creation_date":"2022-04-07","delivery_slip_nr":"LS001","status":0,"line_items":['
    '{"company_id":"01","id":"GR001_1","line_no":1,"goods_receipt_date":"2022-04-07",'
    '"quantity":2.7,"purchase_order_line_id":"PO001_1"}]}',
    "surcharge_types": '{"company_id":"01","nr":"TEST","name":"Test_surcharge",'
    '"applies_to":"line_item_surcharge","erp_id":"","tenant_id":"","category":"pcs",'
    '"quantity":"","unit_price":"","gl_account":"","cost_center":"","cost_unit":"","item":"",'
    f'"tax_code_id":"",{_EMPTY_CUSTOMS},"tax_category":"","procurement_category":""}}',
}
"""One record of each list, as the vendor prints it."""


def example(entity: str) -> dict[str, Any]:
    """Return an example to change."""
    found: dict[str, Any] = json.loads(EXAMPLES[entity])
    return found


def batch_of(entity: str, *records: str | dict[str, Any]) -> bytes:
    """Return the vendor's form of a list."""
    parts = [each if isinstance(each, str) else json.dumps(each) for each in records]
    return f'{{"{entity}":[{",".join(parts)}]}}'.encode()


GOOD = {
    "country": "AT",
    "local_currency": "CHF",
    "code": "USD",
    "iban": "AT611904300234573201",
    "status": 3,
    "applies_to": "header_surcharge",
    "category": "percent",
    "surcharge_category": "fixed",
    "line_items.type": "line_item_surcharge",
}
"""Good values of fields that do not take any value of their type."""

_BY_TYPE: dict[str, Any] = {"S": "  Änderung, Ö & 1/2 ", "N": 12.75, "B": False, "D": "2024-02-29"}


def good_value(name: str, kind: str, *, nested: bool = False) -> Any:
    """Return a value that a field takes and that no example has."""
    found = GOOD.get(f"line_items.{name}" if nested else name, GOOD.get(name))
    return _BY_TYPE[kind] if found is None or (nested and name == "status") else found


WRONG: dict[str, tuple[Any, ...]] = {
    "S": (5, True, ["x"], {"x": 1}),
    "N": ("12,5", "7", False, [1]),
    "B": ("true", 1, 0),
    "D": ("2024-02-30", "07.04.2022", "2022-4-7", 20220407),
}
"""Values that are not of a type."""
