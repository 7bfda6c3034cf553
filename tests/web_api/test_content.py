"""Lines, discount, customer and payments of an open receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.till.harness import new_key
from tests.web_api.desk import Desk, desk, line


async def change(it: Desk, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """Send a change that must succeed and return the receipt after it."""
    answer = await it.call(method, f"/receipts/{path}", body, **more)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{view["rev"]}"'
    return view


async def test_lines_are_added_changed_and_removed(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_ = (await it.opened())["id"]
        view = await change(it, "POST", f"{id_}/lines", line(quantity="0.500"), rev=1)
        assert [each["cents"] for each in view["lines"]] == [120, 60]
        view = await change(it, "PATCH", f"{id_}/lines/2", {"quantity": "3"}, rev=2)
        assert view["lines"][1]["quantity"] == 3000
        assert view["lines"][1]["text"] == "Semmel"
        view = await change(it, "DELETE", f"{id_}/lines/1", rev=3)
        assert [each["n"] for each in view["lines"]] == [2]
        assert view["total"] == 360
        await change(it, "POST", f"{id_}/complete", {"payments": [{}]}, rev=4, key=new_key())
        it.shop.bons()


async def test_a_change_of_a_line_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        first = line(quantity="-1.250", discount_percent="12.50", article="4711")
        id_ = (await it.opened(first))["id"]
        view = await change(it, "PATCH", f"{id_}/lines/1", {"text": "Torte"}, rev=1)
        found = view["lines"][0]
        assert (found["quantity"], found["discount"], found["article"]) == (-1250, 1250, "4711")
        view = await change(
            it, "PATCH", f"{id_}/lines/1", {"discount_percent": None, "article": None}, rev=2
        )
        found = view["lines"][0]
        assert (found["text"], found["discount"], found["article"]) == ("Torte", 0, None)
        view = await change(it, "PATCH", f"{id_}/lines/1", {}, rev=3)
        assert view["lines"][0] == found


async def test_a_repeated_change_of_a_line_is_recognised_also_after_others(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_, key = (await it.opened())["id"], new_key()
        path = f"/receipts/{id_}/lines/1"
        await it.call("PATCH", path, {"quantity": "2"}, rev=1, key=key)
        await it.call("PATCH", path, {"text": "Torte", "quantity": "5"}, rev=2)
        again = await it.call("PATCH", path, {"quantity": "2"}, rev=1, key=key)
        assert again.headers["idempotent-replay"] == "true"
        assert again.json()["lines"][0]["quantity"] == 5000
        other = await it.call("PATCH", path, {"quantity": "7"}, rev=1, key=key)
        assert other.json()["code"] == "key_reused"
        await it.call("POST", f"/receipts/{id_}/abort", {"reason": "x"}, rev=3, key=new_key())
        ended = await it.call("PATCH", path, {"quantity": "2"}, rev=1, key=key)
        assert ended.headers["idempotent-replay"] == "true"
        assert ended.json()["state"] == "aborted"


@pytest.mark.parametrize("n", ["2", "0", "-1", "x", "1.0", "9999999999", "٣"])
async def test_a_line_or_payment_that_is_not_there_is_not_found(tmp_path: Path, n: str) -> None:
    async with desk(tmp_path) as it:
        id_ = (await it.opened())["id"]
        for method, body in (("PATCH", {"quantity": "1"}), ("DELETE", None)):
            answer = await it.call(method, f"/receipts/{id_}/lines/{n}", body, rev=1)
            assert (answer.status_code, answer.json()["code"]) == (404, "line_unknown")
        answer = await it.call("DELETE", f"/receipts/{id_}/payments/{n}", rev=1)
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_unknown")
        assert (await it.call("GET", f"/receipts/{id_}")).json()["rev"] == 1


async def test_a_discount_is_shown_while_open_and_is_lines_after_completion(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_ = (await it.opened(line(unit_cents=1000), line(unit_cents=500, rate="normal")))["id"]
        view = await change(it, "POST", f"{id_}/discount", {"percent": "10"}, rev=1)
        assert view["discount"] == {"percent": 1000, "cents": 0, "off_cents": 150}
        assert (view["total"], len(view["lines"])) == (1350, 2)
        view = await change(it, "POST", f"{id_}/discount", {"cents": 300}, rev=2)
        assert view["total"] == 1200
        view = await change(it, "POST", f"{id_}/complete", {"payments": [{}]}, rev=3, key=new_key())
        assert view["discount"] == {"percent": 0, "cents": 300, "off_cents": 300}
        assert sum(each["cents"] for each in view["lines"]) == view["total"] == 1200
        assert (await it.call("GET", f"/receipts/{id_}")).json() == view
        it.shop.bons()


async def test_a_discount_is_removed_by_naming_none(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_ = (await it.opened())["id"]
        await change(it, "POST", f"{id_}/discount", {"cents": 20}, rev=1)
        view = await change(it, "POST", f"{id_}/discount", {}, rev=2)
        assert (view["discount"], view["total"]) == (None, 120)


async def test_a_customer_is_set_and_removed(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_ = (await it.opened())["id"]
        view = await change(it, "PUT", f"{id_}/customer", {"customer": {"name": "Huber"}}, rev=1)
        assert view["customer"]["name"] == "Huber"
        view = await change(it, "PUT", f"{id_}/customer", {"customer": None}, rev=2)
        assert view["customer"] is None


async def test_payments_are_taken_and_given_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        id_, key = (await it.opened(line(unit_cents=1000)))["id"], new_key()
        body = {"kind": "cash", "cents": 400}
        view = await change(it, "POST", f"{id_}/payments", body, rev=1, key=key)
        assert (view["paid"], view["due"]) == (400, 600)
        again = await it.call("POST", f"/receipts/{id_}/payments", body, rev=1, key=key)
        assert again.headers["idempotent-replay"] == "true"
        assert again.json()["paid"] == 400
        n = view["payments"][0]["n"]
        view = await change(it, "DELETE", f"{id_}/payments/{n}", rev=2)
        assert (view["paid"], view["payments"]) == (0, [])


async def test_a_card_payment_is_refused_clearly_and_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        receipt = await it.opened()
        path = f"/receipts/{receipt['id']}"
        card = {"kind": "card", "cents": 120}
        english = {"Accept-Language": "en"}
        refused = await it.call(
            "POST", f"{path}/payments", card, rev=1, key=new_key(), headers=english
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "payment_unsupported")
        assert "cash" in refused.json()["advice"]
        refused = await it.call(
            "POST", f"{path}/complete", {"payments": [card]}, rev=1, key=new_key()
        )
        assert refused.json()["code"] == "payment_unsupported"
        assert (await it.call("GET", path)).json() == receipt
