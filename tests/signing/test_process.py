"""The simulator as a program: it survives the reader, remembers through kill -9, is switchable."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from drivers.signing.acos_id import AcosIdUnit
from drivers.signing.faults import (
    CardAbsent,
    CardSwapped,
    CardUnexpectedStatus,
    PinRefused,
    SigningTimeout,
)
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from simulators.card.main import register
from tests.signing.cards import WRONG_PIN, make_unit
from tests.signing.contract import digest_of, verify
from tests.signing.process import SimulatorProcess

DIGEST = digest_of("receipt")


def transport(port: int = 0, answer_timeout_s: float = 10.0) -> VpcdTransport:
    return VpcdTransport(VpcdAddress("127.0.0.1", port), answer_timeout_s=answer_timeout_s)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatorProcess, int]]:
    probe = transport()
    _, port = probe.listen()
    probe.close()
    state = tmp_path_factory.mktemp("card") / "state.json"
    with SimulatorProcess(port, state, "--seed", "process") as process:
        yield process, port


@pytest.fixture
async def unit(card: tuple[SimulatorProcess, int]) -> AsyncIterator[AcosIdUnit]:
    unit = make_unit(transport(card[1]), connect_timeout_s=10.0)
    yield unit
    await unit.close()
    card[0].set(pulled=False, other_card=False, atr="", delay_ms=0)


async def test_a_card_that_dies_in_the_signature_is_back_within_the_same_request(
    card: tuple[SimulatorProcess, int], unit: AcosIdUnit
) -> None:
    record = await unit.read()
    before = card[0].state()["signatures"]
    card[0].set(die_in_apdu=2)
    verify(record, DIGEST, await unit.sign(DIGEST))
    assert card[0].state()["signatures"] == before + 2


async def test_a_silent_reset_and_a_reconnect_go_unnoticed(
    card: tuple[SimulatorProcess, int], unit: AcosIdUnit
) -> None:
    record = await unit.read()
    for action in ("reset", "reconnect"):
        card[0].ask(do=action)
        verify(record, DIGEST, await unit.sign(DIGEST))


async def test_a_failing_signature_is_a_fault_and_the_next_works(
    card: tuple[SimulatorProcess, int], unit: AcosIdUnit
) -> None:
    record = await unit.read()
    card[0].set(fail_next_signatures=1)
    with pytest.raises(CardUnexpectedStatus):
        await unit.sign(DIGEST)
    verify(record, DIGEST, await unit.sign(DIGEST))


async def test_another_card_is_noticed_and_read_on_request(
    card: tuple[SimulatorProcess, int], unit: AcosIdUnit
) -> None:
    await unit.read()
    card[0].set(other_card=True)
    with pytest.raises(CardSwapped):
        await unit.sign(DIGEST)
    other = await unit.read()
    verify(other, DIGEST, await unit.sign(DIGEST))


async def test_a_pulled_card_is_absent_and_comes_back(card: tuple[SimulatorProcess, int]) -> None:
    unit = make_unit(transport(card[1]), connect_timeout_s=10.0)
    record = await unit.read()
    card[0].set(pulled=True)
    unit._connect_timeout_s = 0.05
    with pytest.raises(CardAbsent):
        await unit.sign(DIGEST)
    card[0].set(pulled=False)
    unit._connect_timeout_s = 10.0
    verify(record, DIGEST, await unit.sign(DIGEST))
    await unit.close()


async def test_a_card_slower_than_the_time_out_is_a_fault_and_recovers(
    card: tuple[SimulatorProcess, int],
) -> None:
    reader = transport(card[1], answer_timeout_s=10.0)
    unit = make_unit(reader, connect_timeout_s=10.0)
    record = await unit.read()
    card[0].set(delay_ms=400)
    reader._answer_timeout_s = 0.1
    with pytest.raises(SigningTimeout):
        await unit.sign(DIGEST)
    card[0].set(delay_ms=0)
    reader._answer_timeout_s = 10.0
    verify(record, DIGEST, await unit.sign(DIGEST))
    await unit.close()


async def test_the_card_outlives_its_reader(card: tuple[SimulatorProcess, int]) -> None:
    for _ in range(3):
        unit = make_unit(transport(card[1]), connect_timeout_s=10.0)
        verify(await unit.read(), DIGEST, await unit.sign(DIGEST))
        await unit.close()


async def test_the_try_counter_survives_a_kill_and_the_wrong_pin_is_sent_once(
    tmp_path: Path,
) -> None:
    reader = transport()
    _, port = reader.listen()
    state = tmp_path / "state.json"
    unit = make_unit(reader, pin=WRONG_PIN, connect_timeout_s=10.0)
    with SimulatorProcess(port, state, "--seed", "kill") as process:
        first = await unit.read()
        for _ in range(3):
            with pytest.raises(PinRefused):
                await unit.sign(DIGEST)
        assert process.state()["verifies"] == 1
        process.kill()
    with SimulatorProcess(port, state) as process:
        assert process.state()["tries_left"] == 2
        assert await unit.read() == first
        with pytest.raises(PinRefused):
            await unit.sign(DIGEST)
        assert process.state()["verifies"] == 1
        unit.enter_pin("123456")
        verify(first, DIGEST, await unit.sign(DIGEST))
        assert process.state()["tries_left"] == 3
        assert process.terminate() == 0
    assert '"signatures": 1' in state.read_text()
    await unit.close()


@pytest.mark.parametrize(
    "options",
    [
        ["--connect", "nonsense"],
        ["--connect", "h:0"],
        ["--atr", "xy"],
        ["--delay-ms", "-1"],
        ["--scalar", "0"],
        ["--pin", "12"],
    ],
)
def test_wrong_options_end_the_program_with_a_reason(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    args = parser.parse_args(["card", *options])
    assert args.run(args) == 2
    assert capsys.readouterr().err.startswith("card simulator: ")


def test_a_broken_state_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("broken")
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    args = parser.parse_args(["card", "--state", str(path)])
    assert args.run(args) == 2
    assert path.read_text() == "broken"


def test_the_control_channel_explains_bad_requests(card: tuple[SimulatorProcess, int]) -> None:
    process, _ = card
    assert "no such switch" in process.ask(set={"nonsense": 1})["error"]
    assert "request" in process.ask(other=1)["error"]
    assert process.ask(get="state")["switches"]["delay_ms"] == 0
    text = str(process.ask(get="state"))
    assert "pin" not in text
    assert "key" not in text
