"""Signing units on the health board: lost, looked for, found back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.devices.units import UnitWatch
from bridge.fiscal.rksv.units import SharedUnit
from bridge.health import HealthBoard, Level, Part
from bridge.supervisor import SLOW_S
from drivers.contract.fault import Fault, Side, Text
from drivers.contract.signing import UnitRecord
from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from simulators.soft_unit import SoftUnit, UnitDamaged
from tests.devices.simulated import eventually
from tests.signing.cards import PIN
from tests.signing.process import SimulatorProcess
from tests.till.harness import FakeClock, HeldUnit, until

INTERVAL_S = 30.0


class WrongPin(Fault):
    """A fault that looking again does not cure."""

    code = "watch_test_wrong_pin"
    side = Side.OPERATOR
    title = Text("Falsche PIN", "Wrong PIN")
    advice = Text("PIN eingeben.", "Enter the PIN.")


class Watched:
    """A unit, and a watch over it that tests run."""

    def __init__(self, unit: SharedUnit, chance: float = 0.5) -> None:
        self.unit = unit
        self.clock = FakeClock()
        self.board = HealthBoard(self.clock)
        self.returns = 0
        self.watch = UnitWatch(
            unit,
            self.board,
            self.clock,
            lambda: chance,
            interval_s=INTERVAL_S,
            on_return=self._returned,
            patient=(WrongPin,),
        )

    async def _returned(self) -> None:
        self.returns += 1

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        running = asyncio.ensure_future(self.watch.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self.unit.close()

    def part(self) -> Part:
        part = self.board.part(f"unit:{self.unit.name}")
        assert part is not None
        return part

    def says(self, level: Level) -> Callable[[], bool]:
        """Return whether the board says so, as a condition; with FAILED also that it pauses."""

        def condition() -> bool:
            if self.board.part(f"unit:{self.unit.name}") is None:
                return False
            paused = self.part().phase == "waiting" and bool(self.clock.sleeping)
            return self.part().level is level and (level is not Level.FAILED or paused)

        return condition


async def sign(unit: SharedUnit) -> bool:
    """Ask for a signature; return whether there is one."""
    return await unit.sign(lambda _: b"signing input") is not None


async def test_a_unit_that_works_is_ready_with_its_serial() -> None:
    soft = SoftUnit("card", "card")
    watched = Watched(SharedUnit(soft))
    await watched.unit.wake()
    async with watched.run():
        await until(watched.says(Level.OK))
        record = await soft.read()
        assert watched.part().facts == {"serial": record.serial, "vda": "AT100"}
        assert not watched.returns, "it was never away"
        assert not watched.clock.sleeping, "a unit that works is not asked again and again"


async def test_a_unit_that_fails_a_receipt_is_out_at_once_and_found_back_by_time() -> None:
    soft = SoftUnit("card", "card")
    watched = Watched(SharedUnit(soft))
    await watched.unit.wake()
    async with watched.run():
        await until(watched.says(Level.OK))
        soft.damaged = True
        assert not await sign(watched.unit)
        await until(watched.says(Level.FAILED))
        assert isinstance(watched.part().fault, UnitDamaged)
        assert watched.clock.sleeping == [INTERVAL_S]
        watched.clock.advance(INTERVAL_S)
        await until(lambda: watched.part().facts.get("tries") == 2)
        soft.damaged = False
        await until(watched.says(Level.FAILED))
        watched.clock.advance(INTERVAL_S)
        await until(watched.says(Level.OK))
        await until(lambda: watched.returns == 1)
        assert await sign(watched.unit)


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 15.0), (0.5, 30.0), (1.0, 45.0)])
async def test_the_interval_is_spread_by_half_of_it(chance: float, pause: float) -> None:
    soft = SoftUnit("card", "card")
    soft.damaged = True
    watched = Watched(SharedUnit(soft), chance)
    await watched.unit.wake()
    async with watched.run():
        for _ in range(10):
            await until(lambda: watched.clock.sleeping == [pause])
            watched.clock.advance(pause)


async def test_a_unit_found_out_at_the_start_is_not_asked_twice_in_a_row() -> None:
    unit = HeldUnit("card", "card")
    asked: list[None] = []

    async def probe() -> None:
        asked.append(None)
        raise UnitDamaged("card")

    unit.probe = probe  # type: ignore[method-assign]  # counts
    watched = Watched(SharedUnit(unit))
    await watched.unit.wake()
    begun = len(asked)
    async with watched.run():
        await until(watched.says(Level.FAILED))
        assert len(asked) == begun


async def test_after_a_refused_pin_it_is_looked_for_at_the_slowest_rate() -> None:
    soft = SoftUnit("card", "card")

    async def refuse() -> None:
        raise WrongPin("card")

    soft.probe = refuse  # type: ignore[method-assign]  # a latched PIN
    watched = Watched(SharedUnit(soft))
    await watched.unit.wake()
    async with watched.run():
        for _ in range(3):
            await until(watched.says(Level.FAILED))
            pause = watched.clock.sleeping[0]
            assert SLOW_S[0] <= pause <= SLOW_S[1]
            watched.clock.advance(pause)


async def test_a_unit_that_somebody_else_found_back_is_back_on_the_board_at_once() -> None:
    soft = SoftUnit("card", "card")
    soft.damaged = True
    watched = Watched(SharedUnit(soft))
    await watched.unit.wake()
    async with watched.run():
        await until(watched.says(Level.FAILED))
        soft.damaged = False
        assert await watched.unit.wake()
        await until(watched.says(Level.OK))
        await until(lambda: watched.returns == 1)


async def test_waking_looks_at_once() -> None:
    soft = SoftUnit("card", "card")
    soft.damaged = True
    watched = Watched(SharedUnit(soft))
    await watched.unit.wake()
    async with watched.run():
        await until(watched.says(Level.FAILED))
        soft.damaged = False
        watched.watch.wake()
        await until(watched.says(Level.OK))


async def test_a_probe_finds_out_that_a_unit_is_gone_before_a_receipt_does() -> None:
    soft = SoftUnit("card", "card")
    unit = SharedUnit(soft)
    await unit.wake()
    signatures = soft.signatures
    assert await unit.probe()
    soft.damaged = True
    assert not await unit.probe()
    assert isinstance(unit.fault, UnitDamaged)
    soft.damaged = False
    assert await unit.probe(), "a probe finds it back, too"
    assert soft.signatures == signatures, "nothing was signed"


async def test_reading_anew_takes_another_card_and_signs_with_it() -> None:
    soft, other = SoftUnit("card", "card"), SoftUnit("card", "other")
    unit = SharedUnit(soft)
    await unit.wake()
    before = unit.record
    soft.read = other.read  # type: ignore[method-assign]  # the other card is in the reader
    soft.sign = other.sign  # type: ignore[method-assign]  # the same
    assert not await sign(unit), "the wrong card's signature is not used"
    assert await unit.read()
    assert isinstance(unit.record, UnitRecord)
    assert unit.record != before
    assert await sign(unit)


async def test_a_killed_card_process_is_out_and_found_back_without_restart(
    tmp_path: Path,
) -> None:
    transport = VpcdTransport(VpcdAddress("127.0.0.1", 0), answer_timeout_s=20)
    _, port = transport.listen()
    acos = AcosIdUnit("card", transport, vda="AT100", pin=PIN, connect_timeout_s=0.2)
    unit = SharedUnit(acos, outage_limit_s=30, queue_limit_s=60)
    watched = Watched(unit)
    state = tmp_path / "card.json"
    with SimulatorProcess(port, state, "--pin", PIN) as card:
        await eventually_usable(unit)
        async with watched.run():
            await eventually(watched.says(Level.OK))
            assert await sign(unit)
            card.kill()
            assert not await sign(unit)
            await eventually(watched.says(Level.FAILED))
            watched.clock.advance(INTERVAL_S)
            await eventually(lambda: watched.part().facts.get("tries") == 2)
            with SimulatorProcess(port, state, "--pin", PIN) as again:
                await look_until_back(watched)
                assert watched.returns == 1
                assert await sign(unit)
                again.set(pulled=True)
                assert not await unit.probe()
                await eventually(watched.says(Level.FAILED))
                again.set(pulled=False)
                await look_until_back(watched)
                assert watched.returns == 2
                assert again.state()["tries_left"] == 3


async def eventually_usable(unit: SharedUnit) -> None:
    """Wake the unit until the card has found its way to the reader."""
    for _ in range(100):
        if await unit.wake():
            return
    pytest.fail(f"the card never came: {unit.fault}")


async def look_until_back(watched: Watched) -> None:
    """Let the intervals pass until the unit is back."""
    returns = watched.returns
    for _ in range(100):
        await eventually(lambda: watched.says(Level.FAILED)() or watched.returns > returns)
        if watched.returns > returns:
            return
        watched.clock.advance(INTERVAL_S)
        await eventually(lambda: watched.part().phase != "waiting" or watched.returns > returns)
    pytest.fail(f"never found back: {watched.part().fault}")
