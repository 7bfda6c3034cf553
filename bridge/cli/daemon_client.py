"""How commands that write talk to the running daemon: its local API over its Unix socket."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bridge.daemon.place import SERVICE_SOCKET, SOCKET_NAME
from drivers.contract.fault import Fault, Side, Text

LONGEST_SOCKET_PATH = 107
"""Bytes of a Unix socket's path, without the NUL at its end (unix(7))."""

CONNECT_S = 5.0
"""Seconds for a daemon of this machine to accept a connection. Its answer may take its time."""

_UCRED = struct.Struct("3i")
"""pid, uid and gid of ``SO_PEERCRED`` (unix(7))."""


class DaemonNotRunning(Fault):
    """Nobody listens on the socket."""

    code = "daemon_not_running"
    side = Side.OPERATOR
    retryable = True
    title = Text("bonbridge läuft nicht", "bonbridge is not running")
    advice = Text(
        "Den Dienst starten (`systemctl start bonbridge`) und den Befehl wiederholen.",
        "Start the service (`systemctl start bonbridge`) and run the command again.",
    )


class DaemonForbidden(Fault):
    """The socket belongs to another user."""

    code = "daemon_forbidden"
    side = Side.OPERATOR
    title = Text("bonbridge läuft unter einem anderen Benutzer", "bonbridge runs as another user")
    advice = Text(
        "Den Befehl als dieser Benutzer oder mit `sudo` aufrufen.",
        "Run the command as that user or with `sudo`.",
    )


class DaemonGone(Fault):
    """The daemon ended, or broke the rules, before its answer was complete."""

    code = "daemon_gone"
    side = Side.BOX
    title = Text("bonbridge hat nicht zu Ende geantwortet", "bonbridge did not answer to the end")
    advice = Text(
        "Ob der Befehl ausgeführt wurde, ist nicht bekannt. Im Protokoll des Dienstes nachsehen.",
        "It is not known whether the command was carried out. Look into the log of the service.",
    )


class DaemonRefused(Fault):
    """The daemon answered with a problem. ``detail`` holds its title, facts, advice and code."""

    code = "daemon_refused"
    side = Side.OPERATOR
    title = Text("bonbridge hat den Befehl abgelehnt", "bonbridge refused the command")
    advice = Text(
        "Den genannten Rat befolgen und den Befehl wiederholen.",
        "Follow the advice given and run the command again.",
    )


class DaemonClient:
    """Calls the API of the daemon that listens on ``path``; ``language`` is that of its answers."""

    def __init__(self, path: Path, language: str = "en") -> None:
        self.path = path
        self._language = language

    def post(self, call: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer to ``POST call``; ``None`` if it has no content.

        Raises ``DaemonNotRunning``, ``DaemonForbidden``, ``DaemonGone`` and ``DaemonRefused``.
        """
        # httpx would leave its socket open where nobody listens.
        self.process()
        headers = {"accept-language": self._language}
        with _short(self.path) as path, _http(path, headers) as http:
            try:
                answer = http.post(call, json=body)
            except httpx.TransportError as error:
                raise DaemonGone(f"{self.path}: {type(error).__name__}") from None
        if not answer.is_success:
            raise DaemonRefused(_problem_text(answer))
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise DaemonGone(f"{self.path}: an answer that is no JSON") from None

    def process(self) -> int:
        """Return the id of the process that listens.

        Raises ``DaemonNotRunning`` and ``DaemonForbidden``.
        """
        try:
            with _short(self.path) as path, socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(CONNECT_S)
                probe.connect(path)
                found = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        except PermissionError as error:
            raise DaemonForbidden(f"{self.path}: {error.strerror}") from None
        except OSError as error:
            raise DaemonNotRunning(f"{self.path}: {error.strerror or error}") from None
        return int(_UCRED.unpack(found)[0])


def client_of(lock: Path, language: str = "en") -> DaemonClient | None:
    """Return the client of the daemon that holds a journal's lock, ``None`` if it has no socket.

    A daemon on another journal is never taken for it.
    """
    try:
        holder = int(lock.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    for path in (lock.with_name(SOCKET_NAME), SERVICE_SOCKET):
        client = DaemonClient(path, language)
        with contextlib.suppress(DaemonNotRunning, DaemonForbidden):
            if client.process() == holder:
                return client
    return None


def _http(path: str, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=path),
        base_url="http://localhost",
        headers=headers,
        timeout=httpx.Timeout(CONNECT_S, read=None),
        trust_env=False,
    )


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give a name of the socket that fits into a socket address. Raises ``OSError``."""
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _problem_text(answer: httpx.Response) -> str:
    """Return the lines of a problem, as the daemon tells it in the language asked for."""
    try:
        problem = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        problem = None
    if not isinstance(problem, dict):
        return f"status {answer.status_code}"
    told = (problem.get(name) for name in ("title", "detail", "advice", "code"))
    return "\n".join(str(line) for line in told if line) or f"status {answer.status_code}"
