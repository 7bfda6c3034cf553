"""The box composed from its configuration: what there is, in which order it starts and stops.

Start: journal → signing units → till → printing → local API and links. Stop: API and links →
commands under way → papers under way → units → journal. A printer that is absent does not stop
the box; without a signing unit it starts, too, and makes outage receipts as the law allows.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import random
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from bridge.cloud.inbox import INBOX
from bridge.config import (
    Config,
    Credentials,
    PrinterSettings,
    Secret,
    SigningUnitSettings,
    read_aes_key,
)
from bridge.devices.printers import PrinterWatch
from bridge.devices.registry import Device, Registry, Test, printer_tests, unit_tests
from bridge.devices.units import UnitWatch
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.session import RksvRegime
from bridge.fiscal.rksv.units import SharedUnit, UnitPool
from bridge.front import Front, Inside
from bridge.health import HealthBoard, Level
from bridge.journal.background import verify_in_background
from bridge.journal.event import Event, NewEvent, WriteSet
from bridge.journal.faults import JournalDamaged, JournalUnchecked
from bridge.journal.projections import load
from bridge.journal.store import Journal, JournalPaths
from bridge.model import events
from bridge.model.register import Register
from bridge.printing.follower import Desk, PrintFollower
from bridge.printing.foreign_layout import page_of
from bridge.printing.layout import Shop, Style
from bridge.printing.paper_log import PaperLog
from bridge.printing.papers import Papers
from bridge.supervisor import PartBroken
from bridge.till.amounts import Settling
from bridge.till.projections import ALL, PinLatches
from bridge.till.register import Answer, RegisterTill
from bridge.till.till import Till
from bridge.vitals import Vitals
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault
from drivers.contract.page import Page
from drivers.contract.printer import Printer
from drivers.contract.signing import SigningUnit
from drivers.signing.faults import PinBlocked, PinRefused
from drivers.signing.transport import CardTransport

logger = logging.getLogger(__name__)

PROJECTIONS = (*ALL, Papers(), PaperLog(), INBOX)
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

    return AcosIdUnit(
        settings.name,
        _transport(settings.address),
        vda=settings.vda,
        pin=pin.reveal,
        pin_refused=pin_refused,
        # The shared unit verifies every signature before it reaches the journal.
        check_signatures=False,
    )


def _transport(address: str) -> CardTransport:
    """Return the way to a card: a reader, or for a simulated card a port to listen at."""
    if address.startswith("pcsc:"):
        from drivers.signing.pcsc import PcscAddress, PcscTransport

        return PcscTransport(PcscAddress.parse(address))
    from drivers.signing.vpcd import VpcdAddress, VpcdTransport

    return VpcdTransport(VpcdAddress.parse(address))


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
        socket: Path | None = None,
    ) -> None:
        """``socket`` is where programs of this machine reach the local API, if anywhere."""
        self.config = config
        self._credentials = credentials
        self._clock = clock
        self._makers = makers
        self._jitter = jitter
        self._tasks: list[asyncio.Task[None]] = []
        self._printers: dict[str, Printer] = {}
        self._watches: dict[str, PrinterWatch] = {}
        self._keys = {each.id: read_aes_key(credentials, each.aes_key) for each in config.registers}
        self._latched: dict[str, bytes] = {}
        self.journal: Journal
        self.journal_check: asyncio.Task[None]
        self.till: Till
        self.printing: PrintFollower
        self.units: dict[str, SharedUnit] = {}
        self.board = HealthBoard(clock)
        self.devices: Registry
        self.front: Front
        self._socket = socket

    async def start(self) -> None:
        """Start all parts. Raises what the journal and the configuration raise."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.journal = Journal.open(
            journal_paths(self.config), self._clock, PROJECTIONS, machine=machine_id()
        )
        try:
            await self._start_parts()
            await self.front.start()
        except BaseException:
            await self._stop_parts()
            raise

    async def stop(self) -> None:
        """Stop all parts in order; what was acknowledged is durable."""
        await self.front.stop()
        await self.till.finish()
        await self._stop_parts()

    async def _stop_parts(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for unit in self.units.values():
            await unit.close()
        for printer in self._printers.values():
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
        self._make_printers()
        self.devices = Registry(self._tested_devices())
        self.printing = PrintFollower(
            self.journal, self._desks(), self._layout(), self._clock, self._jitter
        )
        vitals = Vitals(self.till, self.journal, self.board, self._clock)
        self._run("watching the registers", vitals.run())
        for name, unit in self.units.items():
            self._run(f"watching the signing unit {name}", self._unit_watch(unit).run())
        for name, watch in self._watches.items():
            self._run(f"watching the printer {name}", watch.run())
        self._run("printing", self.printing.run())
        self._run("ending expired receipts", self._expire())
        self.journal_check = self._run("checking the journal", self._check_journal(vitals))
        self.front = Front(self._inside(), self._socket)

    def _inside(self) -> Inside:
        return Inside(
            self.config,
            self._credentials,
            self._clock,
            self._jitter,
            self.journal,
            self.till,
            self.board,
            self.devices,
        )

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Say it loudly when a part of the box ends that should run for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            name = task.get_name()
            logger.critical("%s has stopped working: %r", name, error, exc_info=error)
            fault = PartBroken(f"{name} has stopped working: {type(error).__name__}")
            self.board.report(f"task:{name}", Level.FAILED, "ended", fault)

    async def _check_journal(self, vitals: Vitals) -> None:
        """Check the whole chain once, apart; damage latches all registers."""
        try:
            damage = await verify_in_background(self.journal.paths.database)
        except JournalUnchecked as fault:
            vitals.unchecked(fault)
            return
        if damage is not None:
            logger.critical("the journal is damaged: %s", damage)
            for register in self.till.registers.values():
                register.latch = str(JournalDamaged(damage))
        vitals.checked(damage)

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
            settling = Settling(rate=self.config.rksv.settlement_rate)
            made.append(
                RegisterTill(register, self.journal, regime, self._clock, settling=settling)
            )
        return made

    def _unit_watch(self, unit: SharedUnit) -> UnitWatch:
        return UnitWatch(
            unit,
            self.board,
            self._clock,
            self._jitter,
            interval_s=self.config.rksv.probe_interval_s,
            on_return=self.till.end_outages,
            patient=(PinRefused, PinBlocked),
        )

    def _make_printers(self) -> None:
        for each in self.config.printers:
            printer = self._makers.printer(each)
            self._printers[each.name] = printer
            self._watches[each.name] = PrinterWatch(printer, self.board, self._clock, self._jitter)

    def _tested_devices(self) -> Iterator[tuple[Device, Mapping[str, Test]]]:
        for unit in self.config.signing_units:
            tests = unit_tests(self.units[unit.name])
            yield Device(f"unit:{unit.name}", unit.kind, unit.address, tuple(tests)), tests
        for printer in self.config.printers:
            tests = printer_tests(self._watches[printer.name])
            name = f"printer:{printer.name}"
            yield Device(name, "printer", printer.address, tuple(tests)), tests

    def _desks(self) -> dict[str, Desk]:
        printers = {
            each.name: Desk(self._watches[each.name], each.unknown_policy)
            for each in self.config.printers
        }
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
            return page_of(event, kassen_id, shop, Style(columns, language), copy=copy)

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


def machine_id() -> str:
    """Return what identifies this board: its serial number, else the system's machine id."""
    for path in (Path("/sys/firmware/devicetree/base/serial-number"), Path("/etc/machine-id")):
        try:
            return path.read_text(encoding="ascii").strip("\0\n ")
        except OSError:
            continue
    return ""
