"""A real daemon asked over its socket: what is under way when it is told to stop gets its end."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.cli.main import main
from tests.daemon.notifications import LONGEST_S, NotifySocket
from tests.daemon.processes import Place, printer


class Counter:
    """The counter's program: sells over the daemon's socket."""

    def __init__(self, socket: Path) -> None:
        self.http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://localhost",
            timeout=LONGEST_S,
            trust_env=False,
        )

    def post(self, call: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
        """Return the answer to a command; it must succeed."""
        headers = {"idempotency-key": key} if key else {}
        answer = self.http.post(f"/v1{call}", json=body, headers=headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def start(self) -> None:
        """Make the Startbeleg."""
        self.post("/registers/A/receipts", {"kind": "start"}, "startbeleg-A")

    def open(self) -> dict[str, Any]:
        """Open a receipt of one line."""
        line = {"text": "Semmel", "unit_cents": 120, "rate": "reduced1"}
        return self.post("/receipts", {"register_id": "A", "lines": [line]})

    def complete(self, receipt: dict[str, Any], key: str) -> dict[str, Any]:
        """Complete a receipt, paid in cash."""
        body = {"rev": receipt["rev"], "payments": [{"kind": "cash"}]}
        return self.post(f"/receipts/{receipt['id']}/complete", body, key)


@pytest.fixture
def manager() -> Iterator[NotifySocket]:
    with NotifySocket() as manager:
        yield manager


@pytest.fixture
def runtime() -> Iterator[Path]:
    """systemd's runtime directory; its path is short enough for any client of the socket."""
    path = Path(tempfile.mkdtemp(prefix="run-"))
    yield path
    shutil.rmtree(path)


def rows(place: Place, kind: str) -> list[tuple[Any, ...]]:
    """Return receipt, number and JWS of all events of a kind, from the file on disk."""
    with closing(sqlite3.connect(place.journal)) as journal:
        return journal.execute(
            "SELECT receipt, number, jws FROM event WHERE kind=? ORDER BY seq", (kind,)
        ).fetchall()


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until other processes have brought something about."""
    until = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.01)


def test_a_receipt_that_is_being_signed_at_sigterm_is_answered_durable_and_printed_once(
    tmp_path: Path, runtime: Path, manager: NotifySocket
) -> None:
    out = tmp_path / "papers"
    with printer(out) as address, (place := Place(tmp_path, address)).card() as card:
        with place.daemon(manager, RUNTIME_DIRECTORY=str(runtime)) as daemon:
            manager.wait_for(READY="1")
            counter = Counter(runtime / "bonbridge.sock")
            counter.start()
            receipt = counter.open()
            card.set(delay_ms=1500)
            answers: list[dict[str, Any]] = []
            selling = threading.Thread(
                target=lambda: answers.append(counter.complete(receipt, "sale-under-way"))
            )
            before = card.state()["verifies"]
            selling.start()
            wait_until(lambda: card.state()["verifies"] > before)
            daemon.tell(signal.SIGTERM)
            assert daemon.wait() == 0
            selling.join(LONGEST_S)
            counter.http.close()
        completed = rows(place, "receipt.completed")
        assert [number for _, number, _ in completed] == [1, 2]
        assert answers[0]["number"] == 2
        assert answers[0]["signed"] is True
        assert "Traceback" not in daemon.err
        assert not (runtime / "bonbridge.sock").exists()

        # What was still due when the box stopped is printed by the next one, nothing twice.
        card.set(delay_ms=0)
        with place.daemon(manager, RUNTIME_DIRECTORY=str(runtime)) as again:
            manager.wait_for(READY="1")
            counter = Counter(runtime / "bonbridge.sock")
            counter.complete(counter.open(), "sale-afterwards")
            counter.http.close()
            wait_until(lambda: len(rows(place, "paper.printed")) == 3)
            assert again.stop() == 0
    assert [number for _, number, _ in rows(place, "receipt.completed")] == [1, 2, 3]
    assert len(rows(place, "paper.printed")) == 3
    assert not rows(place, "paper.unknown")


def test_a_killed_box_keeps_every_receipt_that_it_has_answered(
    tmp_path: Path, runtime: Path, manager: NotifySocket
) -> None:
    place = Place(tmp_path)
    with place.card():
        for number in (2, 3):
            with place.daemon(manager, RUNTIME_DIRECTORY=str(runtime)) as daemon:
                manager.wait_for(READY="1")
                counter = Counter(runtime / "bonbridge.sock")
                if number == 2:
                    counter.start()
                sold = counter.complete(counter.open(), f"sale-number-{number}")
                counter.http.close()
                daemon.tell(signal.SIGKILL)
                daemon.wait()
            assert sold["number"] == number
            assert [found for _, found, _ in rows(place, "receipt.completed")][-1] == number


def test_a_rebuild_is_done_by_the_running_box(
    tmp_path: Path, manager: NotifySocket, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        mirror = str(place.root / "mirror" / "journal.mirror")
        code = main(["journal", "rebuild", str(place.journal), "--mirror", mirror])
        assert daemon.stop() == 0
    assert code == 0, capsys.readouterr().err
    assert capsys.readouterr().out.startswith("ok: derived state rebuilt from")
