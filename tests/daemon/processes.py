"""A shop made of real processes: daemon, card, printer."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TextIO

from tests.daemon.notifications import LONGEST_S, NotifySocket
from tests.signing.process import SimulatorProcess
from tests.support.vectors import ROOT

PIN = "907341"
AES_KEY = base64.b64encode(b"a canary of thirty-two bytes ok!").decode()
TOKEN = "canary-token-0123456789-abcdef"

NOT_INHERITED = frozenset(
    {
        *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM"),
        *("RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY", "LANG", "LC_ALL", "LC_MESSAGES"),
    }
)
"""What the tests' own surroundings may say, and the daemon must not hear."""

CONFIG = """
[box]
id = "test"
country = "at"
language = "en"
data_dir = "{root}/data"
mirror_dir = "{root}/mirror"
credentials_dir = "{root}/credentials"
[shop]
name = "Testladen"
address = ["Gasse 1"]
[[register]]
id = "A"
kassen_id = "KASSE-A"
aes_key = "a.aes"
units = ["card"]
printer = "counter"
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:{reader}"
vda = "AT100"
pin = "card.pin"
[[printer]]
name = "counter"
address = "{printer}"
unknown_policy = "copy"
[rksv]
outage_limit_s = 30.0
[web]
listen = "127.0.0.1:0"
[[web.token]]
name = "till"
role = "till"
token = "till.token"
"""


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """A folder with configuration and secrets, and the ports of its devices."""

    def __init__(self, root: Path, printer: str = "tcp:127.0.0.1:9") -> None:
        self.root = root
        self.reader = free_port()
        self.config = root / "box.toml"
        self.with_printer(printer)
        (root / "credentials").mkdir(mode=0o700)
        self.secret("a.aes", AES_KEY)
        self.secret("card.pin", PIN)
        self.secret("till.token", TOKEN)

    def with_printer(self, address: str) -> Place:
        """Write the configuration with this printer; return the place."""
        text = CONFIG.format(root=self.root, reader=self.reader, printer=address)
        self.config.write_text(text, encoding="utf-8")
        return self

    def secret(self, name: str, text: str) -> None:
        """Write a credential."""
        path = self.root / "credentials" / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.root / "data" / "journal.db"

    @property
    def socket(self) -> Path:
        """The daemon's socket."""
        return self.root / "data" / "bonbridge.sock"

    @contextmanager
    def card(self, *options: str) -> Iterator[SimulatorProcess]:
        """Put a card into the reader."""
        with SimulatorProcess(
            self.reader, self.root / "card.json", "--pin", PIN, *options
        ) as process:
            yield process

    def daemon(
        self, notify: NotifySocket | None = None, stderr: TextIO | None = None, **environ: str
    ) -> DaemonProcess:
        """Start ``bonbridge run``."""
        if notify is not None:
            environ["NOTIFY_SOCKET"] = notify.address
        return DaemonProcess(("--config", str(self.config)), environ, stderr)


class DaemonProcess:
    """``python -m bridge.cli.main run …``; its output is in ``out`` and ``err`` when it ended."""

    def __init__(
        self,
        arguments: tuple[str, ...],
        environ: Mapping[str, str],
        stderr: TextIO | None = None,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.out, self.err = "", ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bridge.cli.main", "run", *arguments],
            cwd=ROOT,
            env={**inherited, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stderr is None else stderr,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.wait()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end; return the exit code, negative after a signal."""
        self.out, self.err = self.process.communicate(timeout=LONGEST_S)
        return self.process.returncode

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.tell(signal.SIGTERM)
        return self.wait()


@contextmanager
def printer(out: Path) -> Iterator[str]:
    """Run the printer simulator; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.printer", "--port", "0", "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[:3] == ["printer", "simulator", "ready"], words
        yield next(word for word in words if word.startswith("tcp:"))
    finally:
        process.terminate()
        process.wait(LONGEST_S)
        if process.stdout is not None:
            process.stdout.close()
