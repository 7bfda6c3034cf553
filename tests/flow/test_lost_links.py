"""Whatever ends or prevents the connection to a cloud: the counter goes on, the board says what it
is, and afterwards everything arrives exactly once."""

from __future__ import annotations

import pytest

from tests.flow.evidence import check_privacy
from tests.flow.stage import Stage
from tests.flow.trouble import Fault, all_survive

pytestmark = pytest.mark.asyncio(loop_scope="package")

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


async def test_a_cloud_that_closes_with_any_code_right_after_the_handshake_is_survived(
    stage: Stage,
) -> None:
    await all_survive(stage, [_closing(code, "handshake") for code in CLOSED])


async def test_a_cloud_that_greets_and_then_closes_with_any_code_is_survived(stage: Stage) -> None:
    await all_survive(stage, [_closing(code, "welcome") for code in CLOSED])


async def test_a_cloud_that_answers_the_handshake_with_any_error_is_survived(stage: Stage) -> None:
    faults = [
        Fault(f"http-{status}", code, {"http_status": status, "http_times": 0})
        for status, code in ANSWERED.items()
    ]
    wish = {"http_status": 503, "http_times": 0, "retry_after": "3000"}
    faults.append(Fault("http-503-for-long", "cloud_busy", wish))
    await all_survive(stage, faults)


async def test_a_cloud_that_never_answers_is_survived(stage: Stage) -> None:
    await all_survive(
        stage,
        [
            Fault("no-handshake", "cloud_too_slow", {"black_hole": "handshake"}),
            Fault("no-welcome", "cloud_greeting_missing", {"black_hole": "mute"}),
            Fault("no-reading", "cloud_greeting_missing", {"black_hole": "deaf"}),
        ],
    )


async def test_no_cloud_was_ever_told_of_what_another_one_parked(stage: Stage) -> None:
    check_privacy(stage.links, [await link.frames() for link in stage.links])
