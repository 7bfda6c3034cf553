"""Cancelling a completed receipt: what is left of it, and the lines that take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.model.commands import CancelledLine, parse_quantity
from bridge.model.receipt import Kind, Line
from bridge.till.faults import StornoImpossible

_CANCELLABLE = frozenset({Kind.SALE, Kind.REENTRY})


def counter_lines(
    original: Mapping[str, Any],
    cancelled: Mapping[int, int],
    wanted: Sequence[CancelledLine] | None,
) -> tuple[Line, ...]:
    """Return the lines of a storno, numbered from 1, each naming the line it cancels.

    ``original`` is the body of the completed receipt, ``cancelled`` the thousandths taken back
    before, by line. Without ``wanted`` everything left is cancelled, discounts included.
    Raises ``StornoImpossible``.
    """
    kind = Kind(original["kind"])
    if kind not in _CANCELLABLE:
        message = f"a receipt of kind {kind} cannot be cancelled"
        raise StornoImpossible(message)
    lines = {line["n"]: Line.from_body(line) for line in original["lines"]}
    left = {n: abs(line.quantity) - cancelled.get(n, 0) for n, line in lines.items()}
    if wanted is None:
        chosen = {n: quantity for n, quantity in left.items() if quantity}
    else:
        chosen = {}
        for each in wanted:
            if each.n in chosen:
                message = f"line {each.n} is named twice"
                raise StornoImpossible(message)
            chosen[each.n] = abs(parse_quantity(each.quantity))
    if not chosen:
        message = f"receipt {original['belegnummer']} is cancelled already"
        raise StornoImpossible(message)
    for n, quantity in chosen.items():
        if quantity > left.get(n, 0):
            message = f"line {n}: {quantity} thousandths wanted, {left.get(n, 0)} left"
            raise StornoImpossible(message)
    return tuple(
        _counter_line(index, lines[n], quantity, cancelled.get(n, 0))
        for index, (n, quantity) in enumerate(chosen.items(), 1)
    )


def _counter_line(n: int, line: Line, quantity: int, before: int) -> Line:
    sign = -1 if line.quantity > 0 else 1
    return Line(
        n,
        line.text,
        sign * quantity,
        line.unit_cents,
        line.rate,
        line.discount,
        line.article,
        cancels=line.n,
        taken_before=sign * before,
        settles=line.settles,
    )
