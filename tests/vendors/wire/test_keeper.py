"""One session for all requests of a vendor: who logs in, when, and how often at most."""

from __future__ import annotations

import asyncio
import json

import pytest

from bridge.config import Secret
from bridge.vendors.engine.auth import (
    BasicAuth,
    LoginFailing,
    OAuthPassword,
    QuerySession,
    TokenLogin,
    text_at,
)
from bridge.vendors.engine.faults import (
    AnswerLost,
    VendorAuthFailed,
    VendorBusy,
    VendorUnreachable,
)
from bridge.vendors.engine.keeper import Keeper
from bridge.vendors.engine.spec import Auth
from bridge.vendors.engine.wire import Answer, Request
from tests.till.harness import until
from tests.vendors.wire.gates import ScriptedGate, proof

ORDER = Request(method="POST", target="/orders")
LOGIN = Request(method="POST", target="/session")
LOGOUT = Request(method="DELETE", target="/session")
AUTH = TokenLogin(
    build=lambda _: LOGIN,
    extract=lambda answer: text_at(answer, "token"),
    header="X-Token",
    leave=lambda token, _: LOGOUT,
)
SECRETS = {"user": "wirt", "password": "prost-123"}


class Door:
    """A vendor whose sessions can be ended and whose log-in can fail."""

    def __init__(self, auth: Auth = AUTH) -> None:
        self.valid = ""
        self.logins = 0
        self.orders = 0
        self.login_fault: Exception | None = None
        self.login_status = 200
        self.refuse = False
        self.gate = ScriptedGate(self.reply, SECRETS)
        self.keeper = Keeper(auth, self.gate)

    def reply(self, request: Request) -> Answer | Exception:
        if request.target == "/session":
            if request.method == "DELETE":
                self.valid = ""
                return Answer(status=204)
            self.logins += 1
            if self.login_fault is not None:
                return self.login_fault
            self.valid = f"token-{self.logins}"
            body = json.dumps({"token": self.valid})
            return Answer(status=self.login_status, content=body.encode())
        if self.refuse or proof(request, "x-token") != self.valid:
            return Answer(status=401)
        self.orders += 1
        return Answer(status=201)


async def test_the_first_request_logs_in_and_the_next_does_not() -> None:
    door = Door()
    assert not door.keeper.logged_in
    for _ in range(3):
        assert (await door.keeper.send(ORDER)).status == 201
    assert (door.logins, door.orders, door.keeper.logged_in) == (1, 3, True)


async def test_many_at_once_share_one_log_in() -> None:
    door = Door()
    door.gate.open.clear()
    sending = [asyncio.create_task(door.keeper.send(ORDER)) for _ in range(20)]
    await asyncio.sleep(0)
    door.gate.open.set()
    await asyncio.gather(*sending)
    assert (door.logins, door.orders) == (1, 20)


async def test_a_refused_session_is_renewed_once_and_the_request_repeated_once() -> None:
    door = Door()
    await door.keeper.send(ORDER)
    door.valid = "somebody logged us out"
    assert (await door.keeper.send(ORDER)).status == 201
    assert (door.logins, door.orders) == (2, 2)
    assert len(door.gate.to("/orders")) == 3


async def test_many_that_are_refused_share_one_renewal() -> None:
    door = Door()
    await door.keeper.send(ORDER)
    door.valid = "somebody logged us out"
    door.gate.open.clear()
    sending = [asyncio.create_task(door.keeper.send(ORDER)) for _ in range(10)]
    await asyncio.sleep(0)
    door.gate.open.set()
    await asyncio.gather(*sending)
    assert (door.logins, door.orders) == (2, 11)


async def test_refused_for_ever_ends_after_one_renewal_and_stops_after_three_strikes() -> None:
    door = Door()
    door.refuse = True
    for _ in range(5):
        with pytest.raises(VendorAuthFailed):
            await door.keeper.send(ORDER)
    assert door.keeper.stopped
    assert len(door.gate.to("/orders")) == 6
    assert door.logins == 4, "two for the first order, one for each of the next two"
    door.refuse = False
    with pytest.raises(VendorAuthFailed, match="not tried again"):
        await door.keeper.send(ORDER)


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_wrong_credentials_are_tried_three_times_in_all(status: int) -> None:
    door = Door()
    door.login_status = status
    for _ in range(5):
        with pytest.raises(VendorAuthFailed):
            await door.keeper.send(ORDER)
    assert (door.logins, door.gate.to("/orders")) == (3, [])


