"""Hostile programs in the shop's network: what cannot be meant is refused, nothing of it reaches a
vendor, and the counter does not notice."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from tests.conftest import Scale
from tests.flow.box import TOKEN
from tests.flow.evidence import check_numbers
from tests.flow.waiting import LONGEST_S
from tests.vendors.trial import orders
from tests.vendors.trial.shop import REGISTER, TILL_TOKEN, Shop, Town, bearer, shop, town
from tests.vendors.trial.test_black_holes import sold

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 12
"""Connections that one peer has, below what it may have."""


@dataclass
class Place:
    """``client`` is a program that is signed in as technician."""

    there: Town
    at: Shop
    client: httpx.AsyncClient

    def acting(self) -> int:
        """Return how many requests the vendors got that are more than a look or a log-in."""
        every = (each for log in orders.requests(self.there).values() for each in log)
        return sum(
            each.method != "GET" and not each.path.endswith(("/token", "/login", "/sessions"))
            for each in every
        )

    async def runs(self) -> int:
        """Return how many runs there are."""
        return len((await self.client.get("/v1/runs?limit=200")).json()["runs"])

    async def raw(self, data: bytes) -> list[int]:
        """Send bytes; return the statuses of all answers until the box hangs up."""
        host, port = self.at.box.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(data)
            await writer.drain()
            async with asyncio.timeout(LONGEST_S):
                answer = await reader.read()
        finally:
            writer.close()
        heads = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        return [int(each.split()[1]) for each in heads]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """One shop for all tests of this file."""
    async with town() as there, shop(tmp_path_factory.mktemp("hostile"), there.urls) as at:
        async with httpx.AsyncClient(
            base_url=at.box.url,
            headers=bearer(),
            timeout=LONGEST_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=AT_ONCE),
        ) as client:
            yield Place(there, at, client)
        await sold(at.operator)
        check_numbers(at.box.rows(), REGISTER)
        assert at.box.complaints() == []


CALLS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("POST", "/v1/vendors/flexi/cash-payments", {}),
    ("POST", "/v1/vendors/flexi/cash-payments/check", {}),
    ("POST", "/v1/vendors/offercube/invoices/17/pay", {}),
    ("POST", "/v1/vendors/offercube/invoices/17/send", {}),
    ("POST", "/v1/vendors/kassomat/returns", {}),
    ("POST", "/v1/vendors/kassomat/returns/preview", {}),
    ("POST", "/v1/vendors/asello/receipts", {}),
    ("POST", "/v1/vendors/asello/parked", {}),
    ("POST", "/v1/vendors/dvelop/cost_centers/batch", {}),
    ("PUT", "/v1/vendors/dvelop/cost_centers", {"X-User-Action": "1"}),
    ("POST", "/v1/vendors/flexi/xml/faktura-vydana", {"Content-Type": "application/xml"}),
)

BODIES: dict[str, bytes] = {
    "binary": random.Random(7).randbytes(2000),
    "zeros": b"\0" * 5000,
    "deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep list": b"[" * 200_000,
    "deep xml": b"<a>" * 50_000 + b"</a>" * 50_000,
    "entities": b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
    "foreign file": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "many digits": b'{"amount": ' + b"9" * 500_000 + b"}",
    "surrogate": b'{"invoice": "\\ud800", "paid_on": "\\udfff"}',
    "nan": b'{"amount": NaN, "in_19": Infinity}',
    "no utf-8": b'{"invoice": "\xff\xfe"}',
    "huge": b'{"x": "' + b"a" * 12_000_000 + b'"}',
    "huge number of keys": b"{" + b",".join(b'"%d":0' % n for n in range(100_000)) + b"}",
}


async def test_bodies_that_cannot_be_meant_are_refused_and_reach_no_vendor(place: Place) -> None:
    acting, runs = place.acting(), await place.runs()
    wrong = []

    async def tried(number: int, call: tuple[str, str, dict[str, str]], name: str) -> None:
        method, path, more = call
        key = f"hostile-{number}-{name.replace(' ', '-')}"
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, **more}
        try:
            answer = await place.client.request(method, path, content=BODIES[name], headers=headers)
        except httpx.TransportError as error:
            if name == "huge":
                # Refused before it was read: its answer may be lost with the rest of the body.
                return
            wrong.append(f"{method} {path} {name}: {error!r}")
            return
        if not 400 <= answer.status_code < 500 or len(answer.content) > 20_000:
            wrong.append(f"{method} {path} {name}: {answer.status_code} {answer.text[:300]}")

    tries = [tried(n, call, name) for n, call in enumerate(CALLS) for name in BODIES]
    selling = asyncio.create_task(sold(place.at.operator))
    await asyncio.gather(*tries)
    assert (await selling)["state"] == "completed"
    assert wrong == []
    assert place.acting() == acting
    assert await place.runs() == runs


PATHS = (
    "/v1/vendors/flexi/invoices/%2e%2e",
    "/v1/vendors/flexi/invoices/%2e%2e%2f%2e%2e%2fc.json",
    "/v1/vendors/flexi/invoices/..%2fpokladna",
    "/v1/vendors/flexi/invoices/../cash-payments",
    "/v1/vendors/flexi/invoices//",
    "/v1/vendors//flexi/invoices/1130",
    "//v1/vendors/flexi/invoices/1130",
    "/v1//vendors/flexi/invoices/1130",
    "/v1/vendors/flexi/invoices/1130/",
    "/v1/vendors/flexi/invoices/a%00b",
    "/v1/vendors/flexi/invoices/a%0d%0aX-Evil:%201",
    "/v1/vendors/flexi/invoices/%ff%fe",
    "/v1/vendors/flexi/invoices/code:FV1%3Flimit=0",
    "/v1/vendors/flexi/invoices/code:FV1%23",
    "/v1/vendors/flexi%2finvoices%2f1130",
    "/v1/vendors/offercube/schema/..",
    "/v1/vendors/offercube/schema/invoice%2fpay%2f17",
    "/v1/vendors/offercube/schema/invoice%3fsid=1",
    "/v1/vendors/offercube/invoices/17/pay",
    "/v1/vendors/offercube/invoices/17/send",
    "/v1/vendors/dvelop/jobs/%2e%2e%2fbuckets",
    "/v1/vendors/dvelop/jobs/..%2f..%2fidentityprovider%2flogin",
    "/v1/vendors/kassomat/returns/%2e%2e%2f%2e%2e",
    "/v1/vendors/asello/receipts/%2e%2e%2fparked",
    "/v1/vendors/asello/receipts/1%2f..%2f..%2f_sim%2freset",
    "/v1/vendors/FLEXI/invoices/1130",
    "/v1/vendors/%66lexi/../offercube",
)


async def test_paths_that_climb_or_hide_something_reach_nothing_they_should_not(
    place: Place,
) -> None:
    acting = place.acting()
    log = {name: len(stage.log) for name, stage in place.there.stages.items()}
    statuses = {}
    for path in PATHS:
        head = f"GET {path} HTTP/1.1\r\nHost: {place.at.box.url[7:]}\r\n"
        head += f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
        (status,) = await place.raw(head.encode())
        statuses[path] = status
    print(json.dumps(statuses, indent=1))
    # A name that is only strange is a name: the vendor does not know it.
    assert all(400 <= status < 500 or status == 502 for status in statuses.values()), statuses
    assert place.acting() == acting
    sent = [each for name, stage in place.there.stages.items() for each in stage.log[log[name] :]]
    assert not [each for each in sent if each.header("x-evil") is not None]
    # A server that decodes slashes before it looks would climb.
    climbing = [each.target for each in sent if ".." in unquote(each.path).split("/")]
    assert climbing == []


def _request(
    path: str, headers: str, body: bytes = b"{}", method: str = "POST", token: str = TOKEN
) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
    return head.encode("latin-1") + body


async def test_smuggled_requests_and_headers_are_not_taken(place: Place) -> None:
    acting, runs = place.acting(), await place.runs()
    host = f"Host: {place.at.box.url[7:]}\r\n"
    kind = "Content-Type: application/json\r\nIdempotency-Key: smuggled\r\n"
    pay = "/v1/vendors/offercube/invoices/18/pay"
    inner = _request(pay, f"{host}{kind}Content-Length: 2\r\n")
    hidden = b"0\r\n\r\n" + inner
    cases = {
        "both lengths": _request(
            pay, f"{host}{kind}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", hidden
        ),
        "two lengths": _request(pay, f"{host}{kind}Content-Length: 2\r\nContent-Length: 9\r\n"),
        "strange coding": _request(pay, f"{host}{kind}Transfer-Encoding: xchunked\r\n", hidden),
        "blank before colon": _request(pay, f"{host}{kind}Content-Length : 2\r\n"),
        "folded": _request(pay, f"{host}{kind}X-A: 1\r\n Content-Length: 2\r\n"),
        "bare newline": _request(pay, f"{host}{kind}X-A: 1\nContent-Length: 2\r\n"),
        "nul": _request(pay, f"{host}{kind}X-A: \0\r\nContent-Length: 2\r\n"),
        "no host": _request(pay, f"{kind}Content-Length: 2\r\n"),
        "two hosts": _request(pay, f"{host}Host: evil.example\r\n{kind}Content-Length: 2\r\n"),
        "foreign host": _request(pay, f"Host: evil.example\r\n{kind}Content-Length: 2\r\n"),
        "foreign origin": _request(
            pay, f"{host}{kind}Origin: https://evil.example\r\nContent-Length: 2\r\n"
        ),
        "null origin": _request(pay, f"{host}{kind}Origin: null\r\nContent-Length: 2\r\n"),
        "two keys": _request(pay, f"{host}{kind}Idempotency-Key: other\r\nContent-Length: 2\r\n"),
        "form of a page": _request(
            pay,
            f"{host}Content-Type: text/plain\r\nIdempotency-Key: smuggled\r\nContent-Length: 2\r\n",
        ),
        "method override": _request(
            pay, f"{host}X-HTTP-Method-Override: POST\r\n", b"", method="GET"
        ),
        "get": _request(pay, f"{host}{kind}", b"", method="GET"),
        "no key": _request(pay, f"{host}Content-Type: application/json\r\nContent-Length: 2\r\n"),
        "real return as till": _request(
            "/v1/vendors/kassomat/returns",
            f"{host}{kind}X-Confirm: 1\r\nContent-Length: 2\r\n",
            token=TILL_TOKEN,
        ),
        "no token": _request(pay, f"{host}{kind}Content-Length: 2\r\n", token="nobody"),
    }
    for name, data in cases.items():
        head, _, rest = data.partition(b"\r\n")
        statuses = await place.raw(head + b"\r\nConnection: close\r\n" + rest)
        assert statuses, name
        assert all(400 <= status < 500 for status in statuses), f"{name}: {statuses}"
        assert place.acting() == acting, name
    assert await place.runs() == runs


async def test_callers_headers_do_not_reach_the_vendor(place: Place) -> None:
    since = {name: len(stage.log) for name, stage in place.there.stages.items()}
    evil = {
        "Cookie": "session=evil",
        "X-Kassomat-Auth-Token": "evil",
        "X-authSessionId": "evil",
        "X-Forwarded-For": "evil",
        "Origin": place.at.box.url,
        "Accept": "evil/evil",
        "User-Agent": "evil",
        "Accept-Language": "de",
    }
    for path in ("/v1/vendors/flexi/invoices/code:FV1", "/v1/vendors/kassomat/tenants"):
        answer = await place.client.get(path, headers=evil)
        assert answer.status_code in (200, 400, 401), answer.text
    for name, stage in place.there.stages.items():
        for each in stage.log[since[name] :]:
            assert "evil" not in str(each.headers), each
            assert TOKEN not in str(each.headers), each


async def test_hundreds_of_calls_at_once_are_each_answered_and_each_key_acts_once(
    place: Place, scale: Scale
) -> None:
    count, keys = scale.of(400, 5000), 10
    payments = list(orders.cube_pays(place.there, keys))

    async def paid(number: int) -> Any:
        errand = payments[number % keys]
        while True:
            try:
                answer = await place.client.post(
                    f"/v1/vendors/{errand.vendor}{errand.path}",
                    json=errand.body,
                    headers={"Idempotency-Key": errand.key},
                )
            except httpx.TransportError:
                continue
            return answer.status_code, answer.json().get("code")

    calls = asyncio.gather(*(paid(number) for number in range(count)))
    done = [await sold(place.at.operator) for _ in range(3)]
    answers = Counter(await calls)
    print(answers)
    assert [each["state"] for each in done] == ["completed"] * 3
    assert set(answers) <= {(200, None), (202, None), (409, "in_progress")}
    assert [each.effects() for each in payments] == [1] * keys
