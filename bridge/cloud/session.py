"""One connection to a cloud, from its greeting to its end.

Reading never waits: a frame is parsed, its place in the order checked, its work begun. Answers
(acknowledgements, results asked for again, errors) leave by a task of their own, so a cloud that
reads slowly does not stop its own acknowledgements from being read; events leave by another.
"""

from __future__ import annotations

import asyncio
from collections import deque

from websockets.asyncio.client import ClientConnection

from bridge.cloud import envelope, faults
from bridge.cloud.commands import data_of
from bridge.cloud.envelope import Ack, ErrorData, Frame, FrameInvalid, Welcome
from bridge.cloud.greeting import Greeted
from bridge.cloud.heads import forks
from bridge.cloud.here import Here
from bridge.cloud.reading import Illegible, Message, read
from bridge.cloud.reception import Offer
from bridge.cloud.sender import BREATH, Sender
from bridge.cloud.state import send_state
from bridge.cloud.waiting import first_to_end
from bridge.health import Level
from bridge.journal.event import Event
from bridge.journal.faults import JournalBehind
from bridge.supervisor import Supervisor
from drivers.contract.fault import Fault

HOLE_S = 10.0
"""Seconds that a number of the cloud's stream may be missing while later ones are here."""

LOOK_S = 5.0
"""Seconds between looks after the connection."""

PING_S = 180.0
"""Seconds between questions to the cloud's program: a WebSocket pong comes from its network."""

CONFIRM_S = 60.0
"""Seconds after which a cloud that acknowledges no report is shown as one that does not work."""

CURSOR_S = 30.0
"""Least seconds between two commits of how far the cloud has acknowledged."""

NOTES = 16
"""Errors and pongs that wait to be sent; a cloud that causes more gets no more."""


class Wire:
    """A connection that knows since when it takes no data."""

    def __init__(self, here: Here, connection: ClientConnection) -> None:
        self.receive = connection.recv
        self._clock = here.clock
        self._connection = connection
        self._sending = 0
        self._moved_at = 0.0

    async def send(self, text: str) -> None:
        """Send a frame. Raises ``ConnectionClosed``."""
        if not self._sending:
            self._moved_at = self._clock.monotonic()
        self._sending += 1
        await self._connection.send(text)
        self._sending -= 1
        self._moved_at = self._clock.monotonic()

    @property
    def stalled_s(self) -> float:
        """Seconds for which frames have been waiting without any getting through."""
        return self._clock.monotonic() - self._moved_at if self._sending else 0.0