async def test_many_at_once_with_wrong_credentials_are_one_failed_log_in() -> None:
    door = Door()
    door.login_status = 401
    faults = await asyncio.gather(
        *(door.keeper.send(ORDER) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(fault, VendorAuthFailed) for fault in faults)
    assert (door.logins, door.keeper.stopped) == (1, False)


async def test_a_log_in_that_works_again_forgets_the_strikes() -> None:
    door = Door()
    for _ in range(4):
        door.login_status = 401
        for _ in range(2):
            with pytest.raises(VendorAuthFailed):
                await door.keeper.send(ORDER)
        door.login_status = 200
        await door.keeper.send(ORDER)
        await door.keeper.logout()
    assert not door.keeper.stopped


@pytest.mark.parametrize("status", [500, 502, 302])
async def test_a_failing_log_in_is_no_strike_and_says_not_sent(status: int) -> None:
    door = Door()
    door.login_status = status
    for _ in range(5):
        with pytest.raises(VendorUnreachable) as caught:
            await door.keeper.send(ORDER)
        assert isinstance(caught.value, LoginFailing)
    assert not door.keeper.stopped
    assert door.gate.to("/orders") == []


async def test_a_lost_answer_of_a_log_in_is_none_of_the_request_itself() -> None:
    door = Door()
    door.login_fault = AnswerLost("POST /session: no answer in time")
    with pytest.raises(LoginFailing):
        await door.keeper.send(ORDER)
    door.login_fault = VendorUnreachable("no connection")
    with pytest.raises(VendorUnreachable, match="no connection"):
        await door.keeper.send(ORDER)
    door.login_fault = VendorBusy("429", retry_after=9)
    with pytest.raises(VendorBusy):
        await door.keeper.send(ORDER)
    assert door.gate.to("/orders") == []


async def test_credentials_in_each_request_are_repeated_once_and_count_each_time() -> None:
    door = Door(BasicAuth())
    door.refuse = True
    with pytest.raises(VendorAuthFailed):
        await door.keeper.send(ORDER)
    assert len(door.gate.sent) == 2
    with pytest.raises(VendorAuthFailed):
        await door.keeper.send(ORDER)
    assert len(door.gate.sent) == 3, "the third refusal stops everything"
    with pytest.raises(VendorAuthFailed, match="not tried again"):
        await door.keeper.send(ORDER)
    assert len(door.gate.sent) == 3


async def test_one_refusal_of_good_credentials_passes() -> None:
    answers = [Answer(status=401), Answer(status=201)] * 6
    gate = ScriptedGate(lambda _: answers.pop(0), SECRETS)
    keeper = Keeper(BasicAuth(), gate)
    for _ in range(6):
        assert (await keeper.send(ORDER)).status == 201


async def test_many_refusals_at_the_same_time_are_one_strike() -> None:
    answers = [Answer(status=401)] * 10 + [Answer(status=201)] * 10
    gate = ScriptedGate(lambda _: answers.pop(0), SECRETS)
    keeper = Keeper(BasicAuth(), gate)
    gate.open.clear()
    sending = [asyncio.create_task(keeper.send(ORDER)) for _ in range(10)]
    await until(lambda: len(gate.sent) == 10)
    gate.open.set()
    found = await asyncio.gather(*sending)
    assert [each.status for each in found] == [201] * 10
    assert not keeper.stopped


async def test_the_sender_may_say_that_a_good_answer_means_not_logged_in() -> None:
    answers = [b'{"error": 7}', b'{"error": 0}']
    gate = ScriptedGate(lambda _: Answer(status=200, content=answers.pop(0)), {"sid": "S"})
    keeper = Keeper(QuerySession(parameter="sid", fixed="sid"), gate)
    answer = await keeper.send(ORDER, lambda each: each.json()["error"] == 7)
    assert answer.json() == {"error": 0}
    assert [each.target for each in gate.sent] == ["/orders?sid=S"] * 2


async def test_anonymous_requests_never_log_in_and_their_401_is_an_answer() -> None:
    door = Door()
    anonymous = Request(method="GET", target="/orders", anonymous=True)
    assert (await door.keeper.send(anonymous)).status == 401
    assert (door.logins, door.gate.sent) == (0, [anonymous])


async def test_logging_out_ends_the_session_and_the_next_request_logs_in_anew() -> None:
    door = Door()
    await door.keeper.logout()
    assert door.gate.sent == [], "nobody was logged in"
    await door.keeper.send(ORDER)
    await door.keeper.logout()
    assert (door.valid, door.keeper.logged_in) == ("", False)
    await door.keeper.send(ORDER)
    assert (door.logins, door.orders) == (2, 2)


async def test_a_log_out_that_fails_is_swallowed() -> None:
    def reply(request: Request) -> Answer | Exception:
        if request.method == "DELETE":
            return VendorUnreachable("gone")
        return Answer(status=200, content=b'{"token": "T"}')

    keeper = Keeper(AUTH, ScriptedGate(reply))
    await keeper.send(ORDER)
    await keeper.logout()
    assert not keeper.logged_in


async def test_who_gives_up_waiting_does_not_stop_the_log_in_of_the_others() -> None:
    door = Door()
    door.gate.open.clear()
    first = asyncio.create_task(door.keeper.send(ORDER))
    second = asyncio.create_task(door.keeper.send(ORDER))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    door.gate.open.set()
    assert (await second).status == 201
    assert (door.logins, door.orders) == (1, 1)


async def test_closing_stops_a_log_in_under_way() -> None:
    door = Door()
    door.gate.open.clear()
    sending = asyncio.create_task(door.keeper.send(ORDER))
    await asyncio.sleep(0)
    await door.keeper.close()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await door.keeper.close()


async def test_a_token_is_never_shown() -> None:
    keeper = Keeper(
        OAuthPassword(),
        ScriptedGate(lambda _: Answer(status=200, content=b'{"access_token": "T-1"}'), SECRETS),
    )
    token = await keeper.token()
    assert isinstance(token, Secret)
    assert "T-1" not in f"{token!r} {vars(keeper)!r}"
