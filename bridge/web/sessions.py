"""Signing in and out: ``POST`` and ``DELETE /session``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from bridge.web.api.faults import RequestInvalid, RequestTooLarge
from bridge.web.auth import COOKIE, Auth, session_cookies
from bridge.web.faults import RequestTooSlow
from bridge.web.gates import FORM
from bridge.web.guard import SESSION_PATH

MAX_BYTES: Final = 4_096
"""Anybody may send this body, so it is a small one."""

BODY_S: Final = 5.0
"""Seconds for it to arrive."""

ATTRIBUTES: Final = "HttpOnly; SameSite=Strict; Path=/"
"""No ``Secure``: the box speaks plain HTTP in the shop's own network. No ``Max-Age``: the box
itself ends what is idle."""


class _SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: Annotated[str, Field(min_length=1, max_length=1024)]


_DOCUMENTED: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": _SignIn.model_json_schema()} for media in ("application/json", FORM)
        },
    }
}


def session_router(auth: Auth) -> APIRouter:
    """Return the routes of ``/session``."""
    router = APIRouter(tags=["session"])

    @router.post(
        SESSION_PATH,
        summary="Sign in: give a token, get a session cookie",
        openapi_extra=_DOCUMENTED,
    )
    async def sign_in(request: Request) -> Response:
        by_form = request.headers.get("content-type", "").lower().startswith(FORM)
        token = _token_in(await _small_body(request), by_form=by_form)
        caller = auth.by_token(token, request.client.host if request.client else "")
        cookie = f"{COOKIE}={auth.sessions.open(caller)}; {ATTRIBUTES}"
        if by_form:
            return Response(status_code=303, headers={"location": "/", "set-cookie": cookie})
        body = to_json({"name": caller.name, "role": caller.role})
        return Response(body, 200, {"set-cookie": cookie}, "application/json")

    @router.delete(SESSION_PATH, summary="Sign out", status_code=204)
    async def sign_out(request: Request) -> Response:
        for value in session_cookies(request.headers.get("cookie", "")):
            auth.sessions.close(value)
        gone = f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0"
        return Response(status_code=204, headers={"set-cookie": gone})

    return router


def _token_in(body: bytes, *, by_form: bool) -> str:
    """Return the token that a body gives. Raises ``RequestInvalid``, which does not repeat it."""
    try:
        if by_form:
            fields = parse_qs(body.decode("ascii"), max_num_fields=8, keep_blank_values=True)
            given = {name: values[0] for name, values in fields.items() if len(values) == 1}
            return _SignIn.model_validate(given).token.strip()
        return _SignIn.model_validate_json(body).token.strip()
    except ValidationError as error:
        raise RequestInvalid.of(error) from None
    except ValueError:
        raise RequestInvalid.at("body", "is no form") from None


async def _small_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    message = f"more than {MAX_BYTES} bytes"
                    raise RequestTooLarge(message)
    except TimeoutError:
        raise RequestTooSlow from None
    return bytes(body)
