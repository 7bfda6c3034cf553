"""Log-ins as components: what each adds to a request, and what becomes of a refused one."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl

import pytest

from bridge.config import Secret
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.auth import (
    BasicAuth,
    BearerKey,
    Chosen,
    LoginFailing,
    NoAuth,
    OAuthPassword,
    QuerySession,
    TokenLogin,
    text_at,
)
from bridge.vendors.engine.faults import VendorAuthFailed, VendorBroken, VendorBusy
from bridge.vendors.engine.spec import Auth
from bridge.vendors.engine.wire import Answer, Request
from tests.vendors.wire.gates import ScriptedGate, proof

ORDER = Request(method="POST", target="/orders", headers=(("X-Own", "1"),))
LOGIN = Request(method="POST", target="/session", content=b"{}")
LOGOUT = Request(method="DELETE", target="/session", accept="")
TOKEN_LOGIN = TokenLogin(
    build=lambda _: LOGIN,
    extract=lambda answer: text_at(answer, "session", "token"),
    header="X-Token",
    leave=lambda token, _: LOGOUT,
)
SESSION = QuerySession(
    parameter="sid",
    build=lambda _: LOGIN,
    extract=lambda answer: text_at(answer, "sid"),
    fixed="sid",
)
OAUTH = OAuthPassword(user_field="userName", more=(("client_id", "box"),))


def gate(answer: Answer | None = None, **secrets: str) -> ScriptedGate:
    return ScriptedGate(lambda _: answer or Answer(status=200), secrets)


async def test_nobody_asks() -> None:
    auth, door = NoAuth(), gate()
    assert await auth.login(door) is None
    assert await auth.apply(ORDER, None, door) == ORDER
    assert not auth.refused(Answer(status=401))


async def test_basic_is_sent_up_front_in_utf_8() -> None:
    auth, door = BasicAuth(), gate(user="wirt", password="prost:ö")
    assert await auth.login(door) is None
    sent = await auth.apply(ORDER, None, door)
    kind, _, pair = (proof(sent) or "").partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(pair).decode() == "wirt:prost:ö"
    assert sent.headers[0] == ("X-Own", "1")
    assert door.sent == []


async def test_a_bearer_key_may_have_company() -> None:
    auth = BearerKey(key="api_key", headers=lambda gate: [("Origin", gate.base_url)])
    sent = await auth.apply(ORDER, None, gate(api_key="k-1"))
    assert proof(sent) == "Bearer k-1"
    assert proof(sent, "origin") == "https://vendor.example"


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        (BasicAuth(), {"user": "wirt"}),
        (BearerKey(), {}),
        (BearerKey(), {"api_key": "two\nlines"}),
        (BearerKey(), {"api_key": "schlüssel"}),
        (OAUTH, {"user": "wirt"}),
        (QuerySession(parameter="sid", fixed="sid"), {}),
    ],
)
async def test_what_is_missing_or_unusable_is_a_matter_of_configuration(
    auth: Auth, secrets: dict[str, str]
) -> None:
    door = ScriptedGate(lambda _: Answer(status=200), secrets)
    with pytest.raises(VendorNotConfigured) as caught:
        await auth.apply(ORDER, await auth.login(door), door)
    assert door.sent == []
    assert not any(value in str(caught.value) for value in secrets.values())


async def test_a_token_goes_into_its_header() -> None:
    door = gate(Answer(status=201, content=b'{"session": {"token": "T"}}'))
    token = await TOKEN_LOGIN.login(door)
    assert token is not None
    assert proof(await TOKEN_LOGIN.apply(ORDER, token, door), "x-token") == "T"
    await TOKEN_LOGIN.logout(token, door)
    assert door.sent == [LOGIN, LOGOUT]


async def test_oauth_sends_the_password_as_a_form() -> None:
    door = gate(
        Answer(status=200, content=b'{"access_token": "A", "expires_in": 1}'),
        user="wirt",
        password="a&b=ö",
    )
    token = await OAUTH.login(door)
    (sent,) = door.sent
    assert sent.content_type == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(sent.content.decode())) == {
        "userName": "wirt",
        "password": "a&b=ö",
        "grant_type": "password",
        "client_id": "box",
    }
    assert proof(await OAUTH.apply(ORDER, token, door)) == "Bearer A"


async def test_a_session_id_goes_into_the_query_encoded() -> None:
    door = gate(Answer(status=200, content=b'{"sid": "a&b/c"}'))
    token = await SESSION.login(door)
    assert (await SESSION.apply(ORDER, token, door)).target == "/orders?sid=a%26b%2Fc"
    more = Request(method="POST", target="/orders?x=1")
    assert (await SESSION.apply(more, token, door)).target == "/orders?x=1&sid=a%26b%2Fc"


async def test_a_configured_session_id_needs_no_log_in_and_is_not_ended() -> None:
    auth = QuerySession(parameter="sid", fixed="sid", leave=lambda token, _: LOGOUT)
    door = gate(sid="fixed-sid")
    token = await auth.login(door)
    assert token is not None
    assert token.reveal() == "fixed-sid"
    await auth.logout(token, door)
    assert door.sent == []


async def test_one_of_several_ways_is_chosen_by_the_settings() -> None:
    auth = Chosen((BasicAuth(), TOKEN_LOGIN), lambda gate: TOKEN_LOGIN)
    door = gate(Answer(status=200, content=b'{"session": {"token": "T"}}'))
    token = await auth.login(door)
    assert token is not None
    assert proof(await auth.apply(ORDER, token, door), "x-token") == "T"
    assert auth.refused(Answer(status=401))
    assert not auth.refused(Answer(status=403))
    await auth.logout(token, door)
    assert door.sent[-1] == LOGOUT


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("auth", [TOKEN_LOGIN, OAUTH, SESSION])
async def test_wrong_credentials_are_told(auth: Auth, status: int) -> None:
    with pytest.raises(VendorAuthFailed) as caught:
        await auth.login(gate(Answer(status=status), user="wirt", password="p"))
    assert caught.value.facts["vendor_status"] == status


async def test_a_log_in_that_does_not_work_is_no_refusal() -> None:
    for status in (302, 404, 500, 503):
        with pytest.raises(LoginFailing):
            await TOKEN_LOGIN.login(gate(Answer(status=status)))
    with pytest.raises(VendorBusy) as caught:
        await TOKEN_LOGIN.login(gate(Answer(status=429, headers={"retry-after": "17"})))
    assert caught.value.facts["retry_after"] == 17


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"session": {"token": 7}}', b"[]"])
async def test_a_log_in_without_token_makes_no_sense(content: bytes) -> None:
    with pytest.raises(VendorBroken) as caught:
        await TOKEN_LOGIN.login(gate(Answer(status=200, content=content)))
    assert "html" not in str(caught.value)


async def test_components_never_show_secrets() -> None:
    secret = Secret("canary-token")
    sent = await TOKEN_LOGIN.apply(ORDER, secret, gate())
    assert "canary-token" in json.dumps(sent.headers)
    assert "canary-token" not in f"{secret} {secret!r} {TOKEN_LOGIN!r}"
