"""The vendor's HTTP interface: single records, lists, jobs, the platform's log-in."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Never
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulators.vendors.dvelop import assumed
from simulators.vendors.dvelop.access import Access
from simulators.vendors.dvelop.masterdata import SUCCESSFUL, Job, MasterData
from simulators.vendors.dvelop.table import ENTITIES
from simulators.vendors.kit import SimClock

_LOGIN = "/identityprovider/login"
_API = "/smartinvoice/api/v1/"
_RECORDS = "/_sim/records"
_MINUTE_S = 60.0


class Refused(Exception):
    """An answer that is not a good one."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


class DvelopSurface:
    """The vendor. See ``make`` for the options."""

    name = "dvelop"

    def __init__(
        self,
        clock: SimClock,
        access: Access,
        data: MasterData,
        *,
        per_minute: int,
        retry_after: bool,
        batch_status: int,
    ) -> None:
        self.data = data
        self._clock = clock
        self._access = access
        self._per_minute = per_minute
        self._retry_after = retry_after
        self._batch_status = batch_status
        self._singles: deque[float] = deque()

    @property
    def app(self) -> ASGIApp:
        return self._serve

    def reset(self) -> None:
        """Forget everything that happened."""
        self.data.clear()
        self._access.clear()
        self._singles.clear()

    def golden(self) -> None:
        """Forget everything and hold the data of the vendor's own examples."""
        self.reset()
        self.data.golden()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Refused as refused:
            response = JSONResponse(
                {assumed.REFUSED_KEY: refused.reason}, refused.status, refused.headers
            )
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii")
        if path == _RECORDS:
            return self._shown(request)
        if path == _LOGIN:
            return self._log_in(request)
        if not self._access.allows(request.headers):
            return _not_logged_in(request, path)
        if not request.headers.get("origin"):
            raise Refused(assumed.NO_ORIGIN_STATUS, "no Origin")
        match path.removeprefix(_API).split("/") if path.startswith(_API) else []:
            case ["masterdata", "import_jobs", job_id]:
                _only(request, "GET")
                return JSONResponse(_told(self._job(job_id)))
            case ["buckets", place, entity]:
                bucket = unquote(place)
                self._check_place(bucket, entity)
                _only(request, "PUT")
                return self._put(bucket, entity, await _body(request))
            case ["buckets", place, entity, "batch"]:
                bucket = unquote(place)
                self._check_place(bucket, entity)
                _only(request, "POST")
                return self._take(bucket, entity, await _body(request))
        raise Refused(404, "no such path")

    def _log_in(self, request: Request) -> Response:
        _only(request, "GET")
        if self._access.has_key(request.headers):
            return JSONResponse(self._access.log_in())
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse("<!DOCTYPE html><title>Log in</title>")
        raise Refused(401, "unknown API key")

    def _check_place(self, bucket: str, entity: str) -> None:
        if not self.data.has(bucket):
            raise Refused(404, "no such bucket")
        if entity not in ENTITIES:
            raise Refused(404, "no such entity")

    def _job(self, job_id: str) -> Job:
        found = self.data.job(job_id)
        if found is None:
            raise Refused(404, "no such job")
        return found

    def _put(self, bucket: str, entity: str, record: Any) -> Response:
        self._count_single()
        if not isinstance(record, dict):
            raise Refused(400, "one record is expected, no array")
        if isinstance(record.get(entity), dict | list):
            raise Refused(400, "one record is expected, without wrapper key")
        if found := self.data.put(bucket, entity, record):
            raise Refused(assumed.INVALID_RECORD_STATUS, "; ".join(found))
        return JSONResponse({"status": SUCCESSFUL}, 201)

    def _take(self, bucket: str, entity: str, body: Any) -> Response:
        if not isinstance(body, dict) or list(body) != [entity]:
            raise Refused(400, f"an object with the only key {entity} is expected")
        if not isinstance(body[entity], list):
            raise Refused(400, "an array of records is expected")
        job = self.data.take(bucket, entity, body[entity])
        return JSONResponse({"jobs": [{"job_id": job.id}]}, self._batch_status)

    def _count_single(self) -> None:
        now = self._clock.monotonic()
        while self._singles and self._singles[0] <= now - _MINUTE_S:
            self._singles.popleft()
        if len(self._singles) >= self._per_minute:
            wait = {"retry-after": str(assumed.RETRY_AFTER_S)} if self._retry_after else None
            raise Refused(429, "too many single records", wait)
        self._singles.append(now)

    def _shown(self, request: Request) -> Response:
        """Answer what is held: ``?bucket=&entity=``."""
        _only(request, "GET")
        wish = dict(parse_qsl(request.scope["query_string"].decode("ascii")))
        bucket, entity = wish.get("bucket", ""), wish.get("entity", "")
        self._check_place(bucket, entity)
        return JSONResponse({"records": self.data.records(bucket, entity)})


def _told(job: Job) -> dict[str, str]:
    return {"job_id": job.id, "status": job.status}


def _not_logged_in(request: Request, path: str) -> Response:
    """Send browsers to the log-in page, refuse programs."""
    if request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{_LOGIN}?redirect={quote(path, safe='')}", 302)
    raise Refused(401, "not logged in")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise Refused(405, f"only {method}", {"allow": method})


async def _body(request: Request) -> Any:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Refused(assumed.WRONG_MEDIA_STATUS, "application/json is expected")
    try:
        return json.loads(await request.body(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "not JSON") from None


def _no_constant(literal: str) -> Never:
    raise ValueError(literal)
