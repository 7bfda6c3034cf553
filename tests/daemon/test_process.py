"""``bonbridge run`` as a real process beside real processes of card and printer."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.notifications import NotifySocket
from tests.daemon.processes import AES_KEY, PIN, TOKEN, DaemonProcess, Place, printer

LONGEST_LOG = 20
"""Lines of one uneventful life."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def manager() -> Iterator[NotifySocket]:
    with NotifySocket() as manager:
        yield manager


def check_no_secret(daemon: DaemonProcess) -> None:
    """The planted secrets are in nothing that was printed."""
    for secret in (PIN, AES_KEY, TOKEN):
        assert secret not in daemon.out + daemon.err


def test_a_box_gets_ready_feeds_the_watchdog_and_stops_at_sigterm(
    place: Place, manager: NotifySocket
) -> None:
    with (
        printer(place.root / "receipts") as address,
        place.card(),
        place.with_printer(address).daemon(manager, WATCHDOG_USEC="200000") as daemon,
    ):
        assert manager.wait_for(READY="1")["STATUS"].startswith("ready")
        for _ in range(3):
            manager.wait_for(WATCHDOG="1")
        daemon.tell(signal.SIGTERM)
        manager.wait_for(STOPPING="1")
        assert daemon.wait() == 0
    assert daemon.out == ""
    assert len(daemon.err.splitlines()) < LONGEST_LOG, daemon.err
    check_no_secret(daemon)


def test_a_process_that_stands_still_is_not_reported_alive(
    place: Place, manager: NotifySocket
) -> None:
    with place.card(), place.daemon(manager, WATCHDOG_USEC="200000") as daemon:
        manager.wait_for(READY="1")
        manager.wait_for(WATCHDOG="1")
        daemon.tell(signal.SIGSTOP)
        os.waitpid(daemon.process.pid, os.WUNTRACED)
        manager.waiting()
        assert manager.next(1.0) is None
        daemon.tell(signal.SIGCONT)
        manager.wait_for(WATCHDOG="1")
        assert daemon.stop() == 0


def test_without_a_card_and_a_printer_the_box_is_ready_and_says_what_is_missing(
    place: Place, manager: NotifySocket
) -> None:
    with place.daemon(manager) as daemon:
        status = manager.wait_for(READY="1")["STATUS"]
        assert "unit:card: No signature card found" in status
        assert daemon.stop() == 0
    check_no_secret(daemon)


def test_a_second_daemon_is_refused_with_code_3_and_disturbs_nothing(
    place: Place, manager: NotifySocket
) -> None:
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        with NotifySocket() as other, place.daemon(other) as second:
            assert second.wait() == 3
            told = other.waiting()
        assert "The journal is already in use" in second.err
        assert f"held by process {daemon.process.pid}" in second.err
        assert "Traceback" not in second.err
        assert not any("READY" in message for message in told)
        assert told[-1]["STATUS"].startswith("journal_locked")
        assert daemon.stop() == 0


def test_after_a_kill_the_box_starts_again_at_once(place: Place, manager: NotifySocket) -> None:
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        daemon.tell(signal.SIGKILL)
        assert daemon.wait() == -signal.SIGKILL
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        assert daemon.stop() == 0


def test_a_sigterm_during_the_start_ends_it_in_order(place: Place, manager: NotifySocket) -> None:
    with place.daemon(manager) as daemon:  # without a card the start takes a while
        manager.wait_for(STATUS="starting")
        daemon.tell(signal.SIGTERM)
        assert daemon.wait() == 0
        assert not any("READY" in message for message in manager.waiting())
    assert "Traceback" not in daemon.err


def test_what_the_box_writes_is_for_its_user_alone(place: Place, manager: NotifySocket) -> None:
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        for folder in ("data", "mirror"):
            for path in (place.root / folder).iterdir():
                assert path.stat().st_mode & 0o077 == 0, path
        assert daemon.stop() == 0


def test_under_journald_each_line_begins_with_its_priority(
    place: Place, manager: NotifySocket
) -> None:
    log = place.root / "log"
    with log.open("w", encoding="utf-8") as stream:
        found = os.fstat(stream.fileno())
        given = f"{found.st_dev}:{found.st_ino}"
        with place.daemon(manager, stderr=stream, JOURNAL_STREAM=given) as daemon:
            manager.wait_for(READY="1")
            assert daemon.stop() == 0
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(line[0] == "<" and line[2] == ">" for line in lines), lines
    assert any(line.startswith("<4>unit:card: failed") for line in lines), lines


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with DaemonProcess(("--config", str(tmp_path / "none.toml")), {}) as daemon:
        assert daemon.wait() == 1
    assert "config_unreadable" in daemon.err
    assert "none.toml" in daemon.err
    assert "Traceback" not in daemon.err


def test_every_problem_of_a_wrong_configuration_is_named(place: Place) -> None:
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(
        text.replace('units = ["card"]', 'units = ["cart"]').replace('"AT100"', '"100"'),
        encoding="utf-8",
    )
    with place.daemon() as daemon:
        assert daemon.wait() == 1
    assert "register[0].units[0] no signing unit `cart`" in daemon.err
    assert "signing_unit[0].vda" in daemon.err
    assert not (place.root / "data").exists()


def test_every_missing_or_unusable_credential_is_named_and_never_shown(place: Place) -> None:
    (place.root / "credentials" / "card.pin").unlink()
    place.secret("a.aes", AES_KEY[:-2])
    with place.daemon() as daemon:
        assert daemon.wait() == 1
    assert "credential_missing" in daemon.err
    assert "aes_key_invalid" in daemon.err
    assert AES_KEY[:-2] not in daemon.err
    assert not (place.root / "data").exists()


def test_a_damaged_journal_is_not_written_to(place: Place, manager: NotifySocket) -> None:
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        assert daemon.stop() == 0
    with contextlib.closing(sqlite3.connect(place.journal)) as forger:
        forger.execute(
            "INSERT INTO event VALUES(1,'receipt.opened',1,x'7b7d','A','r',NULL,NULL,x'00',x'00')"
        )
        forger.commit()
    before = place.journal.read_bytes()
    with place.daemon(manager) as daemon:
        assert daemon.wait() == 1
    assert "journal_damaged" in daemon.err
    assert place.journal.read_bytes() == before


def test_a_journal_that_is_gone_is_not_begun_anew(place: Place, manager: NotifySocket) -> None:
    with place.card(), place.daemon(manager) as daemon:
        manager.wait_for(READY="1")
        assert daemon.stop() == 0
    (place.root / "mirror" / "journal.mirror").write_text("remembers\n", encoding="utf-8")
    for path in (place.root / "data").glob("journal.db*"):
        path.unlink()
    with place.daemon() as daemon:
        assert daemon.wait() == 1
    assert "journal_missing" in daemon.err
    assert not place.journal.exists()
