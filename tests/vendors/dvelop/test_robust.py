"""Records of any shape are checked without breaking, and lists without holding receipts up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from typing import Any

import pytest

from bridge.model.exchange import LocalCall
from bridge.vendors.dvelop import drafts
from bridge.vendors.dvelop.checks import Checker
from bridge.vendors.dvelop.entities import ENTITIES
from bridge.vendors.dvelop.notices import Notices
from bridge.vendors.engine.faults import CallInvalid
from tests.conftest import Scale
from tests.vendors.dvelop.examples import example

_VALUES: tuple[Any, ...] = (
    *(None, "", "x", " ", "\ud800", "DE", "EUR", "2022-04-07", "DE02100100100006820101"),
    *(0, 1, -1, 1.5, 10**400, True, False, [], {}, [[]], [{}], {"a": []}, [None], ["x"]),
)


def _shaken(record: Any, chance: random.Random) -> Any:
    """Return a record with some values replaced, at any depth."""
    if chance.random() < 0.1:
        return chance.choice(_VALUES)
    if isinstance(record, dict):
        return {name: _shaken(value, chance) for name, value in record.items()}
    if isinstance(record, list):
        return [_shaken(value, chance) for value in record * chance.randint(1, 2)]
    return record


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("strict", [False, True])
def test_records_of_any_shape_are_taken_or_refused(entity: str, strict: bool, scale: Scale) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(scale.of(50, 5000)):
        checker = Checker(ENTITIES[entity], strict=strict, notices=Notices("de"))
        for number in range(3):
            checker.record(_shaken(example(entity), chance), f"/{number}")
        with contextlib.suppress(CallInvalid):
            checker.finish(whole=True)


class _Session:
    """As much of a session as drafts need."""

    strict = False

    class settings:  # noqa: N801 - stands for the attribute
        bucket = "b"
        goods_receipts = "on"


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_others_may_run_while_a_long_list_is_checked(form: str) -> None:
    records = [{"nr": str(n), "name": "x"} for n in range(3000)]
    if form == "json":
        body = json.dumps(records).encode()
    else:
        body = b"nr;name\n" + b"".join(b"%d;x\n" % n for n in range(3000))
    call = LocalCall(
        method="POST",
        path={"entity": "cost_units"},
        headers={"content-type": "text/csv" if form == "csv" else "application/json"},
        body=body,
    )
    drafting = asyncio.ensure_future(drafts.build_import(call, _Session()))  # type: ignore[arg-type] # - a stand-in
    turns = 0
    while not drafting.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100
    draft = drafting.result()
    assert json.loads(draft.request.content) == {"cost_units": records}
