"""Messages to the service manager: one datagram each, as sd_notify(3) describes it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)

_READY, _STOPPING = "READY=1", "STOPPING=1"
_ONCE = (_READY, _STOPPING)
"""Changes of state, which are said once; all else is said again sooner or later."""


class Notifier:
    """Tells systemd how the daemon is. Without ``$NOTIFY_SOCKET`` every message goes nowhere.

    Sending never waits and never raises: a service manager that does not listen must not hold a
    receipt up. What must arrive once and did not is sent with the next message.
    """

    def __init__(self, address: str | None) -> None:
        """``address`` is a path, or ``@`` and a name in the abstract namespace of Linux."""
        self._address: bytes | None = None
        self._socket: socket.socket | None = None
        self._failed = False
        self._status = ""
        self._owed: list[str] = []
        if address and address[0] in "/@":
            raw = address.encode()
            self._address = b"\0" + raw[1:] if raw.startswith(b"@") else raw
            kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            self._socket = socket.socket(socket.AF_UNIX, kind)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Notifier:
        """Return the notifier for the service manager that started this process, if one did."""
        return cls(environ.get("NOTIFY_SOCKET"))

    def ready(self, status: str) -> None:
        """Say that the till takes commands."""
        self._status = status
        self._send(_READY, _status(status))

    def status(self, status: str) -> None:
        """Say in one line how the daemon is; a repetition is not sent."""
        if status != self._status:
            self._status = status
            self._send(_status(status))

    def stopping(self, status: str) -> None:
        """Say that the daemon has begun to stop."""
        self._status = status
        self._send(_STOPPING, _status(status))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def still_stopping(self, seconds: float) -> None:
        """Ask for more time to stop, and feed the watchdog meanwhile."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}", "WATCHDOG=1")

    def close(self) -> None:
        """Give the descriptor back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *assignments: str) -> None:
        if self._socket is None or self._address is None:
            return
        message = [*self._owed, *assignments]
        try:
            self._socket.sendto("\n".join(message).encode(), self._address)
        except OSError as error:
            if not self._failed:
                logger.warning("the service manager cannot be told anything: %s", error.strerror)
            self._failed = True
            self._owed = [each for each in message if each in _ONCE]
            self._status = ""
        else:
            self._failed = False
            self._owed = []


def _status(text: str) -> str:
    """Return the assignment; a line end would begin another one."""
    return f"STATUS={' '.join(text.split())}"
