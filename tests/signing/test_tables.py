"""Tables: status words, ATRs, faults; and the parts of a certificate read by hand."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bridge.cli import apdu
from drivers.contract.fault import Fault, all_faults
from drivers.signing import faults
from drivers.signing.atr import (
    ACOS_EMV,
    ACOS_ID,
    CARD_TYPES,
    CARDOS_53,
    Certification,
    check_character_is_right,
    recognise,
)
from drivers.signing.certificate import (
    certificate_length,
    certificate_serial,
    field_11,
    signature_is_right,
)
from drivers.signing.conversation import Conversation, verify_command
from drivers.signing.faults import CardNotActivated, CardNotRecognised
from drivers.signing.pin import pin_block
from drivers.signing.status_words import explain, tries_left
from simulators.card.identity import new_card

CARDOS_EXAMPLE = "3BDF18008131FE588031905241016405C903AC73B7B1D444"


def test_every_full_atr_has_a_right_check_character() -> None:
    full = [row.atr_prefix for row in CARD_TYPES if row.family is ACOS_ID]
    assert len(full) == 7
    for atr in [*full, bytes.fromhex(CARDOS_EXAMPLE)]:
        assert check_character_is_right(atr)
        assert not check_character_is_right(atr[:-1] + bytes([atr[-1] ^ 1]))
    assert not check_character_is_right(b"")


def test_cards_are_recognised_with_their_standing() -> None:
    assert recognise(CARD_TYPES[0].atr_prefix).certification is Certification.CURRENT
    cardos = recognise(bytes.fromhex(CARDOS_EXAMPLE))
    assert cardos.family is CARDOS_53
    assert cardos.warning is not None
    assert "2027" in cardos.warning.de
    for row in CARD_TYPES:
        assert (row.warning is None) == (row.certification is Certification.CURRENT)


@pytest.mark.parametrize("atr", ["", "3B", "3B00", "3BDF97008131FE46803190524104"])
def test_a_foreign_atr_is_not_recognised(atr: str) -> None:
    with pytest.raises(CardNotRecognised):
        recognise(bytes.fromhex(atr))


def test_an_old_card_is_named_but_not_used() -> None:
    with pytest.raises(CardNotRecognised, match="ACOS EMV"):
        recognise(bytes.fromhex("3BBF11008131FE4545504100"))
    with pytest.raises(ValueError, match="ACOS EMV"):
        verify_command(ACOS_EMV, pin_block("1234"))


def test_the_families_differ_in_the_pin_reference_alone() -> None:
    block = pin_block("123456")
    assert verify_command(ACOS_ID, block).hex().upper() == "0020008A0826123456FFFFFFFF"
    assert verify_command(CARDOS_53, block).hex().upper() == "002000810826123456FFFFFFFF"


def test_every_status_word_has_a_meaning_in_both_languages() -> None:
    for status_word in range(0x10000):
        meaning = explain(status_word)
        assert meaning.status_word == status_word
        assert meaning.name
        for text in (meaning.text.de, meaning.text.en, meaning.advice.de, meaning.advice.en):
            assert text
            assert "{" not in text


@pytest.mark.parametrize(
    ("status_word", "name", "words"),
    [
        (0x9000, "ok", "executed"),
        (0x63C2, "wrong_pin", "2 tries left"),
        (0x63C1, "wrong_pin", "1 try left"),
        (0x63C0, "wrong_pin", "no tries left"),
        (0x6983, "pin_blocked", "blocked"),
        (0x6982, "security_status_not_satisfied", "reset"),
        (0x6A82, "file_not_found", "not found"),
        (0x6F05, "no_security_environment", "security environment"),
        (0x9615, "clear_pin_not_allowed", "in the clear"),
        (0x6C14, "wrong_le", "20 bytes"),
        (0x6100, "more_data", "256 more"),
        (0x6F42, "no_precise_diagnosis", "diagnosis"),
        (0x9123, "vendor_specific", "vendor"),
        (0x1234, "not_a_status_word", "not a status word"),
    ],
)
def test_status_words_are_told_in_words(status_word: int, name: str, words: str) -> None:
    meaning = explain(status_word)
    assert meaning.name == name
    assert words in meaning.text.en


def test_only_63cx_counts_tries() -> None:
    found = {sw: tries_left(sw) for sw in range(0x10000) if tries_left(sw) is not None}
    assert found == {0x63C0 + tries: tries for tries in range(16)}


def explain_command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    apdu.register(parser.add_subparsers())
    args = parser.parse_args(["apdu", "explain", *words])
    code = args.run(args)
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("words", [["63C2"], ["63c2"], ["0x63c2"], ["63", "C2"], ["63:C2"]])
def test_the_command_explains_a_status_word(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain_command(*words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sw"] == "63C2"
    assert answer["name"] == "wrong_pin"
    assert "noch 2 Versuche" in answer["text_de"]
    assert set(answer) == {"sw", "name", "text_de", "text_en", "advice_de", "advice_en"}


@pytest.mark.parametrize("words", [["63C"], ["63C22"], ["wxyz"], ["9000", "9000"], ["٦٣٦٣"]])
def test_the_command_refuses_what_is_no_status_word(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain_command(*words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "63C2" in captured.err


def test_every_card_fault_advises_in_both_languages_under_its_own_code() -> None:
    ours = [
        value
        for value in vars(faults).values()
        if isinstance(value, type) and issubclass(value, faults.CardFault)
    ]
    leaves = [fault for fault in ours if "code" in vars(fault)]
    assert {leaf.code for leaf in leaves} >= {
        *("card_absent", "card_not_recognised", "card_swapped", "card_communication"),
        *("card_unexpected_status", "card_not_activated", "signing_timeout"),
        *("pin_refused", "pin_blocked", "pin_missing"),
    }
    assert len({leaf.code for leaf in leaves}) == len(leaves)
    for leaf in leaves:
        assert all_faults()[leaf.code] is leaf
        assert leaf.title is not Fault.title
        assert leaf.advice is not Fault.advice
        assert leaf.advice.de != leaf.advice.en


def test_the_serial_is_parsed_from_the_structure() -> None:
    for serial, text in ((0x1, "1"), (0x0A0B0C, "a0b0c"), (2**120 + 10, f"1{'0' * 29}a")):
        certificate = bytes.fromhex(new_card(seed="serial", serial=serial).certificate)
        assert certificate_serial(certificate) == serial
        assert field_11(serial) == text
        assert certificate_length(certificate[:8] + b"rest") == len(certificate)


@pytest.mark.parametrize("data", ["", "30", "3003", "300330013000", "30820005", "02020100", "3080"])
def test_what_is_no_certificate_has_no_serial(data: str) -> None:
    with pytest.raises(CardNotActivated):
        certificate_serial(bytes.fromhex(data))


def test_a_signature_of_zeros_is_wrong_not_an_error() -> None:
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    assert not signature_is_right(key, bytes(32), bytes(64))
    assert not signature_is_right(key, bytes(32), b"\xff" * 64)


def scripted(answers: dict[str, str]) -> Conversation:
    return Conversation(
        lambda command: bytes.fromhex(answers.get(command.hex().upper(), "9000")), ACOS_ID
    )


def test_a_card_that_wants_the_exact_length_gets_it() -> None:
    certificate = new_card(seed="exact").certificate
    tail = certificate[512:]
    length = f"{len(tail) // 2:02X}"
    conversation = scripted(
        {
            "00B0000000": certificate[:512] + "9000",
            "00B0010000": "6C" + length,
            "00B00100" + length: tail + "9000",
        }
    )
    assert conversation.read_certificate().hex() == certificate


def test_a_certificate_that_ends_with_the_file_is_read() -> None:
    certificate = new_card(seed="end").certificate
    conversation = scripted(
        {"00B0000000": certificate[:512] + "9000", "00B0010000": certificate[512:] + "6282"}
    )
    assert conversation.read_certificate().hex() == certificate


def test_a_key_of_another_kind_is_not_activated() -> None:
    from drivers.signing.certificate import public_key

    state = replace(new_card(seed="rsa"), certificate=rsa_certificate())
    with pytest.raises(CardNotActivated, match="P-256"):
        public_key(bytes.fromhex(state.certificate))


def rsa_certificate() -> str:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "RSA")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
        .hex()
    )
