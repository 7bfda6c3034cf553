"""The simulated printer on its socket: answers, order, and each fault switch."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from escpos.printer import Network

from simulators.printer.simulator import PrinterSimulator
from simulators.printer.switches import Settings
from tests.printing_sim.wire import (
    CONFIRM,
    CONFIRM_DRAWER,
    CUT,
    INIT,
    ask,
    connected,
    job,
    printer,
)

LINES = tuple(f"Zeile {number}: Grüße 2 €" for number in range(1, 31))


async def test_a_job_is_printed_and_confirmed() -> None:
    async with printer() as (simulator, wire):
        assert await wire.exchange(job(*LINES)) == b"\x00"
        (paper,) = simulator.papers
        assert paper.texts == LINES
        assert (paper.notes, paper.unknown) == ((), ())


async def test_a_job_arrives_whole_in_portions_of_any_size() -> None:
    seed = 5
    print(f"seed {seed}")
    chance = random.Random(seed)
    data = job(*LINES)
    async with printer() as (simulator, wire):
        while data:
            size = chance.randrange(1, 30)
            await wire.send(data[:size])
            await asyncio.sleep(0)
            data = data[size:]
        assert await wire.receive() == b"\x00"
        assert [paper.texts for paper in simulator.papers] == [LINES]


async def test_several_clients_one_after_the_other_get_their_own_papers() -> None:
    async with PrinterSimulator() as simulator:
        for number in range(3):
            async with connected(simulator.port) as wire:
                assert await wire.exchange(job(f"Bon {number}")) == b"\x00"
        assert [paper.texts for paper in simulator.papers] == [("Bon 0",), ("Bon 1",), ("Bon 2",)]


async def test_a_second_client_waits_until_the_first_has_gone() -> None:
    async with printer() as (simulator, first), connected(simulator.port) as second:
        assert await first.exchange(ask(1)) == b"\x12"
        await second.send(job("second"))
        assert await first.exchange(job("first")) == b"\x00"
        first.writer.close()
        assert await second.receive() == b"\x00"
        assert [paper.texts for paper in simulator.papers] == [("first",), ("second",)]


@pytest.mark.parametrize(
    ("switches", "answers"),
    [
        ({}, "12 12 12 12"),
        ({"drawer_open": True}, "16 12 12 12"),
        ({"paper": "low"}, "12 12 12 1e"),
        ({"paper": "out"}, "1a 32 12 7e"),
        ({"cover_open": True}, "1a 16 12 12"),
        ({"cover_open": True, "paper": "out"}, "1a 36 12 7e"),
        ({"offline": True}, "1a 12 12 12"),
    ],
)
async def test_real_time_answers_are_those_of_the_manuals(
    switches: dict[str, Any], answers: str
) -> None:
    async with printer(**switches) as (_, wire):
        found = await wire.exchange(ask(1) + ask(2) + ask(3) + ask(4), 4)
        assert found == bytes.fromhex(answers)


@pytest.mark.parametrize(
    ("switches", "block"),
    [
        ({}, "10 00 00 00"),
        ({"drawer_open": True}, "14 00 00 00"),
        ({"drawer_open": True, "paper": "low"}, "14 00 03 00"),
    ],
)
async def test_automatic_status_begins_with_the_state_of_now(
    switches: dict[str, Any], block: str
) -> None:
    async with printer(**switches) as (_, wire):
        assert await wire.exchange(b"\x1da\xff", 4) == bytes.fromhex(block)


async def test_automatic_status_tells_each_change_until_it_is_ended() -> None:
    async with printer() as (simulator, wire):
        assert await wire.exchange(b"\x1da\xff", 4) == bytes.fromhex("10000000")
        for change, block in (
            ({"drawer_open": True}, "14000000"),
            ({"cover_open": True}, "3c000000"),
            ({"cover_open": False, "paper": "out"}, "1c000f00"),
            ({"paper": "ok"}, "14000000"),
        ):
            simulator.switches.change(change)
            assert await wire.receive(4) == bytes.fromhex(block)
        assert await wire.exchange(b"\x1da\x00" + CONFIRM) == b"\x00"
        simulator.switches.change({"drawer_open": False})
        assert await wire.exchange(CONFIRM_DRAWER) == b"\x00"


async def test_low_paper_is_told_by_the_confirmation_and_the_job_is_printed() -> None:
    async with printer(paper="low") as (simulator, wire):
        assert await wire.exchange(job("a")) == b"\x03"
        assert len(simulator.papers) == 1


@pytest.mark.parametrize(("number", "length"), [(1, 1), (2, 1), (3, 1)])
async def test_identity_numbers_are_single_bytes(number: int, length: int) -> None:
    async with printer(drawer_open=True) as (_, wire):
        found = await wire.exchange(b"\x1dI" + bytes([number]) + CONFIRM_DRAWER, length + 1)
        assert found[-1:] == b"\x01"


@pytest.mark.parametrize("number", [65, 66, 67, 68])
async def test_identity_texts_are_framed(number: int) -> None:
    async with printer(drawer_open=True) as (_, wire):
        await wire.send(b"\x1dI" + bytes([number]) + CONFIRM_DRAWER)
        text = await wire.reader.readuntil(b"\x00")
        assert text[:1] == b"\x5f"
        assert text[1:-1].decode("ascii").isprintable()
        assert await wire.receive() == b"\x01"


async def test_the_paper_ends_in_mid_job_and_the_rest_comes_after_new_paper() -> None:
    async with printer(out_after_lines=10) as (simulator, wire):
        await wire.exchange(b"\x1da\x08", 4)
        await wire.send(job(*LINES))
        assert (await wire.receive(4))[2] == 0x0F
        assert await wire.exchange(ask(1) + ask(2) + ask(4), 3) == bytes.fromhex("1a327e")
        assert simulator.machine.lines_printed == 10
        assert simulator.papers == []
        await wire.send(b"\x1da\x00")
        simulator.switches.change({"paper": "ok"})
        assert (await wire.receive(4))[2] == 0x00
        assert await wire.receive() == b"\x00"
        assert [line for paper in simulator.papers for line in paper.texts] == list(LINES)


@pytest.mark.parametrize(
    "trouble", [{"cover_open": True}, {"offline": True}, {"paper": "out"}], ids=str
)
async def test_a_printer_that_is_not_ready_answers_questions_but_confirms_nothing(
    trouble: dict[str, Any],
) -> None:
    async with printer(**trouble) as (simulator, wire):
        assert await wire.exchange(job("a") + ask(1)) == b"\x1a"
        assert await wire.exchange(ask(1)) == b"\x1a"
        assert simulator.papers == []
        simulator.switches.change({"cover_open": False, "offline": False, "paper": "ok"})
        assert await wire.receive() == b"\x00"
        assert len(simulator.papers) == 1


async def test_a_jammed_cutter_stops_before_the_confirmation() -> None:
    async with printer(cutter_error=True) as (simulator, wire):
        await wire.exchange(b"\x1da\x04", 4)
        await wire.send(job("a"))
        block = await wire.receive(4)
        assert (block[0] & 0x08, block[1]) == (0x08, 0x08)
        assert await wire.exchange(ask(1) + ask(2) + ask(3), 3) == bytes.fromhex("1a521a")
        assert simulator.papers == []


async def test_a_freed_cutter_goes_on_where_it_was() -> None:
    async with printer(cutter_error=True) as (simulator, wire):
        await wire.exchange(b"\x1da\x04", 4)
        await wire.send(job("a"))
        await wire.receive(4)
        simulator.switches.change({"cutter_error": False})
        assert (await wire.receive(4))[1] == 0
        assert await wire.receive() == b"\x00"
        assert [paper.texts for paper in simulator.papers] == [("a",)]


async def test_recovery_that_clears_the_buffer_drops_the_job() -> None:
    async with printer(cover_open=True) as (simulator, wire):
        assert await wire.exchange(job("dropped") + ask(1)) == b"\x1a"
        assert await wire.exchange(b"\x10\x05\x02" + ask(1)) == b"\x1a"
        simulator.switches.change({"cover_open": False})
        assert await wire.exchange(job("kept")) == b"\x00"
        assert [line for paper in simulator.papers for line in paper.texts] == ["kept"]


async def test_a_silent_status_leaves_questions_unanswered_but_confirms() -> None:
    async with printer(silent_status=True) as (simulator, wire):
        assert await wire.exchange(ask(1) + ask(4) + job("a")) == b"\x00"
        assert len(simulator.papers) == 1


async def test_a_silent_confirmation_prints_but_does_not_confirm() -> None:
    async with printer(silent_confirm=True, drawer_open=True) as (simulator, wire):
        assert await wire.exchange(job("a") + ask(1)) == b"\x16"
        await asyncio.wait_for(simulator.settled(), 20)
        simulator.switches.change({"silent_confirm": False})
        assert await wire.exchange(CONFIRM_DRAWER) == b"\x01"
        assert [paper.texts for paper in simulator.papers] == [("a",)]


async def test_a_connection_reset_in_mid_job_leaves_half_a_paper() -> None:
    data = job(*LINES)
    async with printer(reset_after_bytes=len(data) // 2) as (simulator, wire):
        await wire.send(data)
        with pytest.raises(ConnectionResetError):
            await wire.end()
        await asyncio.wait_for(simulator.settled(), 20)
        assert simulator.papers == []
        rest = simulator.machine.torn_off()
        assert rest is not None
        assert 0 < len(rest.texts) < len(LINES)


async def test_questions_alone_do_not_bring_the_reset_about() -> None:
    async with printer(reset_after_bytes=20) as (_, wire):
        for _ in range(30):
            assert await wire.exchange(ask(1)) == b"\x12"


async def test_a_printer_that_refuses_can_be_connected_to_again_on_the_same_port() -> None:
    async with PrinterSimulator(settings=Settings(refuse_connect=True)) as simulator:
        port = simulator.port
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        simulator.switches.change({"refuse_connect": False})
        for _ in range(1000):
            try:
                async with connected(port) as wire:
                    assert await wire.exchange(job("a")) == b"\x00"
                    break
            except ConnectionRefusedError:
                await asyncio.sleep(0)
        assert len(simulator.papers) == 1


async def test_a_printer_that_never_reads_takes_the_job_when_it_reads_again() -> None:
    async with printer(never_read=True) as (simulator, wire):
        await wire.send(job("a") + ask(1))
        assert simulator.machine.buffered == 0
        simulator.switches.change({"never_read": False})
        assert set(await wire.receive(2)) == {0x12, 0x00}
        assert len(simulator.papers) == 1


async def test_questions_are_answered_while_a_slow_printer_is_busy() -> None:
    async with printer(bytes_per_s=1) as (simulator, wire):
        assert await wire.exchange(job(*LINES[:3]) + ask(4)) == b"\x12"
        assert simulator.papers == []
        assert simulator.machine.buffered > 0
        simulator.switches.change({"bytes_per_s": 0})
        assert await wire.receive() == b"\x00"


async def test_a_pulse_opens_the_drawer_and_only_a_person_closes_it() -> None:
    async with printer() as (simulator, wire):
        assert await wire.exchange(b"\x1bp\x00\x19\xfa" + CONFIRM_DRAWER) == b"\x01"
        assert await wire.exchange(ask(1)) == b"\x16"
        simulator.switches.change({"drawer_open": False})
        assert await wire.exchange(ask(1)) == b"\x12"
        assert simulator.machine.pulses == 1


@pytest.mark.parametrize(
    ("trouble", "pulses"), [({"paper": "out"}, 1), ({"cover_open": True}, 0)], ids=str
)
async def test_the_real_time_pulse_works_without_paper_but_not_with_an_open_cover(
    trouble: dict[str, Any], pulses: int
) -> None:
    async with printer(**trouble) as (simulator, wire):
        await wire.exchange(b"\x10\x14\x01\x00\x01" + ask(1))
        assert simulator.machine.pulses == pulses


async def test_an_incomplete_command_of_one_client_does_not_swallow_the_next_ones_job() -> None:
    async with PrinterSimulator() as simulator:
        async with connected(simulator.port) as wire:
            await wire.exchange(INIT + CONFIRM)
            await wire.send(b"\x1dv0\x00\x48\x00\x40\x00" + b"\xff" * 100)
            wire.writer.close()
            await wire.writer.wait_closed()
        async with connected(simulator.port) as wire:
            assert await wire.exchange(job("next")) == b"\x00"
        assert simulator.papers[0].texts == ("next",)


@pytest.mark.parametrize("columns", [48, 42])
async def test_python_escpos_prints_on_it_and_reads_its_state(columns: int) -> None:
    async with PrinterSimulator(columns=columns) as simulator:

        def client() -> tuple[bool, int]:
            network = Network("127.0.0.1", port=simulator.port, timeout=20, profile="TM-T88III")
            try:
                online, paper = network.is_online(), network.paper_status()
                network.set(align="center")
                network.text("Bäckerei Müßig\n")
                network.qr("_R1-AT1_TEST", native=True, size=5)
                network.cut()
                network._raw(CONFIRM)
                network._read()
                return online, paper
            finally:
                network.close()

        assert await asyncio.to_thread(client) == (True, 2)
        (paper,) = simulator.papers
        assert (paper.texts, paper.codes) == (("Bäckerei Müßig",), ("_R1-AT1_TEST",))
        assert paper.unknown == ()


async def test_python_escpos_sees_that_paper_is_out() -> None:
    async with PrinterSimulator(settings=Settings(paper="out")) as simulator:

        def client() -> tuple[bool, int]:
            network = Network("127.0.0.1", port=simulator.port, timeout=20)
            try:
                return network.is_online(), network.paper_status()
            finally:
                network.close()

        assert await asyncio.to_thread(client) == (False, 0)


@pytest.mark.parametrize(
    "wrong", [{"paper": "wet"}, {"cover": True}, {"bytes_per_s": -1}, {"offline": 1}], ids=str
)
async def test_a_switch_that_does_not_exist_is_refused_and_changes_nothing(
    wrong: dict[str, Any],
) -> None:
    async with printer() as (simulator, wire):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            simulator.switches.change(wrong)
        assert simulator.switches.settings == Settings()
        assert await wire.exchange(CUT + CONFIRM) == b"\x00"
