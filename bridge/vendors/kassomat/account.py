"""The account: who logs in, how, and the demo account that the box can make for itself.

The token lives for ever, and a second log-in gives the same one: logging out logs out every other
user of the account. The box logs out after the last pending return.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, StrictBool

from bridge.config import Secret
from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.auth import DENIED, TokenLogin, text_at
from bridge.vendors.engine.faults import AlreadyDone, CallInvalid, VendorAuthFailed, VendorBroken
from bridge.vendors.engine.spec import Accepted, Draft, Gate, Memory, Run, Session
from bridge.vendors.engine.wire import Answer, Request, json_body
from bridge.vendors.kassomat.bodies import answered, checked, read_json, sending, unwrapped
from bridge.vendors.kassomat.faults import AccountMissing, AccountPresent, OtherAccount

TOKEN_HEADER = "X-Kassomat-Auth-Token"  # noqa: S105 - a header's name
DEMO_PASSWORD = "password"  # noqa: S105 - every demo account has it, the vendor's page says so

_STRANGER = 401
_UNPROCESSABLE = 422
_DENIED = DENIED | {_UNPROCESSABLE}


class _Purse(Protocol):
    """What knows secrets and memory: a session or a gate."""

    @property
    def memory(self) -> Memory: ...

    def secret(self, name: str) -> Secret | None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in. ``demo``: the vendor gives every return a test flag."""

    email: Secret
    password: Secret
    demo: bool

    @property
    def mark(self) -> str:
        """What tells accounts apart without naming them."""
        return hashlib.sha256(self.email.reveal().encode()).hexdigest()[:16]


async def account_of(purse: _Purse) -> Account:
    """Return the configured account, else the demo account. Raises ``AccountMissing``."""
    email, password = purse.secret("email"), purse.secret("password")
    if email is not None and password is not None:
        return Account(email, password, demo=False)
    if email is not None or password is not None:
        raise AccountMissing("only one of the secrets 'email' and 'password' is configured")
    kept = await purse.memory.get("account")
    if kept is None:
        raise AccountMissing("no secrets are configured and no demo account was made")
    return Account(Secret(kept["email"]), Secret(DEMO_PASSWORD), demo=True)


class Login:
    """``POST /v1/session`` gives a token, which goes into a header of its own."""

    async def login(self, gate: Gate) -> Secret | None:
        account = await account_of(gate)
        return await _way(account).login(gate)

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        return await _WAY.apply(request, token, gate)

    def refused(self, answer: Answer) -> bool:
        return _WAY.refused(answer)

    async def logout(self, token: Secret, gate: Gate) -> None:
        await _WAY.logout(token, gate)


def _way(account: Account) -> TokenLogin:
    return TokenLogin(
        build=lambda _: _enter(account),
        extract=_token,
        header=TOKEN_HEADER,
        leave=_leave,
        denied=_DENIED,
    )


def _enter(account: Account) -> Request:
    session = {"email": account.email.reveal(), "password": account.password.reveal()}
    return sending("POST", "/v1/session", json_body({"session": session}), anonymous=True)


def _token(answer: Answer) -> str:
    body = answer.json()
    if isinstance(body, dict) and body.get("error"):
        raise VendorAuthFailed(f"the log-in was answered {body['error']}")
    return text_at(answer, "api_session", "authentication_token")


def _leave(token: Secret, _: Gate) -> Request:
    return Request(
        method="DELETE",
        target="/v1/session",
        accept="",
        headers=((TOKEN_HEADER, token.reveal()),),
        anonymous=True,
    )


_WAY = _way(Account(Secret(""), Secret(""), demo=True))
"""For what comes after a log-in, which no account is needed for."""


# The demo account


class _Demo(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    demo: StrictBool


class _Short(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    force: StrictBool = False


async def build_demo(call: LocalCall, session: Session) -> Draft:
    """Draft a demo account. Raises ``AccountPresent`` when one is configured, ``AlreadyDone`` when
    one was made and ``force`` is not set."""
    body = read_json(call.body, empty=True)
    content = json_body({"user": {"demo": True}})
    force = False
    if (user := unwrapped(body, "user")) is not None:
        if not checked(_Demo, user, "/user").demo:
            raise CallInvalid.at("/user/demo", "must be true: only demo accounts are made here")
        content = call.body
    else:
        force = checked(_Short, body).force
    if session.secret("email") is not None or session.secret("password") is not None:
        raise AccountPresent("the secrets 'email' and 'password' are configured")
    force = force or call.headers.get("x-allow-duplicate") == "1"
    if not force and await session.memory.get("account") is not None:
        raise AlreadyDone("this box has a demo account")
    return Draft(
        request=sending("POST", "/v1/user", content, anonymous=True), summary={"demo": True}
    )


def accept_demo(answer: Answer, _: Run) -> Accepted:
    """Keep the account's e-mail: it is the credential. What was chosen belonged to another."""
    user = answered(answer).get("user")
    email = user.get("email") if isinstance(user, dict) else None
    if not isinstance(user, dict) or not isinstance(email, str) or "@" not in email:
        raise VendorBroken("no e-mail address of the demo account")
    kept = {"email": email, "id": user.get("id")}
    return Accepted(values=dict(kept), remember={"account": kept, "chosen": None})


# The session


class _Given(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    email: str
    password: str


async def log_in(call: LocalCall, session: Session) -> LocalAnswer:
    """Log in now; the token is not shown. A body must name the account that the box uses.

    Raises ``OtherAccount``, ``AccountMissing``, ``VendorAuthFailed``.
    """
    body = read_json(call.body, empty=True)
    account = await account_of(session)
    if body:
        given = checked(_Given, unwrapped(body, "session") or {}, "/session")
        same = hmac.compare_digest(given.email.encode(), account.email.reveal().encode())
        known = hmac.compare_digest(given.password.encode(), account.password.reveal().encode())
        if not (same and known):
            raise OtherAccount("email and password are not those of the box's account")
    await session.login()
    return LocalAnswer(body=json_body({"logged_in": True, "demo": account.demo}))


async def log_out(_: LocalCall, session: Session) -> LocalAnswer:
    """End the session if there is one, and every other user's of the account with it."""
    await session.logout()
    return LocalAnswer(status=204)


async def check(session: Session) -> None:
    """Look whether the vendor is there, without logging in: it asks strangers to log in.

    Raises ``AccountMissing``, ``VendorBroken`` and what reading raises.
    """
    await account_of(session)
    answer = await session.read(Request(method="GET", target="/v1/tenants", anonymous=True))
    if answer.status != _STRANGER:
        raise VendorBroken(f"a stranger's GET /v1/tenants was answered {answer.status}, not 401")
