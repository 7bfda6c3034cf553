"""The vendor's table, second part: purchase orders, goods receipts, and surcharges."""

from __future__ import annotations

from bridge.vendors.dvelop.fields import (
    Entity,
    Field,
    Need,
    Record,
    Type,
    company,
    customs,
    date,
    flag,
    identity,
    number,
    text,
)

_MUST, _MAY, _DISPUTED = Need.MUST, Need.MAY, Need.DISPUTED

SURCHARGES = ("header_surcharge", "line_item_surcharge")
"""What a surcharge applies to: the whole document, or one line."""

SURCHARGE_CATEGORIES = ("pcs", "fixed", "percent")
"""How a surcharge counts: per piece, once, or in percent."""

_SURCHARGE_FIELDS = ("surcharged_line_item_id", "surcharge_category", "surcharge_value")
"""Fields that make an order line a surcharge; only such a line needs ``type``."""

ORDER_STATES = range(1, 9)
"""1 open, 2 approved, 3 confirmed, 4 partly delivered, 5 delivered, 6 partly invoiced, 7 invoiced,
8 cancelled."""

_ORDER_LINE = Record(
    key=("id",),
    unique=True,
    fields=(
        company(_MUST),
        identity("id", "unique across all purchase orders"),
        text("purchase_order_id", _MAY, "order of the line (in the vendor's example only)"),
        number("line_no", _MUST, "line number within the order"),
        number("quantity_ordered", _MUST, "total quantity ordered"),
        number("quantity_received", _MUST, "total quantity received"),
        number("quantity_not_invoiced", _MUST, "not yet invoiced; not used for quantity checks"),
        text("item", _MUST, "article number"),
        text("procurement_category", _MAY, "procurement category"),
        text("description", _MUST, "text, such as the article's name"),
        text("unit", _MUST, "unit, such as Stück"),
        number("unit_price", _MUST, "unit price"),
        number("price_unit", _MUST, "price or pack unit; when in doubt 1.0"),
        number("subtotal", _MUST, "net total of the line"),
        text("gl_account", _MAY, "G/L account"),
        text("cost_center", _MAY, "cost centre"),
        text("cost_unit", _MAY, "cost unit"),
        text("tax_code_id", _MAY, "tax code"),
        number("discount_absolute", _MAY, "absolute discount on the line's net total"),
        number("discount_per_unit", _MAY, "absolute discount on the unit price"),
        number("discount_percent", _MAY, "discount in percent on the line's net total"),
        number("discount2_percent", _MAY, "second discount in percent"),
        number("discount3_percent", _MAY, "third discount in percent"),
        number("discount4_percent", _MAY, "fourth discount in percent"),
        number("discount5_percent", _MAY, "fifth discount in percent"),
        *customs("copied into the invoice line that is made from this line"),
        text("erp_id", _MAY, "id in the ERP system (in the vendor's example only)"),
        Field(
            name="type",
            need=_DISPUTED,
            text="kind of surcharge; needed by a surcharge only, which is a line of its own",
            values=SURCHARGES,
            needed_with=_SURCHARGE_FIELDS,
        ),
        text("surcharged_line_item_id", _MAY, "order line that the surcharge is for"),
        text("surcharge_category", _MAY, "how the surcharge counts", values=SURCHARGE_CATEGORIES),
        text("surcharge_value", _MAY, "value of the surcharge, as a string"),
        text("responsible", _MAY, "user name of the person responsible; case counts"),
        flag(
            "goods_receipt_reference_mandatory",
            _MAY,
            "whether a goods receipt line must be assigned to this line",
        ),
    ),
)

PURCHASE_ORDERS = Entity(
    name="purchase_orders",
    title="Purchase orders",
    record=Record(
        key=("company_id", "id"),
        lines=_ORDER_LINE,
        fields=(
            company(_MUST),
            identity("id", "id, not shown to users"),
            text("nr", _MUST, "order number"),
            text("name", _MUST, "description"),
            identity("vendor_id", "vendor"),
            number("status", _MAY, "1 (open) to 8 (cancelled)"),
            *customs("copied to the invoice's header where that is empty"),
            Field(name="line_items", type=Type.LINES, text="lines of the order"),
        ),
    ),
)

_RECEIPT_LINE = Record(
    key=("id",),
    unique=True,
    fields=(
        company(_MUST),
        identity("id", "unique across all goods receipts"),
        number("line_no", _MUST, "line number"),
        date("goods_receipt_date", _MUST, "posting date"),
        number("quantity", _MUST, "quantity received"),
        text("purchase_order_line_id", _MAY, "order line"),
    ),
)

GOODS_RECEIPTS = Entity(
    name="goods_receipts",
    title="Goods receipts (preview)",
    preview=True,
    record=Record(
        key=("company_id", "id"),
        lines=_RECEIPT_LINE,
        fields=(
            company(_MUST),
            identity("vendor_id", "supplier"),
            identity("id", "id, not shown to users"),
            text("nr", _MUST, "number"),
            date("creation_date", _MUST, "day of the goods receipt"),
            text("delivery_slip_nr", _MUST, "number of the supplier's delivery note"),
            number("status", _MAY, "in the vendor's example only"),
            Field(name="line_items", type=Type.LINES, text="lines of the goods receipt"),
        ),
    ),
)

SURCHARGE_TYPES = Entity(
    name="surcharge_types",
    title="Surcharge types",
    record=Record(
        key=("company_id", "nr"),
        unique=True,
        fields=(
            company(),
            identity("nr", "id; unique, not empty"),
            text("name", _MAY, "name"),
            text("applies_to", _MUST, "what the surcharge applies to", values=SURCHARGES),
            text("erp_id", _MAY, "id in the ERP system"),
            Field(
                name="tenant_id",
                need=_DISPUTED,
                text="tenant; an empty string when unknown",
                blank=True,
            ),
            text("category", _MAY, "how the surcharge counts", values=SURCHARGE_CATEGORIES),
            text("quantity", _MAY, "quantity, as a string"),
            text("unit_price", _MAY, "unit price, as a string"),
            text("gl_account", _MAY, "G/L account"),
            text("cost_center", _MAY, "cost centre"),
            text("cost_unit", _MAY, "cost unit"),
            text("item", _MAY, "article number"),
            text("tax_code_id", _MAY, "tax code"),
            *customs("freely used"),
            text("tax_category", _MAY, "tax category"),
            text("procurement_category", _MAY, "procurement category"),
        ),
    ),
)