class Session:
    """A greeted connection. ``patience_s`` is the time after which a cloud that takes no data is
    given up."""

    def __init__(
        self, here: Here, wire: Wire, supervisor: Supervisor, greeted: Greeted, patience_s: float
    ) -> None:
        self._limitations: dict[type[Fault], Fault] = {}
        limits = greeted.welcome.limits
        self._here = here
        self._wire = wire
        self._supervisor = supervisor
        self._welcome = greeted.welcome
        self._time = greeted.time
        self._patience_s = patience_s
        self._reception = here.reception
        after, prev = self._resume(greeted.welcome)
        self._sender = Sender(
            here.journal,
            here.peer,
            here.sources,
            here.progress,
            here.clock,
            wire.send,
            after=after,
            prev=prev,
            window=limits.window or envelope.WINDOW,
            limit=min(limits.max_frame_bytes or envelope.MAX_FRAME_BYTES, envelope.MAX_FRAME_BYTES),
        )
        self._clock_offset_s = round(greeted.time.offset_s)
        self._shown_trouble: Fault | None = None
        self._answer_wanted = asyncio.Event()
        self._ack_wanted = False
        self._acknowledged = -1
        self._notes: deque[str] = deque()
        self._repeats: dict[int, Event] = {}
        self._pinged: str | None = None
        self._answered_ms: int | None = None
        self._complaint: str | None = None

    async def run(self) -> None:
        """Live until the connection ends. Raises what ended it."""
        here = self._here
        self._latch_forked()
        self._reception.connected(self._received_changed)
        self._report()
        try:
            await first_to_end(
                self._receive(),
                self._sender.run(),
                self._answer(),
                send_state(here, self._wire.send),
                self._look_after(),
            )
        finally:
            self._reception.disconnected()

    def refused_as_too_big(self) -> None:
        """The cloud has ended the connection because a frame was too big for it."""
        self._sender.give_up_largest()

    async def acknowledge(self) -> None:
        """Acknowledge what is durable. Raises what the connection raises."""
        upto = self._reception.taken.upto
        self._ack_wanted = False
        self._acknowledged = upto
        await self._wire.send(self._here.frame(envelope.ACK, {"seq": upto}))

    def _latch_forked(self) -> None:
        """Latch registers of which the cloud knows more than the journal holds."""
        for fork in forks(self._here.journal.reader, self._here.peer, self._welcome.journal):
            fault = JournalBehind(fork.detail)
            self._here.till.latch(fork.register, fault)
            self._here.board.report(f"register:{fork.register}", Level.FAILED, "latched", fault)

    def _resume(self, welcome: Welcome) -> tuple[int, int]:
        """Return after which event to send, and the number of the last frame the cloud has."""
        joined, progress = self._reception.taken.joined, self._here.progress
        last = self._here.journal.last_seq
        if welcome.last_out > last:
            detail = f"it has event {welcome.last_out}, the journal ends with {last}"
            self._limitations[faults.CloudAhead] = faults.CloudAhead(detail)
            return progress.acknowledged, progress.acknowledged
        progress.acknowledged = max(joined, welcome.last_out)
        return progress.acknowledged, welcome.last_out

    # Inbound

    async def _receive(self) -> None:
        frames = 0
        while True:
            self._handle(await self._wire.receive())
            frames += 1
            if not frames % BREATH:
                await asyncio.sleep(0)

    def _handle(self, raw: str | bytes) -> None:
        """Begin what a frame asks for. Raises ``CloudStreamBroken``."""
        frame = read(raw)
        if isinstance(frame, Illegible):
            self._complain(frame.fault, frame.id)
        elif isinstance(frame, Message):
            self._take(frame)
        elif frame.seq is not None:
            expires = None if frame.exp is None else self._time.to_box(frame.exp)
            self._take(Message(frame.seq, frame.id, frame.type, frame, None, expires))
        else:
            try:
                self._handle_unnumbered(frame)
            except FrameInvalid as fault:
                self._complain(fault, frame.id)

    def _handle_unnumbered(self, frame: Frame) -> None:
        kind = frame.type
        if kind == envelope.ACK:
            self._sender.acknowledge(data_of(frame, Ack).seq)
        elif kind == envelope.PING:
            self._note(self._here.frame(envelope.PONG, {}, frame.id))
        elif kind == envelope.PONG:
            self._answered(frame.re)
        elif kind == envelope.ERROR:
            self._complaint = self._here.discretion.sayable(data_of(frame, ErrorData).code)
        elif kind in (envelope.RECEIPT_OPEN, envelope.RECEIPT_WITHDRAW):
            self._complain(faults.SequenceMissing(kind), frame.id)
        elif kind != envelope.WELCOME:
            self._complain(faults.UnsupportedType(self._here.discretion.sayable(kind)), frame.id)

    def _take(self, message: Message) -> None:
        offer = self._reception.offer(message)
        if offer is Offer.REPEATED:
            self._repeat(message)
        elif offer is Offer.CONFLICT:
            self._conflict(message)

    def _repeat(self, message: Message) -> None:
        """Answer once more what was answered before: acknowledge it, and send its result again
        unless that is still to come."""
        self._ack_wanted = True
        self._answer_wanted.set()
        event = self._reception.answers.to(message.seq)
        if event is None:
            return
        if event.data()["id"] != message.id:
            self._conflict(message)
        elif event.seq <= self._sender.position:
            self._repeats[event.seq] = event

    def _conflict(self, message: Message) -> None:
        fault = faults.SequenceConflict(f"number {message.seq} was another message before")
        self._complain(fault, message.id)
        self._limit(fault)

    # Outbound

    async def _answer(self) -> None:
        while True:
            await self._answer_wanted.wait()
            self._answer_wanted.clear()
            if self._ack_wanted or self._acknowledged != self._reception.taken.upto:
                await self.acknowledge()
            while self._notes:
                await self._wire.send(self._notes.popleft())
            while self._repeats:
                event = self._repeats.pop(next(iter(self._repeats)))
                text = self._sender.again(event)
                if text is not None:
                    await self._wire.send(text)

    def _complain(self, fault: Fault, answers: str | None) -> None:
        data = {"code": fault.code, "detail": fault.detail[:200]}
        self._note(self._here.frame(envelope.ERROR, data, answers))

    def _note(self, text: str) -> None:
        if len(self._notes) < NOTES:
            self._notes.append(text)
            self._answer_wanted.set()

    # Looking after it

    async def _look_after(self) -> None:
        clock = self._here.clock
        missing: int | None = None
        missing_since = pinged_at = kept_at = clock.monotonic()
        kept = self._here.progress.acknowledged
        while True:
            await clock.sleep(LOOK_S)
            now = clock.monotonic()
            if self._wire.stalled_s > self._patience_s:
                raise faults.CloudStalled(f"nothing was taken for {self._wire.stalled_s:.0f} s")
            if missing is None or missing != self._reception.missing:
                missing, missing_since = self._reception.missing, now
            elif now - missing_since >= HOLE_S:
                raise faults.CloudStreamBroken(f"message {missing} is missing")
            if now - pinged_at >= PING_S:
                pinged_at = now
                self._ping()
            if now - kept_at >= CURSOR_S and kept != self._here.progress.acknowledged:
                kept, kept_at = self._here.progress.acknowledged, now
                await self._here.keep_cursor()
            self._limitations.pop(faults.CloudNotAcknowledging, None)
            if self._sender.unconfirmed_s >= CONFIRM_S:
                silence = faults.CloudNotAcknowledging(f"none for more than {CONFIRM_S:.0f} s")
                self._limitations[type(silence)] = silence
            self._report()

    def _ping(self) -> None:
        if self._pinged is not None:
            self._limit(faults.CloudHandlerSilent(f"no answer for {PING_S:.0f} s"))
        text = self._here.frame(envelope.PING, {})
        self._pinged = envelope.parse_frame(text).id
        self._note(text)

    def _answered(self, answers: str | None) -> None:
        if answers is not None and answers == self._pinged:
            self._pinged = None
            self._answered_ms = int(self._here.clock.now().timestamp() * 1000)
            self._limitations.pop(faults.CloudHandlerSilent, None)
            self._report()

    def _received_changed(self) -> None:
        self._answer_wanted.set()
        if self._reception.trouble is not self._shown_trouble:
            self._report()

    def _limit(self, fault: Fault) -> None:
        self._limitations[type(fault)] = fault
        self._report()

    def _report(self) -> None:
        """Tell the board how the link is; the first limitation counts."""
        self._shown_trouble = self._reception.trouble
        fault = self._shown_trouble or next(iter(self._limitations.values()), None)
        facts = {
            "taken": self._reception.taken.upto,
            "acknowledged": self._here.progress.acknowledged,
            "unacknowledged": self._sender.unacknowledged,
            "answered": self._answered_ms,
            "clock_offset_s": self._clock_offset_s,
            "complaint": self._complaint,
        }
        self._supervisor.ready(fault, **facts)
