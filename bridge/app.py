"""The box composed from its configuration: what there is, in which order it starts and stops.

Start: journal → signing units → till → printing. Stop: commands under way → papers under way →
units → journal. A printer that is absent does not stop the box; without a signing unit it
starts, too, and makes outage receipts as the law allows.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from bridge.config import (
    Config,
    Credentials,
    PrinterSettings,
    Secret,
    SigningUnitSettings,
    read_aes_key,
)
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.session import RksvRegime
from bridge.fiscal.rksv.units import Prober, SharedUnit, UnitPool
from bridge.journal.background import verify_in_background
from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.faults import JournalDamaged
from bridge.journal.projections import load
from bridge.journal.store import Journal, JournalPaths
from bridge.model import events
from bridge.model.register import Register
from bridge.printing.follower import Desk, PrintFollower
from bridge.printing.layout import Shop, Style, receipt_page
from bridge.printing.papers import Papers
from bridge.till.projections import ALL, PinLatches
from bridge.till.register import Answer, RegisterTill
from bridge.till.till import Till
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault
from drivers.contract.page import Page
from drivers.contract.printer import Printer
from drivers.contract.signing import SigningUnit
from drivers.signing.faults import PinRefused

logger = logging.getLogger(__name__)

PROJECTIONS = (*ALL, Papers())
"""Everything the journal keeps derived for this box."""


SWITCH_INTERVAL_S = 0.0005
"""How long a busy thread keeps the interpreter from the others: a tenth of the default makes a
receipt suffer eight times less from it."""


EXPIRY_LOOK_S = 10.0
"""Seconds between looks for parked receipts whose time is over."""


@dataclass(frozen=True, slots=True)
class Makers:
    """How settings become devices. Tests and replays put their own in."""

    unit: Callable[[SigningUnitSettings, Secret, bool], SigningUnit]
    printer: Callable[[PrinterSettings], Printer]


def make_unit(settings: SigningUnitSettings, pin: Secret, pin_refused: bool) -> SigningUnit:
    """Return the driver of a signing unit. Raises a fault for an address it cannot have."""
    from drivers.signing.acos_id import AcosIdUnit
    from drivers.signing.vpcd import VpcdAddress, VpcdTransport

    transport = VpcdTransport(VpcdAddress.parse(settings.address))
    return AcosIdUnit(
        settings.name,
        transport,
        vda=settings.vda,
        pin=pin.reveal,
        pin_refused=pin_refused,
        # The shared unit verifies every signature before it reaches the journal.
        check_signatures=False,
    )


def make_printer(settings: PrinterSettings) -> Printer:
    """Return the driver of a printer. Raises a fault for an address it cannot have."""
    from drivers.ports import TcpPort, parse_port
    from drivers.printers.escpos_tcp import EscPosPrinter

    port = parse_port(settings.address)
    if not isinstance(port, TcpPort):
        raise port.unsupported()
    return EscPosPrinter(settings.name, port, columns=settings.columns, profile=settings.profile)


REAL = Makers(make_unit, make_printer)


def journal_paths(config: Config) -> JournalPaths:
    """Return where the box keeps its journal and mirror."""
    return JournalPaths(
        config.box.data_dir / "journal.db", config.box.mirror_dir / "journal.mirror"
    )


class Box:
    """A running box. ``till``, ``journal``, ``printing`` and ``units`` are its parts;
    ``journal_check`` ends when the whole chain has been checked beside it."""

    def __init__(
        self,
        config: Config,
        credentials: Credentials,
        clock: Clock,
        makers: Makers = REAL,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self._credentials = credentials
        self._clock = clock
        self._makers = makers
        self._jitter = jitter
        self._tasks: list[asyncio.Task[None]] = []
        self._printers: list[Printer] = []
        self._keys = {each.id: read_aes_key(credentials, each.aes_key) for each in config.registers}
        self._latched: dict[str, bytes] = {}
        self.journal: Journal
        self.journal_check: asyncio.Task[None]
        self.till: Till
        self.printing: PrintFollower
        self.units: dict[str, SharedUnit] = {}

    async def start(self) -> None:
        """Start all parts. Raises what the journal and the configuration raise."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.journal = Journal.open(
            journal_paths(self.config), self._clock, PROJECTIONS, machine=machine_id()
        )
        try:
            await self._start_parts()
        except BaseException:
            await self.journal.close()
            raise

    async def stop(self) -> None:
        """Stop all parts in order; what was acknowledged is durable."""
        await self.till.finish()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for unit in self.units.values():
            await unit.close()
        for printer in self._printers:
            await printer.close()
        await self.journal.close()

    async def _start_parts(self) -> None:
        config = self.config
        self._latched = load(self.journal.reader, PinLatches())
        for settings in config.signing_units:
            pin = self._credentials.secret(settings.pin)
            refused = self._latched.get(settings.name) == self._pin_mark(pin)
            self.units[settings.name] = SharedUnit(
                self._makers.unit(settings, pin, refused),
                outage_limit_s=config.rksv.outage_limit_s,
                queue_limit_s=config.rksv.queue_limit_s,
                on_fault=self._unit_failed,
            )
        await asyncio.gather(*(unit.wake() for unit in self.units.values()))
        self.till = Till(self.journal, self._registers(), self._clock)
        self.till.load()
        self.printing = PrintFollower(self.journal, self._desks(), self._layout(), self._clock)
        prober = Prober(
            tuple(self.units.values()),
            self._clock,
            config.rksv.probe_interval_s,
            self.till.end_outages,
            self._jitter,
        )
        self._run("printing", self.printing.run())
        self._run("looking for signing units", prober.run())
        self._run("ending expired receipts", self._expire())
        self.journal_check = self._run("checking the journal", self._check_journal())

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(_ended)
        self._tasks.append(task)
        return task

    async def _check_journal(self) -> None:
        """Check the whole chain once, apart; damage latches all registers."""
        damage = await verify_in_background(self.journal.paths.database)
        if damage is None:
            return
        logger.critical("the journal is damaged: %s", damage)
        for register in self.till.registers.values():
            register.latch = str(JournalDamaged(damage))

    async def _expire(self) -> None:
        """End parked receipts whose time is over, for ever."""
        while True:
            await self._clock.sleep(EXPIRY_LOOK_S)
            try:
                await self.till.expire()
            except Fault as fault:
                logger.warning("expired receipts could not be ended: %s", fault)

    def _registers(self) -> list[RegisterTill]:
        made = []
        for each in self.config.registers:
            pool = UnitPool([self.units[name] for name in each.units])
            regime = RksvRegime(CounterCipher(self._keys[each.id], each.counter_length), pool)
            register = Register(each.id, each.kassen_id)
            made.append(RegisterTill(register, self.journal, regime, self._clock))
        return made

    def _desks(self) -> dict[str, Desk]:
        printers = {}
        for each in self.config.printers:
            printer = self._makers.printer(each)
            self._printers.append(printer)
            printers[each.name] = Desk(printer, each.unknown_policy)
        return {
            each.id: printers[each.printer]
            for each in self.config.registers
            if each.printer is not None
        }

    def _layout(self) -> Callable[[Event, int, bool], Page]:
        shop = Shop(
            self.config.shop.name,
            self.config.shop.address,
            self.config.shop.uid or "",
            self.config.shop.footer,
        )
        language = self.config.box.language
        kassen_ids: Mapping[str, str] = {each.id: each.kassen_id for each in self.config.registers}

        def layout(event: Event, columns: int, copy: bool) -> Page:
            kassen_id = kassen_ids[event.register or ""]
            style = Style(columns, language)
            return receipt_page(event.data(), event.jws or "", kassen_id, shop, style, copy=copy)

        return layout

    def _unit_failed(self, name: str, fault: Fault) -> None:
        """Remember a refused PIN across restarts: a restart must not spend another try."""
        if not isinstance(fault, PinRefused):
            return
        settings = self.config.signing_unit_named(name)
        mark = self._pin_mark(self._credentials.secret(settings.pin))
        if self._latched.get(name) == mark:
            return
        self._latched[name] = mark
        now = int(self._clock.now().timestamp() * 1000)
        body = to_json({"unit": name, "mark": mark.decode()})
        written = self.journal.submit(WriteSet((NewEvent(events.PIN_REFUSED, now, body),)))
        written.add_done_callback(lambda done: self._pin_latch_written(name, done))

    def _pin_latch_written(self, name: str, written: Answer) -> None:
        if written.cancelled() or written.exception() is not None:
            # Noted again at the next refusal; until a restart the unit remembers by itself.
            self._latched.pop(name, None)
            logger.error("%s: that its PIN was refused could not be stored", name)

    def _pin_mark(self, pin: Secret) -> bytes:
        """Return what tells this PIN from another without giving it away: keyed by a secret that
        never is in the journal."""
        key = next(iter(self._keys.values()))
        return hmac.new(key, pin.reveal().encode(), hashlib.sha256).hexdigest()[:16].encode()


def _ended(task: asyncio.Task[None]) -> None:
    """Say it loudly when a part of the box ends that should run for ever."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("%s has stopped working: %r", task.get_name(), error, exc_info=error)


def machine_id() -> str:
    """Return what identifies this board: its serial number, else the system's machine id."""
    for path in (Path("/sys/firmware/devicetree/base/serial-number"), Path("/etc/machine-id")):
        try:
            return path.read_text(encoding="ascii").strip("\0\n ")
        except OSError:
            continue
    return ""
