"""A running simulator with a box and a program, both written with plain clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bridge.cloud.envelope import SUBPROTOCOL
from drivers.contract.clock import Clock
from simulators.cloud.polling import PollLimits
from simulators.cloud.simulator import CloudOptions, CloudSimulator
from simulators.cloud.trust import system_trust

LONGEST_S = 30.0
BOX = "demo-box"
NO_LIMITS = PollLimits(interval_s=0.0)
ORDER: dict[str, Any] = {
    "cashRegisterId": 34950,
    "paymentType": "Cash",
    "reference": "R001",
    "items": [
        {"name": "Blumentopf", "quantity": "2", "grossprice": 19.9, "vatcode": "A"},
        {"name": "Semmel", "grossprice": "0.49", "vatcode": "D", "articlenumber": "S1"},
    ],
}


@dataclass
class RawBox:
    """A box that does nothing by itself: the test sends each frame and reads each answer."""

    wire: ClientConnection
    name: str = BOX
    last_in: int = 0
    seq: int = 0
    others: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, kind: str, data: dict[str, Any], **envelope: Any) -> dict[str, Any]:
        """Send a frame without number."""
        frame = {"v": 1, "id": envelope.pop("id", f"f-{kind}"), "type": kind, "data": data}
        frame.update(envelope)
        await self.wire.send(json.dumps(frame))
        return frame

    async def report(self, kind: str, data: dict[str, Any], **envelope: Any) -> dict[str, Any]:
        """Send a numbered frame, two numbers after the last one."""
        prev, self.seq = self.seq, envelope.pop("seq", self.seq + 2)
        envelope = {"seq": self.seq, "prev": prev, "id": f"j-{self.seq}", **envelope}
        return await self.say(kind, data, **envelope)

    async def hello(self, **data: Any) -> dict[str, Any]:
        """Greet and return the data of the welcome."""
        said = {"box": self.name, "software": "0", "boot": "b", "last_in": self.last_in, **data}
        await self.say("hello", said)
        welcome = await self.expect("welcome")
        self.seq = welcome["data"]["last_out"]
        data_of: dict[str, Any] = welcome["data"]
        return data_of

    async def expect(self, kind: str) -> dict[str, Any]:
        """Return the next frame of a type; frames of other types are kept in ``others``."""
        for number, frame in enumerate(self.others):
            if frame["type"] == kind:
                return self.others.pop(number)
        async with asyncio.timeout(LONGEST_S):
            while True:
                frame = json.loads(await self.wire.recv())
                if frame["type"] == kind:
                    assert isinstance(frame, dict)
                    return frame
                self.others.append(frame)

    async def acked(self, seq: int) -> None:
        """Wait for the acknowledgement of a number."""
        while (await self.expect("ack"))["data"]["seq"] < seq:
            pass

    async def ack(self, seq: int) -> None:
        """Acknowledge what the cloud sent."""
        self.last_in = max(self.last_in, seq)
        await self.say("ack", {"seq": seq})

    async def done(self, command: dict[str, Any], **data: Any) -> None:
        """Acknowledge a command and say what became of it."""
        await self.ack(command["seq"])
        await self.report("result", {"state": "done", **data}, re=command["id"])

    async def closed(self) -> int:
        """Wait for the end of the connection and return its code."""
        async with asyncio.timeout(LONGEST_S):
            await self.wire.wait_closed()
        code = self.wire.close_code
        assert code is not None
        return code


@dataclass
class World:
    """A simulator and ways to talk to it."""

    simulator: CloudSimulator
    rest: httpx.AsyncClient

    def token(self, box: str = BOX) -> str:
        """The token of a box."""
        return self.simulator.token_files[box].read_text(encoding="utf-8")

    def dial(self, **options: Any) -> Any:
        """Connect as a box; ``token`` and ``path`` differ from the right ones if given."""
        token = options.pop("token", None) or self.token(options.pop("box", BOX))
        url = self.simulator.ws_url.replace("/box", options.pop("path", "/box"))
        options.setdefault("subprotocols", [Subprotocol(SUBPROTOCOL)])
        headers = {"Authorization": f"Bearer {token}"}
        return connect(url, additional_headers=headers, proxy=None, **options)

    @asynccontextmanager
    async def box(self, last_in: int = 0, **hello: Any) -> AsyncIterator[RawBox]:
        """A greeted box."""
        async with self.dial() as wire:
            box = RawBox(wire, last_in=last_in)
            await box.hello(**hello)
            yield box

    async def control(self, **request: Any) -> dict[str, Any]:
        """Use the control port's language; the answer is no error."""
        answer = await self.simulator.controls.answer(json.dumps(request).encode())
        assert "error" not in answer, answer
        return answer

    async def state(self) -> dict[str, Any]:
        """The state that the control port tells."""
        state: dict[str, Any] = (await self.control(get="state"))["state"]
        return state

    async def park(self, **changes: Any) -> str:
        """Park a receipt and return its id."""
        answer = await self.rest.post("/api/v2/parked", json={**ORDER, **changes})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def opened(self, box: RawBox, **changes: Any) -> tuple[str, dict[str, Any]]:
        """Park a receipt, open it; return its id and the command that reached the box."""
        parked = await self.park(**changes)
        answer = await self.rest.post(f"/api/v2/parked/{parked}/open")
        assert answer.status_code == 200, answer.text
        return parked, await box.expect("receipt.open")

    async def parked(self, parked: str) -> dict[str, Any]:
        """Read a parked receipt."""
        answer = await self.rest.get(f"/api/v2/parked/{parked}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def becomes(self, parked: str, state: str) -> dict[str, Any]:
        """Wait until a parked receipt is in a state."""
        async with asyncio.timeout(LONGEST_S):
            while True:
                found = await self.parked(parked)
                if found["state"] == state:
                    return found
                await asyncio.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition of this process."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


@asynccontextmanager
async def cloud(
    data: Path, *, clock: Clock | None = None, polling: PollLimits = NO_LIMITS, **options: Any
) -> AsyncIterator[World]:
    """A simulator in this process, with a program that is signed in."""
    simulator = CloudSimulator(
        CloudOptions(data=data, polling=polling, redelivery_s=0.01, **options), clock=clock
    )
    async with (
        simulator,
        httpx.AsyncClient(
            base_url=simulator.http_url, verify=system_trust(), trust_env=False, timeout=LONGEST_S
        ) as rest,
    ):
        rest.headers["authorization"] = (
            f"Bearer {await sign_in(rest, login_of(simulator.login_file))}"
        )
        yield World(simulator, rest)


def login_of(login_file: Path) -> dict[str, str]:
    """Return the program's user name and password."""
    login: dict[str, str] = json.loads(login_file.read_text(encoding="utf-8"))
    return login


async def sign_in(rest: httpx.AsyncClient, login: dict[str, str]) -> str:
    """Return an access token."""
    answer = await rest.post("/token", data={**login, "grant_type": "password"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def completed(parked: str | None = None, **changes: Any) -> dict[str, Any]:
    """The data of a completed receipt."""
    data: dict[str, Any] = {
        "receipt_id": "r-1",
        "register": "KASSE-1",
        "number": 7,
        "time": "2026-11-20T10:11:12+01:00",
        "totals": {"normal": 3980, "reduced1": 49},
        "total": 4029,
        "payments": [{"kind": "cash", "cents": 4029}],
        "code": "_R1-AT1_KASSE-1_7_…",
        "kind": "sale",
    }
    if parked is not None:
        data["parked_id"] = parked
    return {**data, **changes}
