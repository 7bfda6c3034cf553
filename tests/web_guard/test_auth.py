"""Tokens, tries and sessions, with a clock that is set."""

from __future__ import annotations

import pytest

from bridge.config import Secret, TokenSettings
from bridge.model.roles import Role
from bridge.web.auth import (
    IDLE_S,
    MAX_PLACES,
    MAX_SESSIONS,
    TRIES,
    TRY_EVERY_S,
    Auth,
    Sessions,
    Tokens,
    Tries,
    session_cookies,
)
from bridge.web.caller import Caller, Unauthorised
from bridge.web.door import place_of
from bridge.web.faults import TokenRepeated, TokenWeak, TooManyTries
from tests.till.harness import FakeClock
from tests.web_guard.wire import TECHNICIAN_TOKEN, TILL_TOKEN, make_auth

PEER = "192.168.1.7"
OTHER = "192.168.1.8"
WRONG = "wrong-token-wrong-token"


def settings(*names: str) -> list[TokenSettings]:
    return [TokenSettings(name=each, role="till", token=f"{each}.token") for each in names]


def spend(auth: Auth, peer: str = PEER, tries: int = TRIES) -> None:
    """Give so many wrong tokens."""
    for _ in range(tries):
        with pytest.raises(Unauthorised):
            auth.by_token(WRONG, peer)


def test_a_short_token_is_refused_at_the_start_without_showing_it() -> None:
    with pytest.raises(TokenWeak) as caught:
        Tokens(settings("kassa"), {"kassa": Secret("short-canary-15")})
    assert "kassa.token" in str(caught.value)
    assert "canary" not in f"{caught.value} {caught.value.as_problem()}"
    Tokens(settings("kassa"), {"kassa": Secret("just-sixteen-chr")})


def test_two_equal_tokens_are_refused_at_the_start() -> None:
    secrets = {"a": Secret(TILL_TOKEN), "b": Secret(TILL_TOKEN)}
    with pytest.raises(TokenRepeated, match="a and b") as caught:
        Tokens(settings("a", "b"), secrets)
    assert TILL_TOKEN not in str(caught.value)


def test_tokens_are_not_kept() -> None:
    tokens = Tokens(settings("a"), {"a": Secret(TILL_TOKEN)})
    assert TILL_TOKEN not in repr(vars(tokens))
    assert tokens.find(TILL_TOKEN) == Caller("a", Role.TILL, "token")
    for other in ("", " ", TILL_TOKEN[:-1], f"{TILL_TOKEN} ", "\udcff" * 20, "ä" * 20):
        assert tokens.find(other) is None


def test_after_five_wrong_tokens_a_place_has_one_try_in_ten_seconds() -> None:
    clock = FakeClock()
    auth = make_auth(clock)
    spend(auth)
    with pytest.raises(TooManyTries) as caught:
        auth.by_token(WRONG, PEER)
    assert 1 <= caught.value.facts["retry_after"] <= TRY_EVERY_S + 1
    clock.advance(TRY_EVERY_S - 1)
    with pytest.raises(TooManyTries):
        auth.by_token(WRONG, PEER)
    clock.advance(1)
    spend(auth, tries=1)
    with pytest.raises(TooManyTries):
        auth.by_token(WRONG, PEER)


def test_a_right_token_is_not_told_from_a_wrong_one_while_a_place_must_wait() -> None:
    clock = FakeClock()
    auth = make_auth(clock)
    spend(auth)
    with pytest.raises(TooManyTries):
        auth.by_token(TILL_TOKEN, PEER)
    clock.advance(TRY_EVERY_S)
    assert auth.by_token(TILL_TOKEN, PEER).role is Role.TILL


def test_the_mistakes_of_one_program_do_not_stop_another_on_the_same_machine() -> None:
    auth = make_auth()
    auth.by_token(TILL_TOKEN, PEER)
    spend(auth)
    assert auth.by_token(TILL_TOKEN, PEER).role is Role.TILL
    with pytest.raises(TooManyTries):
        auth.by_token(TECHNICIAN_TOKEN, PEER)


def test_places_are_limited_each_for_itself() -> None:
    auth = make_auth()
    spend(auth)
    spend(auth, OTHER, 1)
    assert auth.by_token(TILL_TOKEN, OTHER)


def test_one_ipv6_network_is_one_place() -> None:
    auth = make_auth()
    for i in range(TRIES):
        spend(auth, f"2001:db8::{i + 1:x}", 1)
    with pytest.raises(TooManyTries):
        auth.by_token(WRONG, "2001:db8::ffff:1")
    spend(auth, "2001:db8:0:1::1", 1)
    assert place_of("::ffff:192.168.1.7") == place_of("192.168.1.7")
    assert place_of("fe80::1%eth0") == place_of("fe80::2%wlan0")
    assert place_of("not an address") == "not an address"


def test_only_so_many_places_are_remembered() -> None:
    tries = Tries(FakeClock())
    for i in range(2 * MAX_PLACES):
        tries.wrong(f"place {i}")
    assert len(tries) == MAX_PLACES


def test_tries_do_not_pile_up() -> None:
    clock = FakeClock()
    auth = make_auth(clock)
    clock.advance(1_000_000)
    spend(auth)
    with pytest.raises(TooManyTries):
        auth.by_token(WRONG, PEER)


def test_a_guessing_place_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    auth = make_auth(clock)
    spend(auth)
    for _ in range(20):
        clock.advance(TRY_EVERY_S)
        spend(auth, tries=1)
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert PEER in caplog.text
    assert WRONG not in caplog.text
    clock.advance(TRY_EVERY_S * (TRIES + 1))
    spend(auth)
    assert len(caplog.records) == 2


def make_sessions(clock: FakeClock) -> Sessions:
    counter = iter(range(10_000))
    return Sessions(clock, lambda size: next(counter).to_bytes(size))


CALLER = Caller("tablet", Role.BACKOFFICE, "token")


def test_a_session_stands_for_its_caller_until_it_is_closed() -> None:
    sessions = make_sessions(FakeClock())
    value = sessions.open(CALLER)
    assert len(value) == 64
    assert sessions.find(value) == Caller("tablet", Role.BACKOFFICE, "session")
    assert sessions.find(value[:-1]) is None
    sessions.close(value)
    assert sessions.find(value) is None
    sessions.close(value)


def test_a_session_ends_twelve_hours_after_its_last_use() -> None:
    clock = FakeClock()
    sessions = make_sessions(clock)
    value = sessions.open(CALLER)
    for _ in range(3):
        clock.advance(IDLE_S - 1)
        assert sessions.find(value)
    clock.advance(IDLE_S)
    assert sessions.find(value) is None
    assert len(sessions) == 0


def test_the_session_used_longest_ago_gives_way() -> None:
    sessions = make_sessions(FakeClock())
    values = [sessions.open(CALLER) for _ in range(MAX_SESSIONS)]
    assert sessions.find(values[0])
    extra = sessions.open(CALLER)
    assert len(sessions) == MAX_SESSIONS
    assert sessions.find(values[0])
    assert sessions.find(extra)
    assert sessions.find(values[1]) is None


def test_the_box_keeps_no_cookie() -> None:
    sessions = make_sessions(FakeClock())
    value = sessions.open(CALLER)
    assert value not in repr(vars(sessions))


def test_our_cookie_is_found_among_those_of_others() -> None:
    assert session_cookies("a=b; bonbridge_session=x;bonbridge_session=y ; c") == ["x", "y"]
    assert session_cookies("xbonbridge_session=x; bonbridge_session") == [""]
    assert len(session_cookies("bonbridge_session=x;" * 1000)) == 4
