"""Opens the sockets that the web server listens on."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from pathlib import Path

from bridge.web.listen_faults import (
    AddressNotOurs,
    ListenFailed,
    PortForbidden,
    PortInUse,
    SocketInUse,
    SocketUnusable,
)
from drivers.contract.fault import Fault

BACKLOG = 128
"""Connections the system holds until the loop takes them."""

SOCKET_MODE = 0o600
"""Only the user of the box, and the administrator, reach the API by the socket file."""

PROBE_S = 1.0
"""Seconds for a program to accept on a socket file before it counts as hung, and so alive."""

_DIAGNOSES: dict[int, type[Fault]] = {
    errno.EADDRINUSE: PortInUse,
    errno.EADDRNOTAVAIL: AddressNotOurs,
    errno.EACCES: PortForbidden,
    errno.EPERM: PortForbidden,
}


async def listen_tcp(listen: str) -> list[socket.socket]:
    """Return listening sockets for ``host:port`` (port 0: any free one), one for each address
    that a name stands for, all on the same port.

    Raises ``PortInUse``, ``AddressNotOurs``, ``PortForbidden``, ``ListenFailed``.
    """
    host, _, port_text = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    port = int(port_text)
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AddressNotOurs(f"{listen}: {error.strerror or error}") from error
    opened: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            # A name with several addresses: all of them on the port that the first one got.
            here = (address[0], port, *address[2:])
            opened.append(_open_tcp(family, here))
            port = opened[0].getsockname()[1]
    except OSError as error:
        for each in opened:
            each.close()
        diagnosis = _DIAGNOSES.get(error.errno or 0, ListenFailed)
        raise diagnosis(f"{listen}: {error.strerror}") from error
    return opened


def _open_tcp(family: int, address: tuple[object, ...]) -> socket.socket:
    # With the protocol named asyncio switches Nagle's algorithm off for what is accepted: else
    # every answer waits 40 ms for the client's acknowledgement.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            only_ipv6 = address[0] != "::"
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only_ipv6)
        opened.bind(address)
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


class SocketFile:
    """A listening Unix domain socket with its file.

    The file is named relative to its directory, through ``/proc/self/fd``: the 107 bytes that the
    system has for the name of a socket are soon used up by a path.
    """

    def __init__(self, path: Path) -> None:
        """Listen on a path, in place of a file that a dead program left.

        Raises ``SocketInUse``, ``SocketUnusable``.
        """
        self.path = path
        try:
            self._directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SocketUnusable(f"{path.parent}: {error.strerror}") from error
        try:
            self._check_directory()
            self._clear_away()
            self.socket = self._listen()
            self._inode = os.stat(path.name, dir_fd=self._directory).st_ino
        except OSError as error:
            os.close(self._directory)
            raise SocketUnusable(f"{path}: {error.strerror or error}") from error
        except BaseException:
            os.close(self._directory)
            raise

    def remove(self) -> None:
        """Remove the file, unless another program has put its own there. Close the socket first."""
        try:
            here = os.stat(self.path.name, dir_fd=self._directory, follow_symlinks=False)
            if here.st_ino == self._inode:
                os.unlink(self.path.name, dir_fd=self._directory)
        except FileNotFoundError:
            pass
        finally:
            os.close(self._directory)

    @property
    def _name(self) -> str:
        return f"/proc/self/fd/{self._directory}/{self.path.name}"

    def _check_directory(self) -> None:
        """Whoever may write in the directory could put a socket of his own there."""
        found = os.fstat(self._directory)
        if found.st_uid not in (os.geteuid(), 0):
            message = f"{self.path.parent} belongs to user {found.st_uid}"
            raise SocketUnusable(message)
        if found.st_mode & 0o022:
            message = f"{self.path.parent} has mode {stat.S_IMODE(found.st_mode):04o}"
            raise SocketUnusable(message)

    def _clear_away(self) -> None:
        name = self.path.name
        try:
            found = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(found.st_mode):
            message = f"{self.path} is no socket"
            raise SocketUnusable(message)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(PROBE_S)
            try:
                probe.connect(self._name)
            except ConnectionRefusedError:
                os.unlink(name, dir_fd=self._directory)
                return
            except (TimeoutError, BlockingIOError):
                pass
        raise SocketInUse(str(self.path))

    def _listen(self) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            # Linux makes the file with the mode of the socket: nobody else can ever connect.
            os.fchmod(opened.fileno(), SOCKET_MODE)
            opened.bind(self._name)
            opened.listen(BACKLOG)
        except BaseException:
            opened.close()
            raise
        return opened
