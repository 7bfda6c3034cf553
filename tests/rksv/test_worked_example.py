"""The worked example byte by byte: every intermediate value of 14 receipts."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.fiscal.rksv.code import (
    Amounts,
    format_amount,
    format_time,
    link_hash,
    ocr_code,
    payload,
    qr_code,
)
from bridge.fiscal.rksv.counter import CounterCipher, key_check_value
from bridge.fiscal.rksv.jws import (
    HEADER,
    assemble,
    chain_value,
    is_outage,
    parts,
    signing_input,
    verify_signature,
)
from bridge.fiscal.rksv.keys import read_container
from tests.rksv.cases import receipts_of
from tests.support.vectors import vectors

RECEIPTS = range(14)


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    path = vectors("rksv", "worked-example", "worked-example.json")
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def amounts_of(receipt: dict[str, Any]) -> Amounts:
    cents = [int(amount.replace(",", "")) for amount in receipt["amounts"]]
    return cents[0], cents[1], cents[2], cents[3], cents[4]


def test_the_key_check_value_is_that_for_finanzonline(example: dict[str, Any]) -> None:
    assert key_check_value(bytes.fromhex(example["aes_key_hex"])) == example["aes_key_pruefwert"]


def test_the_header_is_the_shortest_form(example: dict[str, Any]) -> None:
    assert example["jws_header_base64url"] == HEADER


@pytest.mark.parametrize("index", RECEIPTS)
def test_counter_and_its_key_stream_are_right(example: dict[str, Any], index: int) -> None:
    receipt = example["receipts"][index]
    key = bytes.fromhex(example["aes_key_hex"])
    cipher = CounterCipher(key, example["counter_length_bytes"])
    kassen_id, number = receipt["Kassen_ID"], receipt["Belegnummer"]
    if "iv_hex" not in receipt:
        assert base64.b64decode(receipt["counter_field_base64"]).decode() in {"TRA", "STO"}
        return
    initial = hashlib.sha256(f"{kassen_id}{number}".encode()).digest()[:16]
    assert initial.hex() == receipt["iv_hex"]
    stream = base64.b64decode(CounterCipher(key, 16).encrypt(kassen_id, number, 0))
    assert stream.hex() == receipt["aes_keystream_block0_hex"]
    cents = receipt["turnover_counter_cents_after"]
    assert cents.to_bytes(8, "big", signed=True).hex() == receipt["counter_plain_hex"]
    field = cipher.encrypt(kassen_id, number, cents)
    assert base64.b64decode(field).hex() == receipt["counter_cipher_hex"]
    assert field == receipt["counter_field_base64"]
    assert cipher.decrypt(kassen_id, number, field) == cents


@pytest.mark.parametrize("index", RECEIPTS)
def test_payload_chain_and_signature_are_right(example: dict[str, Any], index: int) -> None:
    receipts = example["receipts"]
    receipt = receipts[index]
    previous = receipts[index - 1]["jws"] if index else receipt["Kassen_ID"]
    assert hashlib.sha256(previous.encode()).hexdigest() == receipt["chain_sha256_hex"]
    chain = chain_value(previous)
    assert chain == receipt["chain_field_base64"]
    assert [format_amount(cents) for cents in amounts_of(receipt)] == receipt["amounts"]
    time = format_time(datetime.fromisoformat(receipt["datetime"]))
    assert time == receipt["datetime"]
    text = payload(
        example["suite"],
        receipt["Kassen_ID"],
        receipt["Belegnummer"],
        time,
        amounts_of(receipt),
        receipt["counter_field_base64"],
        receipt["certificate_serial_field"],
        chain,
    )
    assert text == receipt["payload"]
    to_sign = signing_input(text)
    assert to_sign.decode() == receipt["jws_signing_input"]
    assert hashlib.sha256(to_sign).hexdigest() == receipt["jws_signing_input_sha256_hex"]
    if not receipt["signed"]:
        assert assemble(to_sign, None) == receipt["jws"]
        return
    unit = next(
        unit
        for unit in example["signing_units"]
        if unit["id"] == receipt["certificate_serial_field"]
    )
    key = ec.derive_private_key(int(unit["private_scalar_hex"], 16), ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(to_sign, ec.ECDSA(SHA256(), deterministic_signing=True)))
    assert (f"{r:064x}", f"{s:064x}") == (
        receipt["signature_r_hex"],
        receipt["signature_s_hex"],
    )
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert assemble(to_sign, raw) == receipt["jws"]
    assert verify_signature(key.public_key(), to_sign, raw)


@pytest.mark.parametrize("index", RECEIPTS)
def test_codes_are_right(example: dict[str, Any], index: int) -> None:
    receipt = example["receipts"][index]
    jws = receipt["jws"]
    assert is_outage(jws) is not receipt["signed"]
    assert parts(jws)[0] == receipt["payload"]
    assert qr_code(jws) == receipt["qr"]
    assert ocr_code(jws) == receipt["ocr"]
    assert link_hash(qr_code(jws)) == receipt["link_hash_base64url"]


def test_the_lists_of_codes_are_those_of_the_dep() -> None:
    folder = vectors("rksv", "worked-example")
    receipts = receipts_of(folder)
    assert [qr_code(jws) for jws in receipts] == json.loads(
        (folder / "qr-code-rep.json").read_bytes()
    )
    assert [ocr_code(jws) for jws in receipts] == json.loads(
        (folder / "ocr-code-rep.json").read_bytes()
    )


def test_the_container_holds_the_keys_of_the_units(example: dict[str, Any]) -> None:
    path = vectors("rksv", "worked-example", "cryptographicMaterialContainer.json")
    with path.open("rb") as stream:
        container = read_container(stream)
    assert container.aes_key.hex() == example["aes_key_hex"]
    found = {entry.id: entry.public_key().public_numbers() for entry in container.entries}
    assert {id_: (f"{point.x:064x}", f"{point.y:064x}") for id_, point in found.items()} == {
        unit["id"]: (unit["public_x_hex"], unit["public_y_hex"])
        for unit in example["signing_units"]
    }
