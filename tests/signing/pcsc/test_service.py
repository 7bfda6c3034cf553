"""``pcscd`` absent, killed, frozen, restarted: the same unit goes on without a restart of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.faults import CardReaderUnavailable, SigningTimeout
from drivers.signing.pcsc_faults import CardServiceDown
from drivers.signing.pcsc_readers import reader_names
from simulators.card.pcscd import PrivatePcscd
from tests.signing.contract import digest_of, verify
from tests.signing.pcscd import LIMIT_S, READERS, Reader, pcsc_unit, transport, until

DIGEST = digest_of("receipt")


@pytest.fixture(autouse=True)
def restored(service: PrivatePcscd, reader: Reader) -> Iterator[None]:
    """The service runs again, while the card is still there."""
    del reader
    yield
    service.kill()
    service.start()


async def test_a_service_killed_between_two_receipts_is_found_again(
    service: PrivatePcscd, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    for _ in range(3):
        service.kill()
        service.start()
        verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_service_that_left_by_itself_is_found_again(
    service: PrivatePcscd, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    service.stop()
    service.start()
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_killed_service_is_named_and_its_stale_socket_too(
    service: PrivatePcscd, reader: Reader
) -> None:
    unit = pcsc_unit()
    record = await unit.read()
    unit._connect_timeout_s = 0.1
    service.kill()
    assert service.socket.exists()
    for request in (unit.sign(DIGEST), unit.sign(DIGEST), unit.probe(), unit.read()):
        with pytest.raises(CardServiceDown):
            await request
    with pytest.raises(CardServiceDown):
        reader_names()
    service.start()
    unit._connect_timeout_s = 10.0
    await unit.probe()
    verify(record, DIGEST, await unit.sign(DIGEST))
    await unit.close()


async def test_a_service_that_comes_back_within_the_request_goes_unnoticed(
    service: PrivatePcscd, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    service.kill()
    signing = asyncio.create_task(unit.sign(DIGEST))
    await asyncio.sleep(0)
    service.start()
    verify(record, DIGEST, await signing)


async def test_a_service_killed_in_a_signature_costs_no_wrong_one(
    service: PrivatePcscd, reader: Reader, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    for round_ in range(3):
        digest = digest_of(f"killed {round_}")
        reader.set(delay_ms=500)
        before = reader.card.state.verifies
        signing = asyncio.create_task(unit.sign(digest))
        await asyncio.to_thread(until, lambda: reader.card.state.verifies > before)  # noqa: B023 - called within this turn
        service.kill()
        reader.set(delay_ms=0)
        service.start()
        verify(record, digest, await signing)


async def test_a_service_absent_at_start_and_started_later_is_found(
    service: PrivatePcscd, reader: Reader
) -> None:
    service.stop()
    assert not service.socket.exists()
    unit = pcsc_unit(connect_timeout_s=0.1)
    with pytest.raises(CardServiceDown) as raised:
        await unit.read()
    assert "pcscd" in raised.value.advice.de
    service.start()
    unit._connect_timeout_s = 10.0
    verify(await unit.read(), DIGEST, await unit.sign(DIGEST))
    await unit.close()


async def test_a_frozen_service_costs_a_time_out_and_stops_nothing_else(
    service: PrivatePcscd, reader: Reader, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    service.freeze()
    unit._sign_timeout_s = 0.2
    with pytest.raises(SigningTimeout):
        await unit.sign(DIGEST)
    service.thaw()
    unit._sign_timeout_s = 25.0
    verify(record, DIGEST, await unit.sign(DIGEST))
    assert reader.card.state.signatures == 2


async def test_a_frozen_service_that_is_replaced_frees_the_unit(
    service: PrivatePcscd, unit: AcosIdUnit
) -> None:
    record = await unit.read()
    verify(record, DIGEST, await unit.sign(DIGEST))
    service.freeze()
    unit._sign_timeout_s = 0.2
    with pytest.raises(SigningTimeout):
        await unit.sign(DIGEST)
    service.kill()
    service.start()
    unit._sign_timeout_s = 25.0
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_closing_does_not_wait_for_a_frozen_service(
    service: PrivatePcscd, reader: Reader
) -> None:
    unit = pcsc_unit(close_timeout_s=0.1)
    await unit.read()
    service.freeze()
    unit._sign_timeout_s = 0.1
    with pytest.raises(SigningTimeout):
        await unit.sign(DIGEST)
    await unit.close()
    service.thaw()


async def test_a_wait_for_a_card_is_ended_by_closing(service: PrivatePcscd, reader: Reader) -> None:
    reader.pull()
    way = transport(READERS[1])
    async with asyncio.timeout(LIMIT_S):
        waiting = asyncio.create_task(asyncio.to_thread(way.connect, 600.0))
        await asyncio.to_thread(until, lambda: way._context is not None)
        await asyncio.to_thread(way.close)
        with pytest.raises(CardReaderUnavailable, match="closed"):
            await waiting
    assert way._context is None


async def test_a_wait_for_the_service_is_ended_by_closing(service: PrivatePcscd) -> None:
    service.kill()
    way = transport()
    async with asyncio.timeout(LIMIT_S):
        waiting = asyncio.create_task(asyncio.to_thread(way.connect, 600.0))
        await asyncio.to_thread(until, way._connecting.locked)
        await asyncio.to_thread(way.close)
        with pytest.raises(CardReaderUnavailable, match="closed"):
            await waiting


async def test_a_service_killed_under_a_wait_for_a_card_is_waited_for(
    service: PrivatePcscd, reader: Reader, unit: AcosIdUnit
) -> None:
    reader.pull()
    reading = asyncio.create_task(unit.read())
    transport_ = unit._transport
    await asyncio.to_thread(until, lambda: getattr(transport_, "_context", None) is not None)
    service.kill()
    service.start()
    reader.insert()
    verify(await reading, DIGEST, await unit.sign(DIGEST))


async def test_restarts_of_the_service_leave_no_open_files_behind(
    service: PrivatePcscd, unit: AcosIdUnit
) -> None:
    record = await unit.read()

    async def once() -> None:
        service.kill()
        service.start()
        verify(record, DIGEST, await unit.sign(DIGEST))
        reader_names()

    await once()
    before = open_files()
    for _ in range(5):
        await once()
    assert open_files() <= before


def open_files() -> int:
    """Count the open files of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))
