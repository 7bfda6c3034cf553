"""The checklist's field rows, as the facts number them: a reading of its own, beside the box's
table and the simulator's.

Each block: the list (or the array inside it) and the number of its endpoint; then number, field,
type (S string, N number, B boolean, D day) and mark (M mandatory, o optional, M? contested).
``custom`` stands for ``custom1`` to ``custom20``.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROWS = """
companies: D-18
  D-19 id S M
  D-20 name S M
  D-21 address S o
  D-22 city S o
  D-23 zip_code S o
  D-24 local_currency S o
  D-25 country S o
vendors: D-27
  D-28 company_id S M
  D-29 id S M
  D-30 name S M
  D-31 address S M
  D-32 city S M
  D-33 zip_code S M
  D-34 country S M
  D-35 email S o
  D-36 vat_id S o
  D-37 registration_id S o
  D-38 payment_terms_id S o
  D-39 tax_category_1 S o
vendor_bank_accounts: D-40
  D-41 company_id S M
  D-42 vendor_id S M
  D-43 id S M?
  D-44 iban S M
  D-45 bic S o
  D-46 primary B M
payment_terms: D-47
  D-48 company_id S o
  D-49 id S M
  D-50 net_days N o
  D-51 cashback_days1 N o
  D-52 cashback_percentage1 N o
  D-53 name S o
document_types: D-54
  D-55 company_id S o
  D-56 id S M
  D-57 name S M
  D-58 credit_note B M
currencies: D-59
  D-60 company_id S o
  D-61 id S M
  D-62 name S M
  D-63 code S M
tax_codes: D-64
  D-65 company_id S M?
  D-66 id S M
  D-67 name S M
  D-68 percentage N M
  D-69 tax_category_1 S o
  D-70 tax_category_2 S o
gl_accounts: D-72
  D-73 company_id S o
  D-74 nr S M
  D-75 name S M
  D-76 tax_category_2 S o
cost_centers: D-77
  D-78 company_id S o
  D-79 nr S M
  D-80 name S M
cost_units: D-81
  D-82 company_id S o
  D-83 nr S M
  D-84 name S M
other_dimensions: D-85
  D-86 company_id S o
  D-87 type S M
  D-88 nr S M
  D-89 name S M
  D-90 parent_dimension_type S o
  D-91 parent_dimension_id S o
custom_entities: D-92
  D-93 company_id S o
  D-94 type S M
  D-95 id S M
  D-96 name S M
purchase_orders: D-97
  D-98 company_id S M
  D-99 id S M
  D-100 nr S M
  D-101 name S M
  D-102 vendor_id S M
  D-103 status N o
  D-104 custom S o
purchase_orders.line_items: D-106
  D-107 company_id S M
  D-108 id S M
  D-109 line_no N M
  D-110 quantity_ordered N M
  D-111 quantity_received N M
  D-112 quantity_not_invoiced N M
  D-113 item S M
  D-114 procurement_category S o
  D-115 description S M
  D-116 unit S M
  D-117 unit_price N M
  D-118 price_unit N M
  D-119 subtotal N M
  D-120 gl_account S o
  D-121 cost_center S o
  D-122 cost_unit S o
  D-123 tax_code_id S o
  D-124 discount_absolute N o
  D-125 discount_per_unit N o
  D-126 discount_percent N o
  D-127 discount2_percent N o
  D-128 discount3_percent N o
  D-129 discount4_percent N o
  D-130 discount5_percent N o
  D-131 custom S o
  D-132 type S M?
  D-133 surcharged_line_item_id S o
  D-134 surcharge_category S o
  D-135 surcharge_value S o
  D-136 responsible S o
  D-137 goods_receipt_reference_mandatory B o
goods_receipts: D-139
  D-140 company_id S M
  D-141 vendor_id S M
  D-142 id S M
  D-143 nr S M
  D-144 creation_date D M
  D-145 delivery_slip_nr S M
goods_receipts.line_items: D-147
  D-148 company_id S M
  D-149 id S M
  D-150 line_no N M
  D-151 goods_receipt_date D M
  D-152 quantity N M
  D-153 purchase_order_line_id S o
surcharge_types: D-154
  D-155 company_id S o
  D-156 nr S M
  D-157 name S o
  D-158 applies_to S M
  D-159 erp_id S o
  D-160 tenant_id S M?
  D-161 category S o
  D-162 quantity S o
  D-163 unit_price S o
  D-164 gl_account S o
  D-165 cost_center S o
  D-166 cost_unit S o
  D-167 item S o
  D-168 tax_code_id S o
  D-169 custom S o
  D-170 tax_category S o
  D-171 procurement_category S o
"""


@dataclass(frozen=True)
class Row:
    """A row of the checklist. ``place`` is the list, or ``list.line_items``."""

    number: str
    place: str
    field: str
    type: str
    mark: str

    @property
    def entity(self) -> str:
        """The list that is sent."""
        return self.place.partition(".")[0]

    @property
    def nested(self) -> bool:
        """Whether the field is one of a line."""
        return "." in self.place

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the row stands for."""
        if self.field == "custom":
            return tuple(f"custom{n}" for n in range(1, 21))
        return (self.field,)


ROWS: list[Row] = []
ENDPOINTS: dict[str, str] = {}
"""Number of the endpoint's statement by list."""

_place = ""
for _line in _ROWS.strip().splitlines():
    if _line.startswith(" "):
        ROWS.append(Row(_line.split()[0], _place, *_line.split()[1:]))
    else:
        _place, _, _number = _line.partition(": ")
        ENDPOINTS[_place] = _number

ENTITIES = tuple(name for name in ENDPOINTS if "." not in name)
