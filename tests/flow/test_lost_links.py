"""Whatever ends or prevents the connection to a cloud: the counter goes on, the board says what it
is, and afterwards everything arrives exactly once."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from tests.flow.evidence import check, check_privacy
from tests.flow.link import Link
from tests.flow.stage import Stage
from tests.flow.trouble import Fault, all_survive
from tests.flow.waiting import side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="package")

LINKS = 11
"""One for each close code."""

CLOSED = {
    1000: "cloud_restarting",
    1001: "cloud_restarting",
    1008: "cloud_refuses",
    1011: "cloud_failed",
    1012: "cloud_restarting",
    1013: "cloud_busy",
    3000: "cloud_closed",
    4001: "cloud_token_expired",
    4003: "cloud_revoked",
    4009: "cloud_identity_cloned",
    4010: "cloud_version_refused",
}
"""1009 has a test of its own: it costs a report."""

ANSWERED = {
    302: "cloud_answer_unexpected",
    401: "cloud_unauthorized",
    403: "cloud_forbidden",
    404: "cloud_path_unknown",
    429: "cloud_busy",
    500: "cloud_answer_unexpected",
    503: "cloud_busy",
}


def _closing(code: int, moment: str) -> Fault:
    switches = {"close_code": code, "close_at": moment, "close_times": 0}
    return Fault(f"{code}-at-{moment}", CLOSED[code], switches)


def _answering(status: int) -> Fault:
    switches = {"http_status": status, "http_times": 0, "retry_after": "3000"}
    return Fault(f"http-{status}", ANSWERED[status], switches)


async def _sold(stage: Stage, link: Link) -> None:
    sales = await link.opened("smooth", 5)
    await link.serve(sales)
    await link.ended(sales)
    await check(stage.box, link, sales)


async def test_clouds_side_by_side_each_get_their_own_receipts_back(stage: Stage) -> None:
    await side_by_side((link.name, _sold(stage, link)) for link in stage.links)


async def test_no_close_code_and_no_error_of_a_cloud_stops_the_counter_or_loses_a_report(
    stage: Stage,
) -> None:
    handshake = [_closing(code, "handshake") for code in CLOSED]
    # The next link's code: otherwise a board that stands still would pass.
    codes = [*CLOSED][1:] + [*CLOSED][:1]
    welcome = [_closing(code, "welcome") for code in codes]
    answers = [_answering(status) for status in ANSWERED]
    hands = zip_longest(handshake, answers, welcome)
    await all_survive(stage, [[fault for fault in hand if fault is not None] for hand in hands])


async def test_no_cloud_was_ever_told_of_what_another_one_parked(stage: Stage) -> None:
    check_privacy(stage.links, [await link.frames() for link in stage.links])
