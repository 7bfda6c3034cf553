"""The vendor's table of master data: fifteen entities, two with nested lines.

Field names, types and mandatory marks are the vendor's ("d.velop smart invoice", master data
API). Fields that are only in its examples are optional here and say so. Validation, the JSON
schemas of ``GET /entities`` and the API's description all come from this one table.
"""

from __future__ import annotations

from bridge.vendors.dvelop.fields import (
    Entity,
    Need,
    Record,
    Shape,
    company,
    flag,
    identity,
    number,
    text,
)
from bridge.vendors.dvelop.orders import GOODS_RECEIPTS, PURCHASE_ORDERS, SURCHARGE_TYPES

_MUST, _MAY, _DISPUTED = Need.MUST, Need.MAY, Need.DISPUTED

_COMPANIES = Entity(
    name="companies",
    title="Companies",
    record=Record(
        key=("id",),
        fields=(
            identity("id", "number of the company, shown to users"),
            text("name", _MUST, "name as spelled on invoices; used for detection"),
            text("parent_id", _MAY, "parent company (in the vendor's example only)"),
            text("address", _MAY, "street and number; used for detection"),
            text("city", _MAY, "town"),
            text("zip_code", _MAY, "postcode"),
            text(
                "local_currency",
                _MAY,
                "ISO 4217; invoice amounts are converted to it for conditions",
                shape=Shape.CURRENCY,
            ),
            text(
                "country",
                _MAY,
                "ISO 3166-1 alpha-2; picks national check rules",
                shape=Shape.COUNTRY,
            ),
        ),
    ),
)

_VENDORS = Entity(
    name="vendors",
    title="Vendors (creditors)",
    record=Record(
        key=("company_id", "id"),
        unique=True,
        fields=(
            company(_MUST),
            identity("id", "number of the vendor, shown to users; unique per company"),
            text("name", _MUST, "name as spelled on the vendor's invoices"),
            text("address", _MUST, "street and number"),
            text("city", _MUST, "town"),
            text("zip_code", _MUST, "postcode"),
            text(
                "country",
                _MUST,
                "ISO 3166-1 alpha-2; picks national check rules",
                shape=Shape.COUNTRY,
            ),
            text("email", _MAY, "e-mail address as on invoices"),
            text("vat_id", _MAY, "VAT id; important for detecting the vendor"),
            text("registration_id", _MAY, "tax number, such as of a non-EU country"),
            text("payment_terms_id", _MAY, "primary payment terms"),
            text("tax_category_1", _MAY, "first part of the category for the automatic tax code"),
        ),
    ),
)

_VENDOR_BANK_ACCOUNTS = Entity(
    name="vendor_bank_accounts",
    title="Vendors' bank accounts",
    record=Record(
        key=("company_id", "vendor_id", "iban"),
        fields=(
            company(_MUST),
            identity("vendor_id", "vendor"),
            text("id", _DISPUTED, "id of the bank account"),
            text("iban", _MUST, "IBAN", shape=Shape.IBAN),
            text("bic", _MAY, "BIC"),
            flag("primary", _MUST, "whether it is the vendor's primary account"),
        ),
    ),
)

_PAYMENT_TERMS = Entity(
    name="payment_terms",
    title="Payment terms",
    record=Record(
        key=("company_id", "id"),
        fields=(
            company(),
            identity("id", "id"),
            number("net_days", _MAY, "net period in days"),
            number("cashback_days1", _MAY, "cash discount period in days"),
            number("cashback_percentage1", _MAY, "cash discount in percent"),
            text("name", _MAY, "label"),
        ),
    ),
)

_DOCUMENT_TYPES = Entity(
    name="document_types",
    title="Document types",
    record=Record(
        key=("company_id", "id"),
        fields=(
            company(),
            identity("id", "id, shown to users"),
            text("name", _MUST, "name"),
            flag("credit_note", _MUST, "whether it is a credit note"),
        ),
    ),
)

_CURRENCIES = Entity(
    name="currencies",
    title="Currencies",
    record=Record(
        key=("company_id", "id"),
        fields=(
            company(),
            identity("id", "id, shown to users"),
            text("name", _MUST, "name"),
            text("code", _MUST, "ISO 4217; used for conversion", shape=Shape.CURRENCY),
        ),
    ),
)

_TAX_CODES = Entity(
    name="tax_codes",
    title="Tax codes",
    record=Record(
        key=("company_id", "id"),
        fields=(
            company(_DISPUTED),
            identity("id", "id, shown to users"),
            text("name", _MUST, "name"),
            number("percentage", _MUST, "percent"),
            text("tax_category_1", _MAY, "first part of the tax category (the vendor's)"),
            text("tax_category_2", _MAY, "second part (the G/L account's)"),
        ),
    ),
)


def _numbered(name: str, title: str, *more: str) -> Entity:
    """Return an entity of numbered names that may be valid for all companies."""
    return Entity(
        name=name,
        title=title,
        record=Record(
            key=("company_id", "nr"),
            fields=(
                company(),
                identity("nr", "number"),
                text("name", _MUST, "name"),
                *(text(each, _MAY, "second part of the tax category") for each in more),
            ),
        ),
    )


_OTHER_DIMENSIONS = Entity(
    name="other_dimensions",
    title="Other dimensions (of document lines)",
    record=Record(
        key=("company_id", "type", "nr"),
        fields=(
            company(),
            identity("type", "free name that groups the values of one dimension"),
            identity("nr", "number"),
            text("name", _MUST, "name"),
            text("parent_dimension_type", _MAY, "dimension that this value depends on"),
            text("parent_dimension_id", _MAY, "value of that dimension"),
        ),
    ),
)

_CUSTOM_ENTITIES = Entity(
    name="custom_entities",
    title="Custom entities (of the document header)",
    record=Record(
        key=("company_id", "type", "id"),
        fields=(
            company(),
            identity("type", "free name that groups the values"),
            identity("id", "id"),
            text("name", _MUST, "name"),
        ),
    ),
)

ENTITIES: dict[str, Entity] = {
    each.name: each
    for each in (
        _COMPANIES,
        _VENDORS,
        _VENDOR_BANK_ACCOUNTS,
        _PAYMENT_TERMS,
        _DOCUMENT_TYPES,
        _CURRENCIES,
        _TAX_CODES,
        _numbered("gl_accounts", "G/L accounts", "tax_category_2"),
        _numbered("cost_centers", "Cost centres"),
        _numbered("cost_units", "Cost units"),
        _OTHER_DIMENSIONS,
        _CUSTOM_ENTITIES,
        PURCHASE_ORDERS,
        GOODS_RECEIPTS,
        SURCHARGE_TYPES,
    )
}
"""All entities by name, in the vendor's order, which is safe for references."""
