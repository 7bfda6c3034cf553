"""``bonbridge rksv replay``: a published scenario of the reference till through the real till.

The scenario (rksv.md section 7) says for each receipt which unit to use, whether it is damaged,
the time, the amounts and the kind. Journal, till, session and export are the box's own; only
the units and the clock are simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from bridge.app import PROJECTIONS
from bridge.exports import export_dep7, unit_records
from bridge.fiscal.rksv.code import FIRST_DAY, RATE_FIELDS, VIENNA, ocr_code, qr_code
from bridge.fiscal.rksv.counter import CounterCipher
from bridge.fiscal.rksv.keys import KeyContainer, write_container
from bridge.fiscal.rksv.session import RksvRegime
from bridge.fiscal.rksv.units import SharedUnit, UnitPool
from bridge.journal.store import Journal, JournalPaths
from bridge.model.commands import parse_command
from bridge.model.register import Register
from bridge.till.register import RegisterTill
from bridge.till.till import Till
from drivers.contract.fault import Fault, Side, Text
from simulators.soft_unit import SoftUnit

COUNTER_LENGTH = {False: 8, True: 5}
"""Counter bytes of the reference till's published output: open system, closed system."""

REGISTER = "REPLAY"


class ScenarioUnreadable(Fault):
    """A file that is no scenario of the reference till."""

    code = "scenario_unreadable"
    side = Side.OPERATOR
    title = Text("Das Szenario ist nicht lesbar", "The scenario cannot be read")
    advice = Text(
        "Eine TESTSUITE_TEST_SZENARIO_n.json der Referenzkasse angeben.",
        "Name a TESTSUITE_TEST_SZENARIO_n.json of the reference till.",
    )


