"""Clouds that are not there, that share a register, or that know more than the box."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.daemon.processes import free_port
from tests.flow.box import CloudEntry, Refused
from tests.flow.evidence import check, check_numbers
from tests.flow.link import Link
from tests.flow.raw import bread, result_of, send_raw
from tests.flow.stage import Stage, set_up
from tests.flow.waiting import side_by_side, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

ABSENT = {
    "nowhere": "cloud_name_unknown",
    "refused": "cloud_unreachable",
    "plain": "cloud_tls_failed",
    "page": "cloud_answer_unexpected",
    "mail": "cloud_not_websocket",
    "shut": "cloud_lost",
}
"""What answers in place of a cloud, and what the board shall say."""


@contextlib.asynccontextmanager
async def _listening(answer: bytes) -> AsyncIterator[int]:
    """Answer everything with these bytes and hang up; gives the port."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def strange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A box with clouds at A and B, two at SHARED, and entries for those that are not there."""
    async with contextlib.AsyncExitStack() as stack:
        page = await stack.enter_async_context(_listening(b"HTTP/1.1 200 OK\r\n\r\nlogin"))
        mail = await stack.enter_async_context(_listening(b"220 mail ready\r\n"))
        shut = await stack.enter_async_context(_listening(b""))
        urls = {
            "nowhere": "wss://no-such-cloud.invalid/box",
            "refused": f"ws://127.0.0.1:{free_port()}/box",
            "plain": f"wss://127.0.0.1:{page}/box",
            "page": f"ws://127.0.0.1:{page}/box",
            "mail": f"ws://127.0.0.1:{mail}/box",
            "shut": f"ws://127.0.0.1:{shut}/box",
        }
        yield await stack.enter_async_context(
            set_up(
                tmp_path_factory.mktemp("strange"),
                ["A", "B", "SHARED", "SHARED"],
                more=[
                    CloudEntry(name, url, f"token-of-{name}", ("A",)) for name, url in urls.items()
                ],
            )
        )


async def test_each_cloud_that_is_not_there_says_why_while_the_one_that_is_works(
    strange: Stage,
) -> None:
    living = strange.links[0]

    def absent(name: str) -> Link:
        return Link(name, "A", living.data, strange.box, strange.counter)

    await side_by_side((name, absent(name).fails_with(code)) for name, code in ABSENT.items())
    sales = await living.opened("living", 5)
    await living.serve(sales)
    await living.ended(sales)
    await check(strange.box, living, sales)
    assert (await living.part())["level"] == "ok"
    for name in ABSENT:
        lines = strange.box.logged(f" cloud:{name}: ")
        assert len(lines) == 1, lines
    assert not strange.box.logged("token-of")
    assert not strange.box.logged("Traceback")


async def test_two_clouds_that_share_a_register_do_not_see_or_touch_each_others_receipts(
    strange: Stage,
) -> None:
    _, _, one, two = strange.links
    ones, twos = await one.opened("mine", 3), await two.opened("mine", 3)
    # A cloud that knows another's name of a receipt can neither take it back nor take it over.
    message = await send_raw(two, "receipt.withdraw", {"parked_id": ones[0].parked})
    result = await result_of(two, message)
    assert (result["state"], result["code"]) == ("refused", "receipt_unknown")
    taken = {"parked_id": ones[1].parked, "reference": "taken-over", "lines": [bread()]}
    assert (await result_of(two, await send_raw(two, "receipt.open", taken)))["state"] == "done"
    await two.again()
    waiting = await strange.counter.open_receipts("SHARED")
    assert len(waiting) == 7
    for link, sales in ((one, ones), (two, twos)):
        await link.serve(sales)
        await link.ended(sales)
    own = await strange.counter.sell("SHARED")
    for link, sales in ((one, ones), (two, twos)):
        await check(strange.box, link, sales)

    async def both_have_the_counters() -> bool:
        told = [
            {each["data"].get("receipt_id") for each in await link.frames()} for link in (one, two)
        ]
        return all(own["id"] in each for each in told)

    await until(both_have_the_counters, "both know of the receipt that was made at the counter")
    for link, others in ((one, twos), (two, ones)):
        told = {each["data"].get("receipt_id") for each in await link.frames()}
        assert not told & {(sale.answer or {})["id"] for sale in others}
    check_numbers(strange.box.rows(), "SHARED")


async def test_a_cloud_that_knows_later_receipts_stops_its_register_and_no_other(
    strange: Stage,
) -> None:
    """An old copy of the journal was put back, by all appearances: signing on would fork it."""
    other, ahead, *_ = strange.links
    sales = await ahead.opened("ahead", 2)
    await ahead.set(head_ahead=2)
    await ahead.again()

    async def latched() -> bool:
        part = await strange.counter.part("register:B")
        return bool(part.get("fault", {}).get("code") == "journal_behind")

    await until(latched, "the board says that the register may not sign")
    waiting = await ahead.at_counter(sales)
    for sale in sales:
        with pytest.raises(Refused) as refused:
            await strange.counter.complete(waiting[sale.reference])
        assert refused.value.code == "register_latched"
    others = await other.opened("behind", 3)
    await other.serve(others)
    await other.ended(others)
    await check(strange.box, other, others)
    numbers = [row["number"] for row in strange.box.rows() if row["register"] == "B"]
    assert [each for each in numbers if each is not None] == [1]
