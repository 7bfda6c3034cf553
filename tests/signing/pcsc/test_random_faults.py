"""Faults in a random order, for a long time: every signature is right, every fault heals, no PIN
try is spent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from drivers.contract.fault import Fault
from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.faults import CardSwapped
from drivers.signing.pcsc_library import UNPOWER_CARD
from simulators.card.pcscd import PrivatePcscd
from tests.conftest import Scale
from tests.signing.contract import digest_of, verify
from tests.signing.pcscd import LIMIT_S, OtherProgram, Reader

Action = Callable[[], Coroutine[Any, Any, None]]


class Trouble:
    """What may happen around one signature: before it, or while it is made."""

    def __init__(self, service: PrivatePcscd, reader: Reader, source: random.Random) -> None:
        self._service = service
        self._reader = reader
        self._source = source

    def pick(self) -> Action:
        """Choose one."""
        return self._source.choice(
            [
                self.nothing,
                self.card_dies,
                self.card_is_cut_off,
                self.card_is_pulled,
                self.card_is_swapped,
                self.answer_is_short,
                self.card_is_reset,
                self.another_resets,
                self.another_holds,
                self.service_is_killed,
                self.service_leaves,
                self.service_freezes,
            ]
        )

    async def _moment(self) -> None:
        await asyncio.sleep(self._source.random() * 0.02)

    async def nothing(self) -> None:
        """All is well."""

    async def card_dies(self) -> None:
        """In one of the next commands."""
        self._reader.set(die_in_apdu=self._source.randrange(1, 5))

    async def card_is_cut_off(self) -> None:
        """Out and in again at once."""
        await self._moment()
        await asyncio.to_thread(self._reader.reinsert)

    async def card_is_pulled(self) -> None:
        """Out for a while."""
        await self._moment()
        self._reader.pull()
        await asyncio.sleep(self._source.random())
        self._reader.insert()

    async def card_is_swapped(self) -> None:
        """Another card is in for a while."""
        await self._moment()
        await asyncio.to_thread(self._reader.reinsert, other=True)
        await asyncio.sleep(self._source.random())
        await asyncio.to_thread(self._reader.reinsert)

    async def answer_is_short(self) -> None:
        """One byte instead of a signature."""
        self._reader.set(short_answers=1)

    async def card_is_reset(self) -> None:
        """Between the PIN check and the signature, in silence."""
        self._reader.set(reset_between=1)

    async def another_resets(self) -> None:
        """As soon as it may."""
        other = OtherProgram()
        await self._moment()
        if not await asyncio.to_thread(other.connect):
            await asyncio.to_thread(other.reset)
        other.close()

    async def another_holds(self) -> None:
        """For a while, and leaves the card powered down."""
        other = OtherProgram()
        if not await asyncio.to_thread(other.connect):
            await asyncio.to_thread(other.begin)
            await self._moment()
            other.disconnect(UNPOWER_CARD)
        other.close()

    async def service_is_killed(self) -> None:
        """And started again."""
        await self._moment()
        self._service.kill()
        await self._moment()
        self._service.start()

    async def service_leaves(self) -> None:
        """And is started again."""
        self._service.stop()
        self._service.start()

    async def service_freezes(self) -> None:
        """For a moment."""
        self._service.freeze()
        await self._moment()
        self._service.thaw()


@pytest.mark.kill
async def test_random_faults_never_yield_a_wrong_signature_and_always_heal(
    service: PrivatePcscd, reader: Reader, unit: AcosIdUnit, scale: Scale
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    trouble = Trouble(service, reader, source)
    own = await unit.read()
    faults: dict[str, int] = {}
    for number in range(scale.of(15, 400)):
        action = trouble.pick()
        reader.set(delay_ms=source.choice([0, 0, 20]))
        happening = asyncio.create_task(action())
        digest = digest_of(f"{seed} {number}")
        async with asyncio.timeout(LIMIT_S):
            while True:
                try:
                    verify(own, digest, await unit.sign(digest))
                except CardSwapped:
                    await happening
                    assert await unit.read() == own
                except Fault as fault:
                    faults[fault.code] = faults.get(fault.code, 0) + 1
                else:
                    break
            await happening
        reader.clear()
    print(f"faults met: {faults}")
    verify(own, digest_of("last"), await unit.sign(digest_of("last")))
    assert reader.other.state.signatures == 0
