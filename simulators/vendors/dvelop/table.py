"""The simulator's own reading of the vendor's field tables.

One line per field: name, type (S string, N number, B boolean, D day), mark (M mandatory, o
optional, c mandatory by the table but not by the example or text). ``[...]`` lists allowed texts,
``/../`` a pattern. ``custom`` stands for ``custom1`` to ``custom20``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TABLE = """
companies: id
  id S M; name S M; address S o; city S o; zip_code S o
  local_currency S o /[A-Z][A-Z][A-Z]/; country S o /[A-Z][A-Z]/; parent_id S o
vendors: company_id id
  company_id S M; id S M; name S M; address S M; city S M; zip_code S M; country S M /[A-Z][A-Z]/
  email S o; vat_id S o; registration_id S o; payment_terms_id S o; tax_category_1 S o
vendor_bank_accounts: company_id vendor_id iban
  company_id S M; vendor_id S M; id S c; iban S M; bic S o; primary B M
payment_terms: company_id id
  company_id S o; id S M; net_days N o; cashback_days1 N o; cashback_percentage1 N o; name S o
document_types: company_id id
  company_id S o; id S M; name S M; credit_note B M
currencies: company_id id
  company_id S o; id S M; name S M; code S M /[A-Z][A-Z][A-Z]/
tax_codes: company_id id
  company_id S c; id S M; name S M; percentage N M; tax_category_1 S o; tax_category_2 S o
gl_accounts: company_id nr
  company_id S o; nr S M; name S M; tax_category_2 S o
cost_centers: company_id nr
  company_id S o; nr S M; name S M
cost_units: company_id nr
  company_id S o; nr S M; name S M
other_dimensions: company_id type nr
  company_id S o; type S M; nr S M; name S M; parent_dimension_type S o; parent_dimension_id S o
custom_entities: company_id type id
  company_id S o; type S M; id S M; name S M
purchase_orders: company_id id
  company_id S M; id S M; nr S M; name S M; vendor_id S M; status N o; custom S o
purchase_orders.line_items: id
  company_id S M; id S M; line_no N M; quantity_ordered N M; quantity_received N M
  quantity_not_invoiced N M; item S M; procurement_category S o; description S M; unit S M
  unit_price N M; price_unit N M; subtotal N M; gl_account S o; cost_center S o; cost_unit S o
  tax_code_id S o; discount_absolute N o; discount_per_unit N o; discount_percent N o
  discount2_percent N o; discount3_percent N o; discount4_percent N o; discount5_percent N o
  custom S o; type S c [header_surcharge line_item_surcharge]; surcharged_line_item_id S o
  surcharge_category S o [pcs fixed percent]; surcharge_value S o; responsible S o
  goods_receipt_reference_mandatory B o; purchase_order_id S o; erp_id S o
goods_receipts: company_id id
  company_id S M; vendor_id S M; id S M; nr S M; creation_date D M; delivery_slip_nr S M; status N o
goods_receipts.line_items: id
  company_id S M; id S M; line_no N M; goods_receipt_date D M; quantity N M
  purchase_order_line_id S o
surcharge_types: company_id nr
  company_id S o; nr S M; name S o; applies_to S M [header_surcharge line_item_surcharge]
  erp_id S o; tenant_id S c; category S o [pcs fixed percent]; quantity S o; unit_price S o
  gl_account S o; cost_center S o; cost_unit S o; item S o; tax_code_id S o; custom S o
  tax_category S o; procurement_category S o
"""

_FIELD = re.compile(r"(\w+) ([SNBD]) ([Moc])(?: \[([\w ]+)\])?(?: /(.+)/)?")

CUSTOMS = tuple(f"custom{n}" for n in range(1, 21))


@dataclass(frozen=True, slots=True)
class Column:
    """A field: its type and mark as in the table."""

    name: str
    type: str
    mark: str
    allowed: frozenset[str] = frozenset()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: what tells its records apart, and its fields."""

    key: tuple[str, ...]
    columns: tuple[Column, ...]


def _columns(text: str) -> list[Column]:
    found = _FIELD.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    name, kind, mark, allowed, pattern = found.groups()
    column = Column(name, kind, mark, frozenset((allowed or "").split()), pattern or "")
    if name != "custom":
        return [column]
    return [Column(each, kind, mark) for each in CUSTOMS]


def _parse() -> dict[str, Sheet]:
    sheets: dict[str, Sheet] = {}
    for block in re.split(r"\n(?=\S)", _TABLE.strip()):
        head, *lines = block.splitlines()
        name, _, key = head.partition(":")
        columns = [
            column for line in lines for part in line.split(";") for column in _columns(part)
        ]
        sheets[name] = Sheet(tuple(key.split()), tuple(columns))
    return sheets


SHEETS = _parse()
ENTITIES = tuple(name for name in SHEETS if "." not in name)
"""The fifteen lists, in the order of the vendor's pages."""
