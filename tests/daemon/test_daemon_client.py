"""How commands that write find the running daemon and talk to it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bridge.app import PROJECTIONS
from bridge.cli.daemon_client import (
    LONGEST_SOCKET_PATH,
    DaemonClient,
    DaemonForbidden,
    DaemonGone,
    DaemonNotRunning,
    DaemonRefused,
    client_of,
)
from bridge.cli.main import main
from bridge.daemon.place import SOCKET_NAME
from bridge.journal.event import NewEvent, WriteSet
from bridge.journal.faults import JournalLocked, JournalUnwritable
from bridge.journal.lock import JournalLock
from bridge.journal.store import Journal, JournalPaths
from drivers.contract.clock import SystemClock


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """An HTTP server on a Unix socket that notes what it is asked and answers as it is told."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answer: tuple[int, str, bytes] | None = (200, "application/json", b'{"ok": true}')
        directory = os.open(path.parent, os.O_PATH)
        super().__init__(f"/proc/self/fd/{directory}/{path.name}", _Handler)
        os.close(directory)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])) or b"null"
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers, json.loads(body)))
        if self.server.answer is None:
            return
        status, kind, content = self.server.answer
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "socket"


@contextmanager
def serving(path: Path) -> Iterator[Server]:
    """Serve on a socket."""
    server = Server(path)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        path.unlink(missing_ok=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: a socket's address has room for 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="client-"))
    yield path
    shutil.rmtree(path)


def test_a_call_reaches_the_daemon_as_json_in_the_language_asked_for(folder: Path) -> None:
    with serving(folder / "s") as server:
        answer = DaemonClient(folder / "s", "de").post("/v1/journal/rebuild", {"a": 1})
    assert answer == {"ok": True}
    ((method, path, headers, body),) = server.asked
    assert (method, path, body) == ("POST", "/v1/journal/rebuild", {"a": 1})
    assert headers["host"] == "localhost"
    assert headers["accept-language"] == "de"
    assert headers["content-type"] == "application/json"
    assert "cookie" not in headers
    assert "origin" not in headers


def test_an_answer_without_content_is_none(folder: Path) -> None:
    with serving(folder / "s") as server:
        server.answer = (204, "application/json", b"")
        assert DaemonClient(folder / "s").post("/v1/links/connect") is None


@pytest.mark.parametrize("length", [LONGEST_SOCKET_PATH, LONGEST_SOCKET_PATH + 1, 300])
def test_a_socket_is_reached_however_long_its_path_is(folder: Path, length: int) -> None:
    place = folder
    while length - len(str(place)) > 80:
        place /= "d" * 60
    place.mkdir(parents=True, exist_ok=True)
    path = place / ("s" * (length - len(str(place)) - 1))
    assert len(str(path)) == length
    with serving(path):
        client = DaemonClient(path)
        assert client.post("/") == {"ok": True}
        assert client.process() == os.getpid()


def test_environment_proxies_are_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    with serving(folder / "s"):
        assert DaemonClient(folder / "s").post("/") == {"ok": True}


def test_a_problem_is_told_with_its_advice_and_code(folder: Path) -> None:
    problem = JournalUnwritable("the disk is gone").as_problem("de")
    with serving(folder / "s") as server:
        server.answer = (503, "application/problem+json", json.dumps(problem).encode())
        with pytest.raises(DaemonRefused) as told:
            DaemonClient(folder / "s", "de").post("/v1/journal/rebuild")
    assert told.value.detail.splitlines() == [
        JournalUnwritable.title.de,
        "the disk is gone",
        JournalUnwritable.advice.de,
        "journal_unwritable",
    ]


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b"\xff"])
def test_a_refusal_that_is_no_problem_document_is_told_by_its_status(
    folder: Path, content: bytes
) -> None:
    with serving(folder / "s") as server:
        server.answer = (502, "text/html", content)
        with pytest.raises(DaemonRefused, match="status 502"):
            DaemonClient(folder / "s").post("/")


