"""The link to one cloud: for ever trying to be connected, never in the way of the till."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from pydantic_core import to_json
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bridge.cloud import faults
from bridge.cloud.dial import CLOSE_S, Dialer, hang_up, limit_silence
from bridge.cloud.discretion import Discretion
from bridge.cloud.endings import ended
from bridge.cloud.envelope import CLOSE_GOING_AWAY, CLOSE_PROTOCOL, MAX_IN_FLIGHT, Limits
from bridge.cloud.greeting import greet
from bridge.cloud.here import Here, Identity
from bridge.cloud.outbox import Peer, Sources
from bridge.cloud.policy import SPACING_S, CloudPolicy
from bridge.cloud.reception import Reception
from bridge.cloud.sender import Progress
from bridge.cloud.session import Session, Wire
from bridge.cloud.view import View
from bridge.cloud.waiting import first_to_end
from bridge.config.credentials import Secret
from bridge.config.schema import CloudSettings
from bridge.health import HealthBoard, Level
from bridge.journal.event import NewEvent, WriteSet
from bridge.journal.store import Journal
from bridge.model import events
from bridge.supervisor import Supervisor, sleep_or
from bridge.till.projections import ReceiptIndex
from bridge.till.register import BUILD_DATE
from bridge.till.till import Till
from drivers.contract.clock import Clock

__all__ = ["CloudLink", "Identity"]


class CloudLink:
    """One cloud. ``run`` leads the link until ``stop``; ``wake`` tries at once.

    A token that a cloud sends in its ``welcome`` is used by this process only: after a restart of
    the box the credential counts again.
    """

    def __init__(
        self,
        settings: CloudSettings,
        token: Callable[[], Secret],
        identity: Identity,
        till: Till,
        journal: Journal,
        board: HealthBoard,
        clock: Clock,
        chance: Callable[[], float],
        *,
        code_of: Callable[[str], str],
        someone_waits: Callable[[], bool],
        registers: tuple[str, ...],
        clouds: frozenset[str],
    ) -> None:
        """``token`` reads the credential anew, ``chance`` returns a random number from 0 to 1.

        ``code_of`` returns the text of a receipt's machine-readable code (its JWS given),
        ``registers`` are those that this cloud may use, ``clouds`` the names of all clouds.
        """
        peer = Peer(settings.name, registers, clouds - {settings.name})
        self.name = f"cloud:{settings.name}"
        self._settings = settings
        self._read_token = token
        self._given_token: Secret | None = None
        self._board = board
        self._clock = clock
        self._chance = chance
        self._receipts = View(journal.reader, ReceiptIndex())
        self._reception = Reception(peer, till, journal, clock, MAX_IN_FLIGHT)
        self._here = Here(
            peer,
            identity,
            till,
            journal,
            board,
            clock,
            self._reception,
            Progress(),
            Sources(self._origin_of, code_of),
            Discretion(),
        )
        self._dialer = Dialer(settings, identity.software, clock, self._before_build)
        self._policy = CloudPolicy(someone_waits)
        self._supervisor = Supervisor(self.name, board, clock, chance, self._policy)
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopping = False
        self._tried_at: float | None = None
        self._open: tuple[Session, ClientConnection] | None = None

    async def run(self) -> None:
        """Lead the link until ``stop`` has been called."""
        if self._stopping:
            return
        await first_to_end(self._lead(), self._stopped.wait())

    def wake(self) -> None:
        """Try to connect now, if no try is under way; not sooner than 5 s after the last one."""
        self._woken.set()
        self._supervisor.wake()

    async def stop(self) -> None:
        """End orderly: take nothing more, finish what is under way, say goodbye, keep the cursor.

        Whatever is not acknowledged by then is sent again after the next start.
        """
        self._stopping = True
        await self._reception.stop()
        if self._open is not None:
            session, connection = self._open
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(CLOSE_S):
                    await session.acknowledge()
            await hang_up(connection, CLOSE_GOING_AWAY)
        if self._reception.taken.joined:
            await self._here.keep_cursor()
        self._stopped.set()
        self._board.report(self.name, Level.OFF, "stopped")

    async def _lead(self) -> None:
        pause = self._policy.first(self._chance())
        if pause:
            self._board.report(self.name, Level.UNKNOWN, "waiting", pause_s=round(pause, 1))
            await sleep_or(self._clock, pause, self._woken)
        await self._supervisor.run(self._life)

    async def _life(self, supervisor: Supervisor) -> None:
        if self._stopping:
            return
        await self._keep_distance()
        await self._join()
        await self._connect(supervisor)

    async def _keep_distance(self) -> None:
        now = self._clock.monotonic()
        if self._tried_at is not None and now - self._tried_at < SPACING_S:
            await self._clock.sleep(SPACING_S - (now - self._tried_at))
        self._tried_at = self._clock.monotonic()

    async def _join(self) -> None:
        """Find out how far the cloud is; make it known to the journal the first time.

        Raises what the journal raises.
        """
        if self._reception.taken.joined:
            return
        journal, peer = self._here.journal, self._here.peer
        taken = self._reception.answers.taken()
        if taken is None:
            now = int(self._clock.now().timestamp() * 1000)
            body = to_json({"peer": peer.name})
            await journal.submit(WriteSet((NewEvent(events.CLOUD_JOINED, now, body),)))
            taken = self._reception.answers.taken()
        assert taken is not None
        self._reception.taken = taken
        kept = journal.reader.cursor(self._here.cursor_name)
        self._here.progress.acknowledged = max(kept, taken.joined)

    async def _connect(self, supervisor: Supervisor) -> None:
        token = self._given_token or self._read_token()
        self._here.discretion.learn(token)
        try:
            connection = await self._dialer.connect(token, supervisor.phase)
        except (faults.CloudUnauthorized, faults.CloudForbidden):
            self._given_token = None
            raise
        try:
            await self._converse(connection, supervisor)
        except ConnectionClosed as closed:
            fault = ended(closed, self._here.discretion)
            if isinstance(fault, faults.CloudTokenExpired):
                self._given_token = None
            if isinstance(fault, faults.CloudFrameRefused) and self._open is not None:
                self._open[0].refused_as_too_big()
            if not self._stopping:
                raise fault from None
        except (faults.CloudStreamBroken, faults.CloudGreetingMissing) as fault:
            await hang_up(connection, CLOSE_PROTOCOL, fault.code)
            raise
        finally:
            self._open = None
            connection.transport.abort()

    async def _converse(self, connection: ClientConnection, supervisor: Supervisor) -> None:
        wire = Wire(self._here, connection)
        supervisor.phase("greeting")
        greeted = await greet(self._here, wire.send, wire.receive)
        if greeted.welcome.token:
            self._given_token = Secret(greeted.welcome.token)
            self._here.discretion.learn(self._given_token)
        self._dialer.offset_s = greeted.time.offset_s
        patience_s = self._be_patient(connection, greeted.welcome.limits)
        session = Session(self._here, wire, supervisor, greeted, patience_s)
        self._open = session, connection
        await session.run()

    def _be_patient(self, connection: ClientConnection, limits: Limits) -> float:
        """Ping as seldom as the cloud wishes; return the seconds after which silence is an end."""
        interval = max(self._settings.ping_interval_s, limits.ping_interval_s or 0.0)
        timeout = max(self._settings.ping_timeout_s, limits.ping_timeout_s or 0.0)
        connection.ping_interval, connection.ping_timeout = interval, timeout
        limit_silence(connection, interval + timeout)
        return interval + timeout

    def _before_build(self) -> bool:
        return self._clock.now().date() < BUILD_DATE

    def _origin_of(self, receipt_id: str) -> str | None:
        """Return who asked for a receipt."""
        found = self._receipts.get(receipt_id)
        if found is None:
            return None
        opened = self._here.journal.reader.event(ReceiptIndex.unpack(found).first_seq)
        return None if opened is None else opened.data().get("origin")
