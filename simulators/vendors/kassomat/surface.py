"""The REST service of the simulated vendor.

Its own switches, below the kit's control routes: ``POST /_sim/kassomat`` with any of

- ``refuse_201``: number of returns that are answered 201 with an ``error`` and not taken;
- ``refuse_login_201``: the same for log-ins;
- ``failing``: whether ELSTER refuses what is sent from now on;
- ``forced_flag``: ``test`` or ``testmode``, whichever shows that a test was forced;
- ``defective``: ``""``, ``"uris"`` (the list of tenants of the examples has another tenant's
  uris, as printed) or ``"all"`` (the list of cashbooks also lacks the comma that is missing there);
- ``pdf``: what returns say of their report instead of its path.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from drivers.contract.clock import Clock
from simulators.vendors.kassomat import assumed, golden
from simulators.vendors.kassomat.books import Books, Cashbook, Tenant, User
from simulators.vendors.kassomat.checks import (
    Refused,
    check_assessment,
    check_cashbook,
    whole,
)
from simulators.vendors.kassomat.numbers import offices

JSON = "application/json"
TOKEN = "x-kassomat-auth-token"  # noqa: S105 - a header's name

_Handler = Callable[[Request], Awaitable[Response]]
_Known = Callable[[Request, User], Awaitable[Response]]

_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Switches:
    """What is set by ``POST /_sim/kassomat``."""

    refuse_201: int = 0
    refuse_login_201: int = 0
    failing: bool = False
    forced_flag: str = assumed.FORCED_FLAG
    defective: str = ""
    pdf: str = ""


class _Answer(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class KassomatSurface:
    """``app`` is the ASGI application, ``books`` what it remembers, ``switches`` how it behaves.

    ``make_books`` gives fresh ones with the account that is registered from the start.
    """

    name = "kassomat"

    def __init__(self, clock: Clock, make_books: Callable[[], Books]) -> None:
        self._clock = clock
        self._make_books = make_books
        self.app = Starlette(routes=self._routes())
        self.reset()

    def reset(self) -> None:
        """Forget everything but the account that was registered from the start."""
        self.books = self._make_books()
        self.switches = Switches()
        self._replaying = False

    def golden(self) -> None:
        """Hold the vendor's examples; what they print is answered, the rest is computed."""
        self.reset()
        golden.load(self.books)
        self._replaying = True

    def switch(self, **changes: Any) -> None:
        """Set switches. Raises ``TypeError`` for one that does not exist."""
        self.switches = replace(self.switches, **changes)
        self.books.failing = self.switches.failing
        self.books.forced_flag = self.switches.forced_flag

    def _routes(self) -> list[Route]:
        tenants = "/v1/tenants"
        cashbooks = "/v1/tenants/{tenant}/cashbooks"
        cashbook = f"{cashbooks}/{{cashbook}}"
        assessments = f"{cashbook}/assessments"
        known = self._known
        return [
            Route("/_sim/kassomat", self._switch, methods=["POST"]),
            Route("/v1/user", self._guarded(self._register), methods=["POST"]),
            Route("/v1/session", self._guarded(self._log_in), methods=["POST"]),
            Route("/v1/session", known(self._log_out), methods=["DELETE"]),
            Route(tenants, known(self._tenants), methods=["GET"]),
            Route(tenants, known(self._new_tenant), methods=["POST"]),
            Route(cashbooks, known(self._cashbooks), methods=["GET"]),
            Route(cashbooks, known(self._new_cashbook), methods=["POST"]),
            Route(cashbook, known(self._cashbook), methods=["GET"]),
            Route(cashbook, known(self._change_cashbook), methods=["PUT"]),
            Route(assessments, known(self._assessments), methods=["GET"]),
            Route(assessments, known(self._assess), methods=["POST"]),
            Route(f"{assessments}/{{assessment}}", known(self._assessment), methods=["GET"]),
            Route("/v1/fiscal_offices", known(self._offices), methods=["GET"]),
            Route("/v1/accounts", known(self._accounts), methods=["GET"]),
            Route("/pdf/{name}", self._report, methods=["GET"]),
        ]

    # Around every call

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: Request) -> Response:
            try:
                accept = request.headers.get("accept", "*/*")
                if request.method != "DELETE" and JSON not in accept and "*/*" not in accept:
                    raise _Answer(assumed.NOT_ACCEPTABLE, "Nur application/json")  # noqa: TRY301 - one answer for all
                return await handler(request)
            except _Answer as answer:
                return _problem(answer.status, str(answer))
            except Refused as refused:
                return _problem(assumed.INVALID, f"Validation failed - {refused}")

        return guarded

    def _known(self, handler: _Known) -> _Handler:
        async def known(request: Request) -> Response:
            user = self.books.sessions.get(request.headers.get(TOKEN, ""))
            if user is None:
                raise _Answer(assumed.STRANGER, "Bitte anmelden")
            return await handler(request, user)

        return self._guarded(known)

    async def _switch(self, request: Request) -> Response:
        wish = await request.json() if await request.body() else {}
        names = {each.name for each in fields(Switches)}
        if not isinstance(wish, dict) or wish.keys() - names:
            return _json({"error": f"switches are {', '.join(sorted(names))}"}, 400)
        self.switch(**wish)
        return _json(asdict(self.switches))

    # Account and session

    async def _register(self, request: Request) -> Response:
        wish = whole(await _body(request), "user")
        if self._replaying:
            user = self.books.users[golden.EMAIL]
        elif wish.get("demo") is True:
            user = self.books.register(paid=False, demo=True)
        else:
            email, password = wish.get("email"), wish.get("password")
            if not isinstance(email, str) or not isinstance(password, str) or "@" not in email:
                raise Refused("email und password müssen angegeben werden")
            if email in self.books.users:
                raise Refused("email ist bereits vergeben")
            user = self.books.register(email=email, password=password, paid=False, demo=False)
        shown = {"email": user.email, "id": user.id, "uri": "/v1/user"}
        return _named("user", shown, 201)

    async def _log_in(self, request: Request) -> Response:
        wish = whole(await _body(request), "session")
        if self._refuses("refuse_login_201"):
            return _problem(201, "E-Mail oder Passwort falsch", assumed.ERRORS[assumed.STRANGER])
        token = self.books.log_in(wish.get("email"), wish.get("password"))
        if token is None:
            raise _Answer(assumed.WRONG_LOGIN, "E-Mail oder Passwort falsch")
        if self._replaying:
            self.books.sessions = {golden.TOKEN: self.books.users[golden.EMAIL]}
            token = golden.TOKEN
        return _named("api_session", {"authentication_token": token}, 201)

    def _refuses(self, switch: str) -> bool:
        left: int = getattr(self.switches, switch)
        if left:
            self.switch(**{switch: left - 1})
        return left > 0

    async def _log_out(self, request: Request, _: User) -> Response:
        del self.books.sessions[request.headers[TOKEN]]
        return Response(status_code=204)

    # Tenants and cashbooks

    async def _tenants(self, request: Request, user: User) -> Response:
        found = [each.as_body() for each in user.tenants.values()]
        if self._replaying and self.switches.defective:
            found = [golden.crossed(each) for each in found]
        return _json(self._listed("tenants", found, request))

    async def _new_tenant(self, request: Request, user: User) -> Response:
        name = whole(await _body(request), "tenant").get("name")
        if not isinstance(name, str) or not name.strip():
            raise Refused("name muss ausgefüllt werden")
        if self._replaying and name == golden.TENANT_NAME:
            return _named("tenant", user.tenants[golden.TENANT].as_body(), 201)
        if any(each.name == name for each in user.tenants.values()):
            raise Refused("name ist bereits vergeben")
        return _named("tenant", self.books.add_tenant(user, name).as_body(), 201)

    async def _cashbooks(self, request: Request, user: User) -> Response:
        tenant = self._tenant(request, user)
        found = [each.as_body() for each in tenant.cashbooks.values()]
        listed = self._listed("cashbooks", found, request)
        if self._replaying and self.switches.defective == "all":
            return Response(golden.misprinted(listed), media_type=JSON)
        return _json(listed)

    async def _new_cashbook(self, request: Request, user: User) -> Response:
        tenant = self._tenant(request, user)
        wish = whole(await _body(request), "cashbook")
        check_cashbook(wish)
        if self._replaying and tenant.id == golden.TENANT:
            return _named("cashbook", golden.new_cashbook(wish), 201)
        return _named("cashbook", self.books.add_cashbook(tenant, wish).as_body(), 201)

    async def _cashbook(self, request: Request, user: User) -> Response:
        return _named("cashbook", self._found(request, user).as_body())

    async def _change_cashbook(self, request: Request, user: User) -> Response:
        cashbook = self._found(request, user)
        wish = whole(await _body(request), "cashbook")
        check_cashbook(wish)
        cashbook.fields = wish
        return _named("cashbook", cashbook.as_body())

    def _tenant(self, request: Request, user: User) -> Tenant:
        name = request.path_params["tenant"]
        if self._replaying and name == golden.OTHER_TENANT:
            name = golden.TENANT
        if name not in user.tenants:
            raise _Answer(assumed.MISSING, "Mandant nicht gefunden")
        return user.tenants[name]

    def _found(self, request: Request, user: User) -> Cashbook:
        found = self._tenant(request, user).cashbooks.get(request.path_params["cashbook"])
        if found is None:
            raise _Answer(assumed.MISSING, "Kassenbuch nicht gefunden")
        return found

    # Returns

    async def _assessments(self, request: Request, user: User) -> Response:
        now = self._clock.monotonic()
        found = [each.as_body(now) for each in self._found(request, user).assessments.values()]
        return _json(self._listed("assessments", found, request))

    async def _assess(self, request: Request, user: User) -> Response:
        cashbook = self._found(request, user)
        wish = whole(await _body(request), "assessment")
        sums = check_assessment(wish)
        if self._refuses("refuse_201"):
            message = "Validation failed - Preview muss auf false gesetzt werden."
            error = assumed.ERRORS[assumed.INVALID]
            return _json({"error": error, "message": message, "assessment": wish}, 201)
        if self._replaying and golden.is_example(wish, sums):
            return _named("assessment", golden.pending(), 201)
        if wish.get("preview", True) is False and not cashbook.complete:
            raise Refused("das Kassenbuch hat keine vollständigen Absenderdaten")
        made = self.books.assess(user, cashbook, wish, sums)
        return _named("assessment", made.as_body(self._clock.monotonic()), 201)

    async def _assessment(self, request: Request, user: User) -> Response:
        found = self._found(request, user).assessments.get(request.path_params["assessment"])
        if found is None:
            raise _Answer(assumed.MISSING, "Voranmeldung nicht gefunden")
        shown = found.as_body(self._clock.monotonic())
        if self.switches.pdf and shown["pdf"]:
            shown["pdf"] = self.switches.pdf
        return _named("assessment", shown)

    async def _report(self, request: Request) -> Response:
        if self.books.report(request.url.path) is None:
            return Response("not found", 404)
        return Response(_PDF, media_type="application/pdf")

    # Small lists

    async def _offices(self, request: Request, _: User) -> Response:
        return _named("fiscal_offices", offices(request.query_params.get("tax_id", "")))

    async def _accounts(self, request: Request, _: User) -> Response:
        return _json(self._listed("accounts", list(assumed.ACCOUNTS), request))

    def _listed(self, key: str, found: list[Any], request: Request) -> dict[str, Any]:
        page = _number(request, "page", 1)
        per = _number(request, "per", assumed.PER_PAGE)
        total = golden.TOTALS.get(key, len(found)) if self._replaying else len(found)
        return {
            "root_name": key,
            "page": page,
            "total_pages": max(-(-len(found) // per), 1),
            "total_records": total,
            key: found[(page - 1) * per : page * per],
        }


async def _body(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise _Answer(assumed.NOT_JSON, "Nur application/json")
    try:
        return json.loads((await request.body()).decode())
    except (ValueError, RecursionError):
        raise _Answer(assumed.MALFORMED, "Kein JSON in UTF-8") from None


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise Refused(f"{name} ist keine Zahl")
    return int(text)


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, media_type=JSON)


def _named(key: str, found: Any, status: int = 200) -> Response:
    return _json({"root_name": key, key: found}, status)


def _problem(status: int, message: str, error: str = "") -> Response:
    return _json({"error": error or assumed.ERRORS[status], "message": message}, status)