def test_a_daemon_that_ends_before_its_answer_leaves_the_outcome_open(folder: Path) -> None:
    with serving(folder / "s") as server:
        server.answer = None
        with pytest.raises(DaemonGone):
            DaemonClient(folder / "s").post("/")


def test_an_answer_that_is_no_json_leaves_the_outcome_open(folder: Path) -> None:
    with serving(folder / "s") as server:
        server.answer = (200, "application/json", b"{")
        with pytest.raises(DaemonGone, match="no JSON"):
            DaemonClient(folder / "s").post("/")


@pytest.mark.parametrize("left_behind", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_where_nobody_listens_the_daemon_does_not_run(
    folder: Path, left_behind: bool, long: bool
) -> None:
    path = folder / ("s" * (LONGEST_SOCKET_PATH + 20 if long else 1))
    if left_behind:
        path.touch()
    client = DaemonClient(path)
    with pytest.raises(DaemonNotRunning):
        client.post("/")


def test_a_folder_that_is_not_there_is_no_running_daemon(folder: Path) -> None:
    client = DaemonClient(folder / ("d" * 120) / "s")
    with pytest.raises(DaemonNotRunning):
        client.post("/")


def test_a_socket_of_another_user_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with pytest.raises(DaemonForbidden):
        DaemonClient(folder / "s").post("/")


def test_only_the_process_that_holds_the_journal_is_taken_for_its_daemon(folder: Path) -> None:
    path = folder / "journal.lock"
    assert client_of(path) is None
    lock = JournalLock(path)
    assert client_of(path) is None
    with serving(folder / "bonbridge.sock"):
        client = client_of(path)
        assert client is not None
        assert client.path == folder / "bonbridge.sock"
        path.write_text("1", encoding="ascii")
        assert client_of(path) is None
        path.write_text("", encoding="ascii")
        assert client_of(path) is None
    lock.release()


def rebuild(paths: JournalPaths) -> int:
    return main(["journal", "rebuild", str(paths.database), "--mirror", str(paths.mirror)])


@pytest.fixture
def paths(folder: Path) -> JournalPaths:
    """A journal with one event."""
    paths = JournalPaths(folder / "journal.db", folder / "mirror")

    async def make() -> None:
        journal = Journal.open(paths, SystemClock(), PROJECTIONS)
        await journal.submit(WriteSet((NewEvent("test", 1, b"{}"),)))
        await journal.close()

    asyncio.run(make())
    return paths


def test_a_rebuild_takes_the_lock_when_no_daemon_runs(
    paths: JournalPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuild(paths) == 0
    assert capsys.readouterr().out == "ok: derived state rebuilt from 1 events\n"


def test_a_rebuild_asks_the_daemon_that_holds_the_lock(
    paths: JournalPaths, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = JournalLock(paths.lock)
    with serving(folder / SOCKET_NAME) as server:
        server.answer = (200, "application/json", b'{"events": 7}')
        assert rebuild(paths) == 0
    lock.release()
    assert [(method, path) for method, path, *_ in server.asked] == [
        ("POST", "/v1/journal/rebuild")
    ]
    assert capsys.readouterr().out == "ok: derived state rebuilt from 7 events\n"


def test_a_rebuild_leaves_a_journal_alone_that_somebody_else_holds(
    paths: JournalPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = JournalLock(paths.lock)
    assert rebuild(paths) == JournalLocked.exit_code
    lock.release()
    assert "journal_locked" in capsys.readouterr().err


def test_a_rebuild_that_the_daemon_refuses_fails_with_its_words(
    paths: JournalPaths, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = JournalLock(paths.lock)
    problem = JournalUnwritable("the disk is gone").as_problem("en")
    with serving(folder / SOCKET_NAME) as server:
        server.answer = (503, "application/problem+json", json.dumps(problem).encode())
        assert rebuild(paths) == 1
    lock.release()
    told = capsys.readouterr().err
    assert "the disk is gone" in told
    assert "Code: daemon_refused" in told
