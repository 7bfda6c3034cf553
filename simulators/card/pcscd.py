"""A PC/SC service of one's own: the real ``pcscd`` with two virtual readers for simulated cards.

It runs in a mount namespace of its own, because its socket's path is compiled in, and on two
ports of its own: any number may run side by side and beside the machine's own service. The client
library finds it by the environment variable ``PCSCLITE_CSOCK_NAME``, which it reads once in the
life of a process.

The virtual reader listens on all interfaces. For tests and measurements, never for a shop.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from drivers.contract.fault import Fault, Side, Text

CLIENT_VARIABLE = "PCSCLITE_CSOCK_NAME"
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READER = "Virtual PCD"
"""Clients see ``Virtual PCD 00 00`` and ``Virtual PCD 00 01``."""

START_LIMIT_S = 20.0

# Below the ports the system gives to outgoing connections: a card that keeps trying a port nobody
# listens on could otherwise be connected to itself.
_PORTS = range(20000, 32000)

_SHARED_PLACE = Path("/run/pcscd")
_IN_NAMESPACE = """
mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd &&
exec setpriv --pdeathsig KILL "$2" --foreground --config "$3"
"""


class PcscdMissing(Fault):
    """This machine cannot run a PC/SC service for simulated cards; ``detail`` says why."""

    code = "simulated_card_service_missing"
    side = Side.BOX
    title = Text("Kein Kartendienst für simulierte Karten", "No card service for simulated cards")
    advice = Text(
        "Auf dem Testrechner apt install pcscd vsmartcard-vpcd ausführen und als root starten.",
        "Run apt install pcscd vsmartcard-vpcd on the test machine and start as root.",
    )


class PrivatePcscd:
    """``pcscd`` with its files in ``directory``, which must be empty and not below ``/run``.

    ``ports`` are those of the two readers. They and the socket stay the same over restarts.
    """

    def __init__(self, directory: Path) -> None:
        """Choose ports and write the configuration. Raises ``PcscdMissing``."""
        self._prefix = _namespace()
        self._run = directory / "run"
        self._run.mkdir()
        self._configuration = directory / "reader.conf.d"
        self._configuration.mkdir()
        self._log = directory / "pcscd.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        first = _free_ports()
        self.ports = (first, first + 1)
        self.socket = self._run / "pcscd.comm"
        (self._configuration / "vpcd").write_text(
            f'FRIENDLYNAME "{READER}"\n'
            f"DEVICENAME /dev/null:0x{first:X}\n"
            f"LIBPATH {DRIVER}\n"
            f"CHANNELID 0x{first:X}\n",
            encoding="utf-8",
        )
        if not self._prefix:
            self._lock = _lock_shared_place()
            self.socket.symlink_to(_SHARED_PLACE / "pcscd.comm")

    @property
    def log(self) -> str:
        """What the service said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start the service and wait until it can be reached. Raises ``PcscdMissing``.

        The service is killed when the thread that started it ends, so that a killed program
        leaves none behind: start it from the main thread.
        """
        command = [*self._prefix, str(self._run), _pcscd(), str(self._configuration)]
        if not self._prefix:
            command = [_pcscd(), "--foreground", "--config", str(self._configuration)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + START_LIMIT_S
        while not self._is_reachable():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise PcscdMissing(f"pcscd did not start: {self.log.strip()[-500:]}")
            time.sleep(0.002)

    def kill(self) -> None:
        """SIGKILL: the socket stays behind without anybody to answer."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as an administrator or the service's own idle time-out ends it."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP: calls hang from now on."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """SIGCONT after ``freeze``."""
        self._signal(signal.SIGCONT)

    def release(self) -> None:
        """Stop, and leave the shared place to others."""
        self.kill()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: int) -> None:
        self._signal(number)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _is_reachable(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(self.socket))
            return True
        return False


def _pcscd() -> str:
    found = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise PcscdMissing("pcscd is not installed")
    return found


def _namespace() -> list[str]:
    """Return what starts a program in a namespace of its own; empty for the shared place.

    Raises ``PcscdMissing``.
    """
    _pcscd()
    if not DRIVER.exists():
        raise PcscdMissing(f"the virtual reader (vsmartcard-vpcd) is not installed: no {DRIVER}")
    as_root = ["--map-root-user"] if os.geteuid() else []
    start = ["unshare", "--mount", *as_root, "sh", "-c"]
    tried = subprocess.run(  # noqa: S603 - our own program and arguments
        [*start, "mount -t tmpfs tmpfs /run && setpriv --version"],
        capture_output=True,
        text=True,
        check=False,
    )
    if not tried.returncode:
        return [*start, _IN_NAMESPACE, "sh"]
    if os.access(_SHARED_PLACE, os.W_OK):
        return []
    raise PcscdMissing(f"no namespace ({tried.stderr.strip()}), {_SHARED_PLACE} not writable")


def _lock_shared_place() -> int:
    lock = os.open(_SHARED_PLACE / "bonbridge.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise PcscdMissing(f"{_SHARED_PLACE} is in use by another run") from None
    return lock


def _free_ports() -> int:
    """Return the first of two neighbouring ports that nobody uses now."""
    while True:
        first = random.choice(_PORTS)
        with suppress(OSError), socket.socket() as one, socket.socket() as two:
            one.bind(("", first))
            two.bind(("", first + 1))
            return first
