"""The REST service of a simulated ABRA Flexi."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drivers.contract.clock import Clock
from simulators.vendors.flexi import answers, assumed
from simulators.vendors.flexi.books import INVOICES, Company, example_company, find
from simulators.vendors.flexi.importing import run_import
from simulators.vendors.flexi.nodes import Node, NotWellFormed, from_json, from_xml
from simulators.vendors.flexi.payments import ImportRefused

_Handler = Callable[[Request], Awaitable[Response]]


class FlexiSurface:
    """``app`` is the ASGI application, ``company`` the books as they are now.

    ``reading`` says how ``castka`` is read (A or B), ``nested_errors`` which of the two documented
    error forms is answered, ``licensed`` whether the write API is licensed, ``first_delay_s`` how
    long the first request after a start takes.
    """

    name = "flexi"

    def __init__(
        self,
        clock: Clock,
        *,
        company: str,
        user: str,
        password: str,
        reading: str,
        nested_errors: bool,
        licensed: bool,
        first_delay_s: float,
    ) -> None:
        self.reading = reading
        self.nested_errors = nested_errors
        self.licensed = licensed
        self.first_delay_s = first_delay_s
        self._clock = clock
        self._company_name = company
        self._user = user
        self._password = password
        self.app = Starlette(
            routes=[
                Route("/login-logout/login.json", self._login, methods=["POST"]),
                Route(
                    "/login-logout/session-keep-alive.js",
                    self._guarded(self._keep_alive),
                    methods=["GET"],
                ),
                Route("/c.{ext}", self._guarded(self._companies), methods=["GET"]),
                Route(
                    "/c/{company}/{evidence}/{ident:path}.{ext}",
                    self._guarded(self._evidence),
                    methods=["GET", "PUT", "POST"],
                ),
                Route(
                    "/c/{company}/{evidence}.{ext}",
                    self._guarded(self._evidence),
                    methods=["GET", "PUT", "POST"],
                ),
            ]
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: the example data set, no session, a first request again."""
        self.company: Company = example_company(self._company_name)
        self._sessions: dict[str, float] = {}
        self._started = False

    def golden(self) -> None:
        """Load the data set whose answers are those of the vendor's examples: the only one."""
        self.reset()

    def end_sessions(self) -> None:
        """End all sessions, as a restart of the service does."""
        self._sessions.clear()

    def _guarded(self, handler: _Handler) -> _Handler:
        async def guarded(request: Request) -> Response:
            if not self._started:
                self._started = True
                await asyncio.sleep(self.first_delay_s)
            if not self._known(request):
                answer = answers.problem(401, "Log in first", _ext(request))
                answer.headers["www-authenticate"] = 'Basic realm="ABRA Flexi"'
                return answer
            return await handler(request)

        return guarded

    def _known(self, request: Request) -> bool:
        token = request.headers.get("x-authsessionid", "")
        if token:
            now = self._clock.monotonic()
            if now >= self._sessions.get(token, now):
                self._sessions.pop(token, None)
                return False
            self._sessions[token] = now + assumed.SESSION_IDLE_S
            return True
        scheme, _, proof = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(proof, validate=True)
        except binascii.Error:
            return False
        wanted = f"{self._user}:{self._password}".encode()
        return scheme.lower() == "basic" and secrets.compare_digest(given, wanted)

    async def _login(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            given = (body["username"], body["password"])
        except (ValueError, KeyError, TypeError):
            return answers.problem(400, "username and password are needed", "json")
        if given != (self._user, self._password):
            reason = {"reason": assumed.LOGIN_REFUSED_REASON}
            return JSONResponse({"success": False, "errors": reason}, assumed.LOGIN_REFUSED_STATUS)
        token = secrets.token_hex(16)
        self._sessions[token] = self._clock.monotonic() + assumed.SESSION_IDLE_S
        return JSONResponse({"success": True, "authSessionId": token})

    async def _keep_alive(self, _request: Request) -> Response:
        return Response(b"", media_type="text/javascript")

    async def _companies(self, request: Request) -> Response:
        ext = _ext(request)
        if ext not in answers.formats():
            return answers.problem(404, "No such format")
        return answers.companies([self.company.name], ext)

    async def _evidence(self, request: Request) -> Response:
        ext = _ext(request)
        if ext not in answers.formats():
            return answers.problem(404, "No such format")
        evidence = request.path_params["evidence"]
        records = self.company.of_evidence(evidence)
        if request.path_params["company"] != self.company.name or records is None:
            return answers.problem(404, "No such company or evidence", ext)
        ident = str(request.path_params.get("ident", ""))
        if ident:
            found = find(records, ident)
            if found is None:
                return answers.problem(404, "No such record", ext)
            records = [found]
        if request.method == "GET":
            if not self.licensed:
                return answers.problem(404, "No such record", ext)
            limit = request.query_params.get("limit", "20")
            shown = records if limit == "0" else records[: int(limit) if limit.isdigit() else 20]
            return answers.records(evidence, shown, ext)
        return await self._import(request, evidence, ident, ext)

    async def _import(self, request: Request, evidence: str, ident: str, ext: str) -> Response:
        if not self.licensed:
            return answers.problem(402, "The REST API is not licensed for writing", ext)
        if evidence not in INVOICES:
            return answers.problem(405, f"{evidence} cannot be written", ext)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media not in (f"application/{ext}", f"text/{ext}"):
            return answers.problem(assumed.UNSUPPORTED_TYPE, f"{media!r} is not {ext}", ext)
        try:
            root: Node = (from_xml if ext == "xml" else from_json)(await request.body())
        except NotWellFormed as error:
            return answers.problem(400, f"Not well-formed: {error}", ext)
        dry = request.query_params.get("dry-run") == "true"
        try:
            outcome = run_import(
                self.company,
                root,
                evidence,
                ident,
                reading=self.reading,
                today=self._clock.now().date(),
            )
        except ImportRefused as refusal:
            return answers.refused(refusal, ext, nested=self.nested_errors)
        if not dry:
            self.company = outcome.company
        return answers.imported(
            outcome, ext, self.company.name, status=200 if dry else 201, dry=dry
        )


def _ext(request: Request) -> str:
    return str(request.path_params.get("ext", "xml"))
