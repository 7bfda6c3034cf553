"""One connection of one box: greeting, both streams, and the faults of the switches."""

from __future__ import annotations

import asyncio
import uuid
from random import Random
from typing import Any

from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from bridge.cloud.envelope import (
    ACK,
    CLOSE_POLICY,
    CLOSE_REPLACED,
    CLOSE_SERVER_ERROR,
    DEVICE_CHANGED,
    ERROR,
    LATCH_CHANGED,
    PING,
    PONG,
    WELCOME,
    Ack,
    Frame,
    FrameInvalid,
    Hello,
    Limits,
    parse_frame,
    problems,
    write_frame,
)
from simulators.cloud.cloud import Cloud
from simulators.cloud.greeting import Farewell, read_hello, welcome_for
from simulators.cloud.inbox import SEQUENCE_CONFLICT, Problem
from simulators.cloud.streams import Command, Taken

HELLO_S = 10.0
"""Seconds a box has for its first frame."""
BATCH = 200
"""Frames of a box that share one commit."""
REORDER_WAIT_S = 0.5
"""Seconds that shuffling waits for its window to fill."""


class BoxSession:
    """Serves one box until its connection ends."""

    def __init__(
        self, connection: ServerConnection, box: str, cloud: Cloud, limits: Limits
    ) -> None:
        self.box = box
        self.hello: Hello | None = None
        self.ready = False
        self._connection = connection
        self._cloud = cloud
        self._switches = cloud.switches
        self._limits = limits
        self._taken: asyncio.Queue[Frame] = asyncio.Queue(BATCH)
        self._woken = asyncio.Event()
        self._after = 0
        self._acked = 0
        self._deaf = False
        self._forked = False
        self._random = Random(cloud.switches.settings.reorder_seed)

    async def run(self) -> None:
        """Greet the box and serve it; returns when the connection has ended."""
        try:
            if not await self._greet():
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receive())
                group.create_task(self._keep())
                group.create_task(self._send())
        except* ConnectionClosed:
            pass
        finally:
            if self._cloud.sessions.get(self.box) is self:
                del self._cloud.sessions[self.box]

    def wake(self) -> None:
        """Something waits for the box, or a switch has changed."""
        deaf = self._switches.settings.black_hole == "deaf"
        if deaf and not self._deaf:
            self._connection.transport.pause_reading()
            if self._connection.keepalive_task is not None:
                self._connection.keepalive_task.cancel()
        elif self._deaf and not deaf:
            self._connection.transport.resume_reading()
        self._deaf = deaf
        self._woken.set()

    def drop(self) -> None:
        """Break the connection without a word."""
        self._connection.transport.abort()

    async def close(self, code: int, reason: str = "") -> None:
        """Close by the book."""
        await self._connection.close(code, reason)

    async def say_raw(self, raw: str | bytes) -> None:
        """Send anything at all."""
        await self._connection.send(raw)

    # Greeting

    async def _greet(self) -> bool:
        if code := self._switches.close_answer("handshake"):
            await self.close(code, "switch")
            return False
        try:
            async with asyncio.timeout(HELLO_S):
                raw = await self._connection.recv()
        except TimeoutError:
            await self.close(CLOSE_POLICY, "no hello")
            return False
        hello = read_hello(raw, self.box)
        if isinstance(hello, Farewell):
            if hello.error is not None:
                await self._error(None, FrameInvalid.code, hello.error)
            await self.close(hello.code, hello.reason)
            return False
        self.hello = hello
        self._cloud.counts["hellos"] += 1
        if self._silent():
            self.wake()
            await self._connection.wait_closed()
            return False
        await self._replace()
        self._after, welcome = welcome_for(self._cloud, hello, self._limits)
        self._acked = self._after
        await self._say(WELCOME, welcome.model_dump(exclude_none=True))
        self._cloud.counts["welcomes"] += 1
        self.ready = True
        if code := self._switches.close_answer("welcome"):
            await self.close(code, "switch")
            return False
        return True

    async def _replace(self) -> None:
        older = self._cloud.sessions.get(self.box)
        self._cloud.sessions[self.box] = self
        if older is not None:
            self._cloud.counts["replaced"] += 1
            await older.close(CLOSE_REPLACED, "the same box has connected again")

    # What the box says

    async def _receive(self) -> None:
        while True:
            raw = await self._connection.recv()
            cloud = self._cloud
            cloud.counts["frames_in"] += 1
            if self._switches.count_down("drop_after_frames") == 1:
                self.drop()
            elif not self._silent():
                await self._hear(raw)

    async def _hear(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):
            await self._error(None, FrameInvalid.code, "frames are text")
            return
        try:
            frame = parse_frame(raw)
        except FrameInvalid as error:
            await self._error(None, error.code, error.detail)
            return
        if frame.seq is not None:
            await self._taken.put(frame)
        elif frame.type == ACK:
            await self._acknowledged(frame)
        elif frame.type == PING:
            await self._say(PONG, {}, re=frame.id)
        elif frame.type == ERROR:
            self._cloud.box_errors.append({"box": self.box, "re": frame.re, **frame.data})
        elif frame.type in {DEVICE_CHANGED, LATCH_CHANGED}:
            self._cloud.box_states.append({"box": self.box, "type": frame.type, **frame.data})
        else:
            await self._error(frame, "unsupported_type", frame.type)

    async def _acknowledged(self, frame: Frame) -> None:
        try:
            seq = Ack.model_validate(frame.data).seq
        except ValidationError as error:
            await self._error(frame, "frame_invalid", problems(error))
            return
        with self._cloud.store.transaction():
            known = self._cloud.streams.acknowledge(self.box, seq)
        if not known:
            await self._error(frame, "ack_unknown", f"no message had the number {seq}")
            return
        self._acked = max(self._acked, seq)
        self.wake()

    async def _keep(self) -> None:
        """Store what came, then acknowledge it: never the other way round."""
        cloud = self._cloud
        while True:
            batch = [await self._taken.get()]
            while len(batch) < BATCH and not self._taken.empty():
                batch.append(self._taken.get_nowait())
            found: list[tuple[Frame, Problem]] = []
            lost = False
            with cloud.store.transaction():
                for frame in batch:
                    receipt = cloud.inbox.take(self.box, frame)
                    cloud.counts[f"frames_{receipt.taken.name.lower()}"] += 1
                    if receipt.problem is not None:
                        found.append((frame, receipt.problem))
                    if lost := receipt.taken is Taken.GAP:
                        break
            cloud.webhooks.wake()
            for frame, problem in found:
                await self._error(frame, problem.code, problem.detail)
            self._forked = self._forked or any(p.code == SEQUENCE_CONFLICT for _, p in found)
            await self._acknowledge()
            if lost:
                await self.close(CLOSE_SERVER_ERROR, "frames are missing: resume")

    async def _acknowledge(self) -> None:
        if self._switches.settings.ack_delay_ms:
            await self._cloud.clock.sleep(self._switches.settings.ack_delay_ms / 1000)
        if self._switches.count_down("drop_before_ack") == 1:
            self.drop()
            return
        if self._forked or self._switches.settings.never_ack or self._silent():
            return
        known = self._cloud.streams.box(self.box)
        assert known is not None
        self._cloud.counts["acks"] += 1
        await self._say(ACK, {"seq": known["last_in"]})

    # What the cloud says

    async def _send(self) -> None:
        while True:
            self._woken.clear()
            commands = [] if self._silent() else self._sendable()
            window = self._switches.settings.reorder_window
            if commands and len(commands) < window:
                await self._fill(window)
                commands = self._sendable()
            if not commands:
                await self._woken.wait()
                continue
            self._after = commands[-1].seq
            if window > 1:
                self._random.shuffle(commands)
            for command in commands:
                await self._send_command(command)

    def _sendable(self) -> list[Command]:
        assert self.hello is not None
        room = max(1, self.hello.max_in_flight) - max(0, self._after - self._acked)
        return self._cloud.streams.waiting(self.box, self._after, room)

    async def _fill(self, window: int) -> None:
        try:
            async with asyncio.timeout(REORDER_WAIT_S):
                while len(self._sendable()) < window:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return

    async def _send_command(self, command: Command) -> None:
        text = write_frame(
            command.type,
            command.id,
            self._cloud.now(),
            command.data,
            seq=command.seq,
            key=command.key,
            exp=command.exp,
        )
        for _ in range(1 + self._switches.settings.repeat_frames):
            await self._connection.send(text)
            self._cloud.counts["frames_out"] += 1

    async def _say(self, message_type: str, data: dict[str, Any], **envelope: Any) -> None:
        await self._connection.send(
            write_frame(message_type, str(uuid.uuid4()), self._cloud.now(), data, **envelope)
        )

    async def _error(self, frame: Frame | None, code: str, detail: str) -> None:
        self._cloud.counts["errors_out"] += 1
        data = {"code": code, "detail": detail}
        await self._say(ERROR, data, re=None if frame is None else frame.id)

    def _silent(self) -> bool:
        return self._switches.settings.black_hole in {"deaf", "mute"}
