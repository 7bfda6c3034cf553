"""Canaries: no secret of a vendor is anywhere but on its wire."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from bridge.vendors.engine.redact import SHORTEST, guard_log
from bridge.vendors.engine.spec import Kind
from tests.vendors.rules.bench import Bench, Subject, bench, vendors

FAULTS = ("drop_after", "bad_json", "status")
_CHATTY = ("httpx", "httpcore")


class Lines(logging.Handler):
    """Keeps what is logged, tracebacks included."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def guarded() -> Iterator[Lines]:
    """The daemon's own kind of log, with libraries as talkative as they can be."""
    lines, root = Lines(), logging.getLogger()
    guard_log([lines])
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield lines
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(lines)


@pytest.fixture
def bare() -> Iterator[Lines]:
    """What the box itself logs, before anything is filtered."""
    lines, bridge = Lines(), logging.getLogger("bridge")
    bridge.addHandler(lines)
    yield lines
    bridge.removeHandler(lines)


def canaries(made: Bench) -> dict[str, str]:
    """Return all secrets in the encodings in which they travel."""
    secrets = dict(made.subject.samples.SECRETS)
    for number, token in enumerate(made.auth.tokens):
        secrets[f"token {number}"] = token.reveal()
    if {"user", "password"} <= set(secrets):
        secrets["basic"] = f"{secrets['user']}:{secrets['password']}"
    found = {}
    for name, value in secrets.items():
        if len(value) < SHORTEST:
            continue
        found[name] = value
        found[f"{name}, percent"] = quote(value, safe="")
        found[f"{name}, form"] = quote_plus(value)
        found[f"{name}, base64"] = base64.b64encode(value.encode()).decode().rstrip("=")
        found[f"{name}, JSON"] = json.dumps(value)[1:-1]
    return found


def content(folder: Path) -> bytes:
    """Return all bytes of the store, its log included."""
    return b"".join(each.read_bytes() for each in folder.iterdir() if each.is_file())


def leaks(made: Bench, text: str) -> list[str]:
    return [name for name, value in canaries(made).items() if value in text]


@pytest.mark.parametrize("subject", vendors())
async def test_no_secret_is_in_log_store_run_problem_or_board(
    tmp_path: Path, subject: Subject, guarded: Lines, bare: Lines
) -> None:
    said: list[str] = []
    async with bench(tmp_path, subject, read_timeout_s=0.5) as made:
        for name in subject.samples.SAMPLES:
            if subject.vendor.operation(name).build is None:
                continue
            for fault in ("", *FAULTS):
                if fault:
                    made.strike(name, fault, status=401 if fault == "status" else 200)
                reply = await made.done(name)
                said += [str(reply.headers), reply.body.decode("utf-8", "replace")]
                made.stage.no_faults()
        await made.stage.down()
        said.append(str((await made.counter.check()).facts))
        await made.stage.up()
        made.stage.fault("status", -1, status=401)
        for name in subject.samples.SAMPLES:
            if subject.vendor.operation(name).kind is Kind.READ:
                said.append((await made.done(name)).body.decode("utf-8", "replace"))
        part = await made.counter.check()
        said.append(json.dumps([str(part), part.fault and part.fault.as_problem("en")]))
        said += [json.dumps(each.as_body()) for each in await made.counter.runs()]
        said.append(str(made.counter.desk.vendors("de")))
        said.append(str(made.counter.desk.routes()))
        assert subject.samples.SECRETS == {} or canaries(made), "there is something to look for"
        stored = content(tmp_path)
        assert leaks(made, stored.decode("latin-1")) == []
        assert leaks(made, stored.decode("utf-8", "replace")) == []
        for text in said:
            assert leaks(made, text) == [], text
        for line in bare.lines:
            assert leaks(made, line) == [], line
        for line in guarded.lines:
            assert leaks(made, line) == [], line
    assert any("httpcore" in line for line in guarded.lines), "the libraries were talkative"


@pytest.mark.parametrize("subject", vendors())
async def test_no_secret_shows_in_what_the_engine_holds(tmp_path: Path, subject: Subject) -> None:
    async with bench(tmp_path, subject) as made:
        for name, value in subject.samples.SECRETS.items():
            if len(value) >= SHORTEST:
                assert value not in repr(vars(made.counter.desk)), name
                for _, draft in made.drafts:
                    assert value not in repr(draft), f"{name} would be stored"
