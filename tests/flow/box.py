"""The box: its configuration, its process, and the operator at its counter."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import sqlite3
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.daemon.processes import NOT_INHERITED, PIN, free_port
from tests.flow.waiting import LONGEST_S, until
from tests.support.vectors import ROOT

BOX = "flow-box"
TOKEN = "flow-technician-0123456789"

_HEAD = """
[box]
id = "{box}"
country = "at"
language = "en"
data_dir = "{root}/data"
mirror_dir = "{root}/mirror"
credentials_dir = "{root}/credentials"
[shop]
name = "Testladen"
address = ["Gasse 1"]
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:{reader}"
vda = "AT100"
pin = "card.pin"
[web]
listen = "127.0.0.1:{port}"
[[web.token]]
name = "technician"
role = "technician"
token = "technician.token"
"""


@dataclass(frozen=True, slots=True)
class CloudEntry:
    """One ``[[cloud]]``. ``pings`` are interval and time-out in seconds."""

    name: str
    url: str
    token: str
    registers: tuple[str, ...]
    pings: tuple[float, float] = (20.0, 10.0)

    def as_toml(self) -> str:
        """Return the table of the configuration."""
        return f"""
[[cloud]]
name = "{self.name}"
url = "{self.url}"
token = "{self.name}.token"
registers = {json.dumps(self.registers)}
ping_interval_s = {self.pings[0]}
ping_timeout_s = {self.pings[1]}
"""


class Box:
    """``bonbridge run`` as a process, its files in ``root``. ``pid`` while it runs."""

    def __init__(self, root: Path, reader: int, clouds: Sequence[CloudEntry]) -> None:
        """Write the configuration: one register for each that a cloud names."""
        self.root = root
        self.log = root / "box.log"
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._process: asyncio.subprocess.Process | None = None
        self._config = root / "box.toml"
        registers = sorted({register for cloud in clouds for register in cloud.registers})
        text = _HEAD.format(box=BOX, root=root, reader=reader, port=port)
        text += "".join(_register(each) for each in registers)
        text += "".join(cloud.as_toml() for cloud in clouds)
        self._config.write_text(text, encoding="utf-8")
        (root / "credentials").mkdir(mode=0o700)
        self._secret("register.aes", base64.b64encode(b"flow's key of thirty-two bytes!!").decode())
        self._secret("card.pin", PIN)
        self._secret("technician.token", TOKEN)
        for cloud in clouds:
            self._secret(f"{cloud.name}.token", cloud.token)

    def _secret(self, name: str, text: str) -> None:
        path = self.root / "credentials" / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the daemon and wait until its API answers: the till is ready then."""
        environ = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bridge.cli.main", "run", "--config", str(self._config)),
                cwd=ROOT,
                env=environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:

            async def ready() -> bool:
                assert self.is_running, self.log.read_text(encoding="utf-8")
                try:
                    return (await client.get("/healthz")).is_success
                except httpx.TransportError:
                    return False

            await until(ready, "the box answers")

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """SIGKILL; it must have been running."""
        assert self._process is not None
        assert self._process.returncode is None, "the box ended by itself"
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; return the exit code."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(LONGEST_S):
            return await self._process.wait()

    def logged(self, *words: str) -> list[str]:
        """Return the lines of the log that have all these words."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if all(word in line for word in words)]

    def rows(self) -> list[dict[str, Any]]:
        """Return all events of the journal by plain SQL, ``body`` parsed."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.root}/data/journal.db?mode=ro", uri=True)
        ) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute("SELECT * FROM event ORDER BY seq")]
        for row in rows:
            row["body"] = json.loads(row["body"])
        return rows

    def memory_kb(self) -> int:
        """Return the resident memory of the process."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError


def _register(name: str) -> str:
    return f"""
[[register]]
id = "{name}"
kassen_id = "KASSE-{name}"
aes_key = "register.aes"
units = ["card"]
"""


class Refused(Exception):
    """The local API has refused a request; ``code`` says why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Counter:
    """The operator's way to the box: its local API.

    With ``patient`` a request is repeated, under the same key, while the box is down.
    """

    def __init__(self, url: str, *, patient: bool = False) -> None:
        self._patient = patient
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=LONGEST_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=16),
        )

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Send a request with ``key`` or an idempotency key of its own. Raises ``Refused``."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())} if method != "GET" else {}

        async def answered() -> httpx.Response | None:
            try:
                return await self._client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                if not self._patient:
                    raise
                return None

        answer = await until(answered, f"the box answers {method} {path}")
        content: dict[str, Any] = answer.json()
        if not answer.is_success:
            raise Refused(content["code"], f"{method} {path}: {content}")
        return content

    async def start_register(self, register: str) -> None:
        """Make the Startbeleg."""
        path = f"/v1/registers/{register}/receipts"
        await self.ask("POST", path, {"kind": "start"}, key=f"startbeleg-{register}")

    async def open_receipts(self, register: str | None = None) -> list[dict[str, Any]]:
        """Return the receipts that wait at the counter."""
        place = "" if register is None else f"&register={register}"
        answer = await self.ask("GET", f"/v1/receipts?state=open{place}")
        found: list[dict[str, Any]] = answer["receipts"]
        return found

    async def add_line(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """Add a line to an open receipt."""
        line = {"text": "Sackerl", "unit_cents": 30, "rate": "normal", "rev": receipt["rev"]}
        return await self.ask("POST", f"/v1/receipts/{receipt['id']}/lines", line)

    async def complete(self, receipt: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Take cash and complete."""
        body = {"rev": receipt["rev"], "payments": [{"kind": "cash"}]}
        return await self.ask("POST", f"/v1/receipts/{receipt['id']}/complete", body, key)

    async def abort(self, receipt: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Give up."""
        body = {"rev": receipt["rev"], "reason": "Kunde ist gegangen"}
        return await self.ask("POST", f"/v1/receipts/{receipt['id']}/abort", body, key)

    async def sell(self, register: str) -> dict[str, Any]:
        """Open a receipt at the counter itself and complete it."""
        line = {"text": "Zeitung", "unit_cents": 290, "rate": "reduced1"}
        opened = await self.ask("POST", "/v1/receipts", {"register_id": register, "lines": [line]})
        return await self.complete(opened)

    async def connect_now(self) -> None:
        """A person waits: all links shall try at once."""
        await self.ask("POST", "/v1/links/connect", {})

    async def part(self, name: str) -> dict[str, Any]:
        """Return what a part says on the health board."""
        board = await self.ask("GET", "/v1/health-board")
        return next((each for each in board["parts"] if each["part"] == name), {})
