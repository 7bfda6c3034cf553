"""Messages to the service manager."""

from __future__ import annotations

import pytest

from bridge.daemon import Notifier
from tests.daemon.notifications import NotifySocket


@pytest.mark.parametrize("abstract", [False, True])
def test_each_message_is_one_datagram_of_assignments(abstract: bool) -> None:
    with NotifySocket(abstract=abstract) as manager:
        notifier = Notifier.from_environ({"NOTIFY_SOCKET": manager.address})
        notifier.status("starting")
        notifier.ready("ready")
        notifier.alive()
        notifier.stopping("stopping")
        notifier.still_stopping(1.5)
        notifier.close()
        assert manager.waiting() == [
            {"STATUS": "starting"},
            {"READY": "1", "STATUS": "ready"},
            {"WATCHDOG": "1"},
            {"STOPPING": "1", "STATUS": "stopping"},
            {"EXTEND_TIMEOUT_USEC": "1500000", "WATCHDOG": "1"},
        ]


def test_a_status_is_one_line_and_not_repeated() -> None:
    with NotifySocket() as manager:
        notifier = Notifier(manager.address)
        notifier.status("Papier\nMAINPID=1")
        notifier.status("Papier\nMAINPID=1")
        notifier.close()
        assert manager.waiting() == [{"STATUS": "Papier MAINPID=1"}]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "relative/path"])
def test_without_a_socket_that_it_knows_nothing_is_sent(address: str | None) -> None:
    notifier = Notifier(address)
    notifier.ready("ready")
    notifier.alive()
    notifier.close()


def test_a_service_manager_that_is_gone_is_noted_once_and_disturbs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with NotifySocket() as manager:
        address = manager.address
    notifier = Notifier(address)
    for _ in range(3):
        notifier.alive()
    notifier.close()
    notifier.alive()
    assert len(caplog.records) == 1


def test_a_service_manager_that_does_not_read_holds_nobody_up() -> None:
    with NotifySocket() as manager:
        notifier = Notifier(manager.address)
        for number in range(10_000):
            notifier.status(f"status {number}")
        notifier.close()


def test_that_the_box_is_ready_arrives_even_if_the_service_manager_was_busy_just_then() -> None:
    with NotifySocket() as manager:
        notifier = Notifier(manager.address)
        for number in range(10_000):
            notifier.status(f"status {number}")
        notifier.ready("ready")
        assert not any("READY" in message for message in manager.waiting())
        notifier.status("ready")
        notifier.alive()
        notifier.alive()
        notifier.close()
        assert manager.waiting() == [
            {"READY": "1", "STATUS": "ready"},
            {"WATCHDOG": "1"},
            {"WATCHDOG": "1"},
        ]
