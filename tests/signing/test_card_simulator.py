"""The simulated card by itself."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from drivers.signing.status_words import explain
from simulators.card.card import AcosIdCard, CardDied
from simulators.card.identity import new_card
from simulators.card.state import StateFile
from simulators.card.switches import FaultSettings, FaultSwitches

SELECT_MF, SELECT_DF = "00A4000C023F00", "00A4000C02DF01"
VERIFY, WRONG = "0020008A0826123456FFFFFFFF", "0020008A0826654321FFFFFFFF"
SIGN = "002A9E9A20" + "ab" * 32 + "40"


def card(**options: Any) -> AcosIdCard:
    return AcosIdCard(new_card(seed="test"), **options)


def talk(card: AcosIdCard, *commands: str) -> list[str]:
    return [card.process(bytes.fromhex(command)).hex().upper() for command in commands]


def test_the_documented_dialogue_gives_a_signature_of_the_certificate() -> None:
    simulated = card()
    answers = talk(simulated, SELECT_MF, SELECT_DF, VERIFY, SIGN)
    assert answers[:3] == ["9000"] * 3
    assert answers[3].endswith("9000")
    raw = bytes.fromhex(answers[3])[:-2]
    assert len(raw) == 64
    key = x509.load_der_x509_certificate(bytes.fromhex(simulated.state.certificate)).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, b"\xab" * 32, ec.ECDSA(Prehashed(SHA256())))


def test_each_signature_needs_its_own_pin_check() -> None:
    assert talk(card(), SELECT_MF, SELECT_DF, VERIFY, SIGN, SIGN)[-1] == "6982"


def test_a_reset_forgets_pin_and_folder() -> None:
    simulated = card()
    talk(simulated, SELECT_MF, SELECT_DF, VERIFY)
    simulated.reset()
    assert talk(simulated, SIGN, VERIFY) == ["6982", "6A88"]


def test_three_wrong_pins_block_and_a_right_one_restores_the_tries() -> None:
    simulated = card()
    talk(simulated, SELECT_MF, SELECT_DF)
    assert talk(simulated, WRONG, WRONG, VERIFY) == ["63C2", "63C1", "9000"]
    assert talk(simulated, WRONG, WRONG, WRONG, VERIFY) == ["63C2", "63C1", "6983", "6983"]


def test_asking_for_the_tries_spends_none() -> None:
    simulated = card()
    talk(simulated, SELECT_MF, SELECT_DF, WRONG)
    assert talk(simulated, "0020008A", "0020008A", VERIFY, "0020008A") == [
        "63C2",
        "63C2",
        "9000",
        "9000",
    ]


@pytest.mark.parametrize(
    ("command", "status_word"),
    [
        ("00", "6700"),
        ("00A4000C033F00", "6700"),
        ("80A4000C023F00", "6E00"),
        ("00FF0000", "6D00"),
        ("00A4000C02AAAA", "6A82"),
        ("00A4000C02C000", "6A82"),
        ("00A4010C023F00", "6A86"),
        ("00A4040C07D0400000220002", "6A82"),
        ("00B0000000", "6986"),
        ("002A9E9A1F" + "ab" * 31 + "40", "6A80"),
        ("002A9E9B20" + "ab" * 32 + "40", "6A86"),
        ("002000810826123456FFFFFFFF", "6A88"),
    ],
)
def test_wrong_commands_get_their_status_word(command: str, status_word: str) -> None:
    assert talk(card(), command) == [status_word]


def test_the_folder_can_be_selected_by_name() -> None:
    assert talk(card(), "00A4040C07D0400000220001", VERIFY) == ["9000", "9000"]


def test_the_certificate_file_is_longer_than_the_certificate_and_ends() -> None:
    simulated = card()
    talk(simulated, SELECT_MF, SELECT_DF, "00A4000C02C000")
    content = ""
    while (answer := talk(simulated, f"00B0{len(content) // 2:04X}00")[0]).endswith("9000"):
        content += answer[:-4]
    assert answer == "6B00"
    certificate = simulated.state.certificate.upper()
    assert content.startswith(certificate)
    assert set(content[len(certificate) :]) == {"0"}
    assert len(content) > len(certificate)


def test_the_number_is_read_from_the_main_folder() -> None:
    simulated = card()
    answers = talk(simulated, SELECT_MF, "00A4000C02D001", "00B0000008", "00B0000009")
    assert answers[2:] == [
        f"{simulated.state.cin.upper()}9000",
        f"{simulated.state.cin.upper()}6282",
    ]


def test_the_same_seed_makes_the_same_card_and_another_seed_another() -> None:
    assert new_card(seed="a") == new_card(seed="a")
    first, second = new_card(seed="a"), new_card(seed="b")
    assert first.key != second.key
    assert first.cin != second.cin
    assert first.certificate != second.certificate


def test_a_given_scalar_is_the_key_and_signatures_can_be_reproducible() -> None:
    state = new_card(seed="fixed", scalar=5)
    assert int(state.key, 16) == 5
    signatures = {
        talk(AcosIdCard(state, deterministic=True), SELECT_MF, SELECT_DF, VERIFY, SIGN)[-1]
        for _ in range(2)
    }
    assert len(signatures) == 1
    random_ones = {
        talk(AcosIdCard(state), SELECT_MF, SELECT_DF, VERIFY, SIGN)[-1] for _ in range(2)
    }
    assert len(random_ones) == 2


@pytest.mark.parametrize("scalar", [0, 2**256])
def test_a_scalar_outside_the_curve_is_refused(scalar: int) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        new_card(seed="bad", scalar=scalar)


def test_a_delay_is_slept_for_each_signature() -> None:
    slept: list[float] = []
    simulated = card(sleep=slept.append)
    simulated.switches.change({"delay_ms": 300})
    talk(simulated, SELECT_MF, SELECT_DF, VERIFY, SIGN, VERIFY, SIGN)
    assert slept == [0.3, 0.3]


def test_a_spent_try_is_on_disk_before_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    simulated = card(file=StateFile(path))
    talk(simulated, SELECT_MF, SELECT_DF)
    assert talk(simulated, WRONG) == ["63C2"]
    assert json.loads(path.read_text())["tries_left"] == 2
    loaded = StateFile(path).load()
    assert loaded == simulated.state
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_try_that_cannot_be_written_gets_no_answer(tmp_path: Path) -> None:
    simulated = card(file=StateFile(tmp_path / "gone" / "state.json"))
    talk(simulated, SELECT_MF, SELECT_DF)
    with pytest.raises(FileNotFoundError):
        talk(simulated, WRONG)


@pytest.mark.parametrize("content", ["{}", "[]", '{"version": 1}', '{"version": 2}', "x"])
def test_a_foreign_state_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"\S"):
        StateFile(path).load()


def test_dying_counts_commands_and_does_the_work() -> None:
    simulated = card()
    talk(simulated, SELECT_MF, SELECT_DF)
    simulated.switches.change({"die_in_apdu": 2})
    talk(simulated, VERIFY)
    with pytest.raises(CardDied):
        talk(simulated, SIGN)
    assert simulated.state.signatures == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"delay": 1},
        {"delay_ms": "1"},
        {"delay_ms": -1},
        {"delay_ms": True},
        {"pulled": 1},
        {"atr": "xyz"},
    ],
)
def test_wrong_switches_change_nothing(changes: dict[str, object]) -> None:
    switches = FaultSwitches()
    with pytest.raises(ValueError, match=r"\S"):
        switches.change(changes)
    assert switches.settings == FaultSettings()


def test_random_commands_always_get_a_known_status_word() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    simulated = AcosIdCard(replace(new_card(seed="fuzz"), tries_left=3))
    starts = [bytes.fromhex(text) for text in ("", "00A4", "00B0", "0020008A", "002A9E9A", "00")]
    whole = [bytes.fromhex(text) for text in (SELECT_MF, SELECT_DF, "00A4000C02C000", VERIFY, SIGN)]
    for _ in range(5000):
        command = bytearray(source.choice(starts) + source.randbytes(source.randrange(0, 48)))
        if source.random() < 0.5:
            command = bytearray(source.choice(whole))
            if source.random() < 0.5:
                command[source.randrange(len(command))] = source.randrange(256)
        answer = simulated.process(bytes(command))
        assert 2 <= len(answer) <= 258
        meaning = explain(int.from_bytes(answer[-2:], "big"))
        assert meaning.name not in {"vendor_specific", "not_a_status_word"}
