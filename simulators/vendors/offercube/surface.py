"""offer-cube as seen from outside: addresses, sessions, answers.

Both actions work by GET and by POST, as the vendor's pages have it: a plain GET pays.
Own control routes: ``GET /_sim/books`` (all records), ``POST /_sim/expire`` (ends all sessions),
``POST /_sim/no-pdf`` (the next good answer names no PDF).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulators.vendors.kit import SimClock
from simulators.vendors.offercube import assumed
from simulators.vendors.offercube.books import SENDTYPES, Books, Invoice, Refusal
from simulators.vendors.offercube.output import answer

MODULES = ("invoice", "dunning")
_FIELDS = {
    "id": "int",
    "number": "string",
    "customer": "string",
    "site_email": "string",
    "invoice_dt": "int",
    "duepayment_dt": "int",
    "paid_dt": "int",
    "invoicepdf": "int",
}
_NOT_FOUND = Response("<html><body>404</body></html>", 404, media_type="text/html")


class OfferCube:
    """The simulator's surface. ``sid`` is a session that lasts until it is ended."""

    name = "offercube"

    def __init__(self, clock: SimClock, tenant: str, sid: str, user: str, password: str) -> None:
        self.books = Books(clock)
        self.tenant = tenant
        self.logins = 0
        self._first_sid = sid
        self._credentials = (user, password)
        self._sids = {sid}
        self._without_pdf = False

    @property
    def app(self) -> ASGIApp:
        return self._serve

    def reset(self) -> None:
        self.books.reset()
        self._fresh()

    def golden(self) -> None:
        self.books.golden()
        self._fresh()

    def expire(self) -> None:
        """End all sessions."""
        self._sids.clear()

    def without_pdf(self) -> None:
        """Let the next good answer name no PDF."""
        self._without_pdf = True

    def _fresh(self) -> None:
        self.logins = 0
        self._sids = {self._first_sid}
        self._without_pdf = False

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            response = await self._answer(request, await request.body())
            await response(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response:
        match request.method, request.url.path:
            case "GET", "/_sim/books":
                return JSONResponse(self.books.as_body())
            case "POST", "/_sim/expire":
                self.expire()
                return JSONResponse({"sessions": 0})
            case "POST", "/_sim/no-pdf":
                self.without_pdf()
                return JSONResponse({"next": "no pdf"})
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        path = request.url.path.split("/")
        if request.method not in ("GET", "POST") or path[:3] != ["", self.tenant, "s"]:
            return _NOT_FOUND
        output = query.get("output", assumed.DEFAULT_OUTPUT)
        module, *rest = path[3:] or [""]
        try:
            found = self._operate(module, rest, query, _form(request, body))
        except Refusal as refusal:
            found = {"module": module, "error": refusal.number, "errormsg": [str(refusal)]}
        return _NOT_FOUND if found is None else answer(found, output)

    def _operate(
        self, module: str, rest: list[str], query: Mapping[str, str], fields: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """Return an answer, ``None`` where there is nothing. Raises ``Refusal``."""
        if module == assumed.LOGIN_MODULE and not rest:
            return self._log_in(fields)
        if module == "" and not rest:
            return {"error": 0, "modules": list(MODULES), "errormsg": []}
        if rest in (["schema"], ["schema", ""]):
            # The documented address ends with a slash, and has no session.
            if rest == ["schema"] or module not in MODULES:
                return None
            if "sid" in query and query["sid"] not in self._sids:
                raise Refusal(assumed.NO_SESSION)
            return _schema(module)
        if query.get("sid") not in self._sids:
            raise Refusal(assumed.NO_SESSION)
        if module not in MODULES or not 1 <= len(rest) <= 2:
            raise Refusal(assumed.UNKNOWN_OPERATION)
        if rest == ["list"]:
            records = [each.as_body() for each in self.books.invoices.values()]
            return {"module": module, "error": 0, "records": records, "errormsg": []}
        return self._act(module, rest, fields)

    def _act(self, module: str, rest: list[str], fields: Mapping[str, str]) -> dict[str, Any]:
        action = rest[0]
        invoice = self._invoice(rest[1] if len(rest) > 1 else "", fields.get("id", ""))
        match module, action:
            case _, "get":
                return {"module": module, "error": 0, **invoice.as_body(), "errormsg": []}
            case _, "update":
                self.books.update(invoice, fields)
            case "invoice", "send" | "pay":
                if "price" in fields:
                    raise Refusal(assumed.PRICE_COMPUTED)
                act = self.books.send if action == "send" else self.books.pay
                act(invoice, fields)
            case _:
                raise Refusal(assumed.UNKNOWN_OPERATION)
        pdf = "" if self._without_pdf or invoice.invoicepdf is None else str(invoice.invoicepdf)
        self._without_pdf = False
        return {
            "module": module,
            "error": 0,
            "customerid": invoice.customer,
            "invoiceid": invoice.number,
            "invoicepdf": pdf,
            "errormsg": [],
        }

    def _invoice(self, in_url: str, in_body: str) -> Invoice:
        if in_url and in_body and in_url != in_body:
            raise Refusal(assumed.ID_DIFFERS)
        named = in_url or in_body
        found = self.books.invoices.get(int(named)) if named.isdecimal() else None
        if found is None:
            raise Refusal(assumed.UNKNOWN_ID)
        return found

    def _log_in(self, fields: Mapping[str, str]) -> dict[str, Any]:
        self.logins += 1
        given = (fields.get(assumed.LOGIN_USER), fields.get(assumed.LOGIN_PASSWORD))
        if given != self._credentials:
            raise Refusal(assumed.LOGIN_REFUSED)
        sid = secrets.token_hex(16)
        self._sids.add(sid)
        return {"module": "login", "error": 0, assumed.LOGIN_SID: sid, "errormsg": []}


def _form(request: Request, body: bytes) -> dict[str, str]:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or media != assumed.FORM:
        return {}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _schema(module: str) -> dict[str, Any]:
    fields: dict[str, Any] = {name: {"type": kind} for name, kind in _FIELDS.items()}
    fields["price"] = {"type": "float", "readonly": True, "computed": True}
    fields["sendtype"] = {
        "type": "int",
        "values": {str(value): text for value, text in SENDTYPES.items()},
    }
    if module == "dunning":
        fields |= {name: {"type": kind} for name, kind in assumed.DUNNING_FIELDS.items()}
    operations = [*assumed.BASIC_OPERATIONS, *(("send", "pay") if module == "invoice" else ())]
    return {"module": module, "error": 0, "operations": operations, "fields": fields}
