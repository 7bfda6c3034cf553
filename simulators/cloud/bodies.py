"""Bodies of the REST calls, checked, and the pushed receipt that a parked one becomes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)

from simulators.cloud import assumed
from simulators.cloud.refusal import Refusal

_VAT_CODES = tuple(assumed.VAT_CODES)
AnyBody = TypeVar("AnyBody", bound=BaseModel)


def _known_vat_code(code: str) -> str:
    if code not in assumed.VAT_CODES:
        raise ValueError(f"unknown VAT code, known are {', '.join(_VAT_CODES)}")
    return code


def _not_zero(value: Decimal) -> Decimal:
    if not value:
        raise ValueError("must not be zero")
    return value


def _known_event(name: str) -> str:
    if name not in assumed.EVENTS:
        raise ValueError(f"unknown event, known are {', '.join(assumed.EVENTS)}")
    return name


def _one_of_the_web(uri: str) -> str:
    if not uri.startswith(("http://", "https://")) or not uri.isprintable() or " " in uri:
        raise ValueError("is an address with http or https")
    return uri


class _Body(BaseModel):
    """Unknown fields pass through untouched."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Item(_Body):
    """A position. Without ``description`` the ``name`` alone is shown."""

    name: Annotated[StrictStr, Field(min_length=1)]
    description: StrictStr | None = None
    quantity: Annotated[
        Decimal, Field(max_digits=10, decimal_places=3), AfterValidator(_not_zero)
    ] = Decimal(1)
    price: Annotated[
        Decimal,
        Field(alias=assumed.ITEM_PRICE, max_digits=12, decimal_places=2),
    ]
    vatcode: Annotated[StrictStr, AfterValidator(_known_vat_code)]
    articlenumber: StrictStr | None = None


class Customer(_Body):
    """For whom the receipt is; fields of the older API, ``uid`` is assumed."""

    name: StrictStr = ""
    firstname: StrictStr = ""
    street: StrictStr = ""
    zip: StrictStr = ""
    city: StrictStr = ""
    country: StrictStr = ""
    uid: StrictStr | None = None


class ParkedBody(_Body):
    """A receipt to park. ``annotation`` is printed."""

    cash_register: Annotated[StrictInt, Field(alias="cashRegisterId")]
    reference: Annotated[
        StrictStr | None, Field(alias=assumed.REFERENCE, min_length=1, max_length=64)
    ] = None
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=999)]
    annotation: StrictStr | None = None
    customer: Customer | None = None


class CreateBody(ParkedBody):
    """A receipt that the cloud shall sign."""

    payment_type: Annotated[StrictStr, Field(alias="paymentType", min_length=1)] = "Cash"


class OpenBody(_Body):
    """On which box to open; none = the one of the receipt's cash register."""

    box: StrictStr | None = None


class WebhookBody(_Body):
    """A subscription as it shall be."""

    description: StrictStr = ""
    uri: Annotated[StrictStr, Field(max_length=2000), AfterValidator(_one_of_the_web)]
    secret: Annotated[StrictStr, Field(min_length=8, max_length=200)]
    events: Annotated[
        tuple[Annotated[StrictStr, AfterValidator(_known_event)], ...], Field(min_length=1)
    ]
    paused: StrictBool = False


def checked(model: type[AnyBody], raw: bytes) -> AnyBody:
    """Read a body. Raises ``Refusal`` 400 naming the first wrong field."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise Refusal(400, "validation_failed", f"{field}: {first['msg']}", field=field) from None


def pushed(body: ParkedBody, parked: str, register: str | None) -> dict[str, Any]:
    """Return the data of ``receipt.open`` for a parked receipt."""
    data: dict[str, Any] = {
        "parked_id": parked,
        "lines": [_line(item) for item in body.items],
    }
    optional = {
        "reference": body.reference,
        "register": register,
        "note": body.annotation,
        "customer": None if body.customer is None else _customer(body.customer),
    }
    data.update((name, value) for name, value in optional.items() if value)
    return data


def _line(item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {
        "text": item.name,
        "quantity": f"{item.quantity:.3f}",
        "unit_cents": int(item.price * 100),
        "rate": assumed.VAT_CODES[item.vatcode],
    }
    if item.articlenumber is not None:
        line["article"] = item.articlenumber
    return line


def _customer(customer: Customer) -> dict[str, Any]:
    name = f"{customer.firstname} {customer.name}".strip()
    places = (customer.street, f"{customer.zip} {customer.city}".strip(), customer.country)
    data: dict[str, Any] = {"name": name, "address": [place for place in places if place]}
    if customer.uid is not None:
        data["uid"] = customer.uid
    return data
