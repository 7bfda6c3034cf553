"""What a receipt comes to: totals by rate, discount lines, buckets, payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bridge.fiscal.regime import Amounts
from bridge.model.commands import LineData, PaymentData, parse_percent, parse_quantity
from bridge.model.money import (
    MAX_LINE_CENTS,
    PERCENT_SCALE,
    round_half_up,
    split_discount,
)
from bridge.model.rates import Rate, RateTable
from bridge.model.receipt import Discount, Line, Payment, Receipt, Settles
from bridge.till.faults import (
    AmountLimit,
    DiscountImpossible,
    LineLimit,
    PaymentExceeds,
    PaymentMissing,
    PaymentUnsupported,
    RateUnknown,
    SettlementRateFixed,
    SettlementVendorUnknown,
)

MAX_LINES = 999
"""Lines of one receipt, discount lines apart."""

DISCOUNT_TEXT = "Rabatt"
"""Text of the lines that a receipt discount is stored as."""


SETTLEMENT_RATE = "zero"
"""assumed: the turnover was taxed when the invoice was written, so its payment in the shop counts
in Betrag-Satz-Null."""


@dataclass(frozen=True, slots=True)
class Settling:
    """How invoices are settled: the vendors that a line may name, and the rate of such lines."""

    vendors: frozenset[str] = frozenset()
    rate: str = SETTLEMENT_RATE


NO_SETTLING = Settling()
"""No vendor's invoices are settled here."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A receipt worked out: all lines with the discount's, cents by rate, by bucket, in all."""

    lines: tuple[Line, ...]
    totals: dict[str, int]
    amounts: Amounts
    total: int


def rate_on(table: RateTable, name: str, day: date) -> Rate:
    """Return a rate by name. Raises ``RateUnknown`` that names what is valid on the day."""
    rate = table.find(name, day)
    if rate is None:
        valid = ", ".join(table.names(day))
        when = f" on {day.isoformat()}" if table.known(name) else ""
        message = f"{name!r} is no tax rate{when}; valid: {valid}"
        raise RateUnknown(message)
    return rate


def make_line(n: int, data: LineData, table: RateTable, day: date, settling: Settling) -> Line:
    """Return a checked line. Raises ``RateUnknown``, ``AmountLimit``, ``SettlementVendorUnknown``,
    ``SettlementRateFixed``."""
    rate, settles = data.rate or settling.rate, None
    if data.settles is not None:
        settles = Settles(data.settles.vendor, data.settles.invoice, data.settles.kind)
        _check_settlement(settles, rate, settling)
    rate_on(table, rate, day)
    line = Line(
        n,
        data.text,
        parse_quantity(data.quantity),
        data.unit_cents,
        rate,
        0 if data.discount_percent is None else parse_percent(data.discount_percent),
        data.article,
        settles=settles,
    )
    if abs(line.cents) > MAX_LINE_CENTS:
        message = f"line {n} comes to {line.cents} cents, {MAX_LINE_CENTS} are the limit"
        raise AmountLimit(message)
    return line


def _check_settlement(settles: Settles, rate: str, settling: Settling) -> None:
    if settles.vendor not in settling.vendors:
        known = ", ".join(sorted(settling.vendors)) or "none"
        message = f"{settles.vendor!r} is no vendor whose invoices are settled here; known: {known}"
        raise SettlementVendorUnknown(message)
    if rate != settling.rate:
        message = f"{rate!r} was named, payments of invoices have {settling.rate!r}"
        raise SettlementRateFixed(message)


def make_lines(
    data: Sequence[LineData], table: RateTable, day: date, settling: Settling
) -> tuple[Line, ...]:
    """Return checked lines numbered from 1. Raises also ``LineLimit``."""
    if len(data) > MAX_LINES:
        message = f"{len(data)} lines"
        raise LineLimit(message)
    return tuple(make_line(n, each, table, day, settling) for n, each in enumerate(data, 1))


def add_up(
    lines: tuple[Line, ...], discount: Discount | None, table: RateTable, day: date, next_n: int
) -> Sum:
    """Work a receipt out. Raises ``RateUnknown`` (a rate that ended meanwhile) and
    ``DiscountImpossible``."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.rate] = totals.get(line.rate, 0) + line.cents
    if discount is not None and (discount.percent or discount.cents):
        cut = _discount_lines(lines, discount, table, day, next_n)
        lines = (*lines, *cut)
        for line in cut:
            totals[line.rate] += line.cents
    amounts = [0, 0, 0, 0, 0]
    for name, cents in totals.items():
        amounts[rate_on(table, name, day).bucket] += cents
    normal, reduced1, reduced2, zero, special = amounts
    return Sum(lines, totals, (normal, reduced1, reduced2, zero, special), sum(amounts))


def _discount_lines(
    lines: tuple[Line, ...], discount: Discount, table: RateTable, day: date, next_n: int
) -> tuple[Line, ...]:
    """Spread a discount over what is sold; the payments of invoices stay as they are."""
    totals: dict[str, int] = {}
    for line in lines:
        if line.settles is None:
            totals[line.rate] = totals.get(line.rate, 0) + line.cents
    gross = sum(totals.values())
    cents = discount.cents + round_half_up(gross * discount.percent, 100 * PERCENT_SCALE)
    rates = {name: rate_on(table, name, day).permille for name in totals}
    try:
        shares = split_discount(totals, cents, rates)
    except ValueError as error:
        raise DiscountImpossible(str(error)) from error
    return tuple(
        Line(next_n + index, DISCOUNT_TEXT, -1000, share, name)
        for index, (name, share) in enumerate(shares.items())
    )


def make_payment(n: int, data: PaymentData, due: int) -> Payment:
    """Return a checked payment towards ``due`` cents (negative: money goes to the customer).

    Raises ``PaymentUnsupported``, ``PaymentExceeds``.
    """
    if data.kind != "cash":
        raise PaymentUnsupported(data.kind)
    if data.given_cents is not None:
        cents = min(data.given_cents, due) if data.cents is None else data.cents
        if cents > data.given_cents or due < 0:
            message = f"{data.given_cents} cents were given, {cents} are to be paid"
            raise PaymentExceeds(message)
    else:
        cents = due if data.cents is None else data.cents
    if (due >= 0 and not 0 <= cents <= due) or (due < 0 and not due <= cents <= 0):
        message = f"{cents} cents, but {due} are due"
        raise PaymentExceeds(message)
    return Payment(n, data.kind, cents, data.given_cents)


def settle(receipt: Receipt, extra: Sequence[PaymentData], total: int) -> tuple[Payment, ...]:
    """Return all payments of a receipt that comes to ``total``.

    Raises ``PaymentMissing`` and ``PaymentExceeds`` unless they add up exactly.
    """
    payments = list(receipt.payments)
    paid = receipt.paid
    n = receipt.next_n
    for data in extra:
        payment = make_payment(n, data, total - paid)
        payments.append(payment)
        paid += payment.cents
        n += 1
    if paid != total:
        message = f"{paid} of {total} cents"
        missing = 0 <= paid < total or total < paid <= 0
        raise (PaymentMissing if missing else PaymentExceeds)(message)
    return tuple(payments)