class _Amounts(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    tax_set_normal: float
    tax_set_ermaessigt1: float
    tax_set_ermaessigt2: float
    tax_set_null: float
    tax_set_besonders: float

    def cents(self) -> tuple[int, ...]:
        """The scenario's numbers have two decimals at most: rounding recovers the cents."""
        return tuple(
            round(value * 100)
            for value in (
                self.tax_set_normal,
                self.tax_set_ermaessigt1,
                self.tax_set_ermaessigt2,
                self.tax_set_null,
                self.tax_set_besonders,
            )
        )


class Instruction(BaseModel):
    """One receipt of a scenario. ``date_to_use`` is Austrian local time."""

    model_config = ConfigDict(alias_generator=to_camel)

    signature_device_damaged: bool
    receipt_identifier: str
    date_to_use: datetime
    used_signature_device: int
    simplified_receipt: _Amounts
    type_of_receipt: str


class Scenario(BaseModel):
    """A scenario file."""

    model_config = ConfigDict(alias_generator=to_camel)

    cash_box_id: str
    base64_aes_key: str
    company_i_d: str
    number_of_signature_devices: int
    cash_box_instruction_list: list[Instruction]


@dataclass(slots=True)
class ReplayClock:
    """Stands still at the instruction's time."""

    time: datetime = datetime(2016, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The instruction's time."""
        return self.time

    def monotonic(self) -> float:
        """Seconds."""
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.time += timedelta(seconds=seconds)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``rksv replay``."""
    text = "run a published scenario of the reference till through the real till"
    parser = subparsers.add_parser("replay", help=text, description=text)
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--closed-system", action="store_true")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    scenario = load_scenario(args.scenario)
    args.out.mkdir(parents=True, exist_ok=True)
    count = asyncio.run(replay(scenario, args.out, closed_system=args.closed_system))
    print(f"ok: {count} receipts replayed into {args.out}")
    return 0


def load_scenario(path: Path) -> Scenario:
    """Read a scenario. Raises ``ScenarioUnreadable``."""
    try:
        return Scenario.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ScenarioUnreadable(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise ScenarioUnreadable(f"{path}: {error.error_count()} problems") from error


async def replay(scenario: Scenario, out: Path, *, closed_system: bool) -> int:
    """Replay a scenario; write DEP, key container, QR and OCR lists; return the receipts."""
    clock = ReplayClock()
    soft = _units(scenario, closed_system)
    shared = [SharedUnit(unit) for unit in soft]
    for unit in shared:
        await unit.wake()
    pool = _ChosenPool(shared)
    key = _aes_key(scenario)
    # Also what a killed replay left behind.
    for name in ("journal.db", "journal.db-wal", "journal.db-shm", "mirror"):
        (out / name).unlink(missing_ok=True)
    journal = Journal.open(JournalPaths(out / "journal.db", out / "mirror"), clock, PROJECTIONS)
    try:
        till = RegisterTill(
            _register(scenario),
            journal,
            RksvRegime(CounterCipher(key, COUNTER_LENGTH[closed_system]), pool),
            clock,
            not_before=FIRST_DAY,
            collective_by_itself=False,
        )
        desk = _Replay(scenario, Till(journal, [till], clock), clock, soft, pool)
        desk.till.load()
        for index, instruction in enumerate(scenario.cash_box_instruction_list):
            await desk.carry_out(index, instruction)
        await journal.settle()
        reader = journal.reader
        with (out / "dep-export.json").open("wb") as dep:
            export_dep7(reader, REGISTER, dep)
        with (out / "cryptographicMaterialContainer.json").open("wb") as container:
            write_container(container, KeyContainer.of(key, unit_records(reader).values()))
        receipts = [event.jws or "" for event in reader.numbered(REGISTER)]
    finally:
        await journal.close()
    for name, form in (("qr", qr_code), ("ocr", ocr_code)):
        text = json.dumps([form(jws) for jws in receipts], indent=1)
        (out / f"{name}-code-rep.json").write_text(text, encoding="utf-8")
    return len(receipts)


class _ChosenPool(UnitPool):
    """All units, but the one the scenario chose comes first."""

    def choose(self, index: int) -> None:
        first = [unit for unit in self.units if unit.name == f"K{index}"]
        rest = [unit for unit in self.units if unit.name != f"K{index}"]
        self.units = (*first, *rest)


@dataclass(slots=True)
class _Replay:
    scenario: Scenario
    till: Till
    clock: ReplayClock
    soft: Sequence[SoftUnit]
    pool: _ChosenPool

    async def carry_out(self, index: int, instruction: Instruction) -> None:
        """Set the stage, then ask the till for the receipt by its ordinary commands."""
        self.clock.time = instruction.date_to_use.replace(tzinfo=VIENNA).astimezone(UTC)
        damaged = instruction.signature_device_damaged
        for unit in self.soft:
            unit.damaged = damaged
        for shared in self.pool.units:
            if not damaged and not shared.usable:
                await shared.wake()
        self.pool.choose(instruction.used_signature_device)
        kind = instruction.type_of_receipt
        key = f"replay-{index:06d}"
        if kind in ("START_BELEG", "NULL_BELEG"):
            own = "start" if kind == "START_BELEG" else "null"
            await self._do(type="register_receipt", register_id=REGISTER, kind=own, key=key)
            return
        lines = [
            {"text": rate, "unit_cents": cents, "rate": rate}
            for rate, cents in zip(RATE_FIELDS, instruction.simplified_receipt.cents(), strict=True)
        ]
        if kind == "STORNO_BELEG":
            # The scenario names no original: it is one of a till before this one.
            await self._do(
                type="storno_foreign", register_id=REGISTER, number="0", lines=lines, key=key
            )
            return
        opened = await self._do(
            type="open",
            register_id=REGISTER,
            kind="training" if kind == "TRAINING_BELEG" else "sale",
            lines=lines,
        )
        await self._do(type="complete", receipt=opened, rev=1, key=key, payments=[{"kind": "cash"}])

    async def _do(self, **command: Any) -> str:
        done = await self.till.execute(parse_command(json.dumps(command)))
        return str(done.event.receipt)


def _units(scenario: Scenario, closed_system: bool) -> list[SoftUnit]:
    return [
        SoftUnit(
            f"K{index}",
            f"{scenario.cash_box_id}/{index}",
            closed_system=f"{scenario.company_i_d}-K{index}" if closed_system else None,
        )
        for index in range(scenario.number_of_signature_devices)
    ]


def _register(scenario: Scenario) -> Register:
    """The scenario's receipt numbers are a prefix and a running number."""
    first = scenario.cash_box_instruction_list[0].receipt_identifier
    match = re.fullmatch(r"(.*?)([1-9]\d*)", first)
    if match is None:
        raise ScenarioUnreadable(f"{first!r} does not end in a number")
    return Register(
        REGISTER,
        scenario.cash_box_id,
        number_prefix=match[1],
        first_number=int(match[2]),
    )


def _aes_key(scenario: Scenario) -> bytes:
    return base64.b64decode(scenario.base64_aes_key)
