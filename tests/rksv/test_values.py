"""Single values: small vectors, amounts, counters, times, signatures."""

from __future__ import annotations

import base64
import json
import random
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.fiscal.rksv.code import format_amount, format_time
from bridge.fiscal.rksv.counter import (
    STORNO,
    TRAINING,
    CounterCipher,
    CounterOverflow,
    key_check_value,
)
from bridge.fiscal.rksv.jws import (
    HEADER,
    OUTAGE_SIGNATURE,
    OUTAGE_TEXT,
    chain_value,
    der_signature,
    load_public_key,
    signing_input,
    verify_signature,
)
from tests.support.vectors import vectors


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(vectors("rksv", "small-vectors.json").read_bytes())
    return loaded


def test_published_key_check_values(small: dict[str, Any]) -> None:
    for each in small["pruefwert"]:
        assert key_check_value(base64.b64decode(each["aes_key_base64"])) == each["pruefwert"]


def test_published_start_chaining_values(small: dict[str, Any]) -> None:
    for each in small["chain_start"]:
        assert chain_value(each["kassen_id"]) == each["chain_base64"]


def test_fixed_strings(small: dict[str, Any]) -> None:
    constants = small["constants"]
    assert constants["jws_header"] == HEADER
    assert base64.urlsafe_b64decode(HEADER) == b'{"alg":"ES256"}'
    assert constants["fail_base64url"] == OUTAGE_SIGNATURE
    assert base64.b64decode(constants["fail_base64"]).decode() == OUTAGE_TEXT
    assert (constants["TRA_base64"], constants["STO_base64"]) == (TRAINING, STORNO)


def test_counters_of_every_length_and_sign(small: dict[str, Any]) -> None:
    assert len(small["counter_encryption"]) == 21
    for each in small["counter_encryption"]:
        cipher = CounterCipher(base64.b64decode(each["aes_key_base64"]), each["length"])
        where = each["kassen_id"], each["belegnummer"]
        assert cipher.encrypt(*where, each["cents"]) == each["base64"], each
        assert cipher.decrypt(*where, each["base64"]) == each["cents"], each


@pytest.mark.parametrize("length", [5, 6, 7, 8, 9, 12, 16])
def test_a_counter_takes_exactly_what_its_bytes_hold(length: int) -> None:
    cipher = CounterCipher(bytes(range(32)), length)
    limit = 1 << (8 * length - 1)
    for cents in (limit - 1, -limit):
        field = cipher.encrypt("K", "1", cents)
        assert len(base64.b64decode(field)) == length
        assert cipher.decrypt("K", "1", field) == cents
    for cents in (limit, -limit - 1):
        with pytest.raises(CounterOverflow) as caught:
            cipher.encrypt("K", "1", cents)
        assert caught.value.code == "counter_overflow"


def test_a_counter_without_length_has_eight_bytes() -> None:
    assert len(base64.b64decode(CounterCipher(bytes(32)).encrypt("K", "1", 0))) == 8


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0,00"),
        (-0, "0,00"),
        (5, "0,05"),
        (-72, "-0,72"),
        (-100, "-1,00"),
        (123450, "1234,50"),
        (-123456789012, "-1234567890,12"),
    ],
)
def test_amounts_have_no_grouping_and_no_negative_zero(cents: int, text: str) -> None:
    assert format_amount(cents) == text


def test_times_have_seconds_and_nothing_else() -> None:
    for given in ("2026-01-02T03:04:05.999999", "2026-01-02T03:04:05"):
        assert format_time(datetime.fromisoformat(given)) == "2026-01-02T03:04:05"
    assert format_time(datetime.fromisoformat("2026-01-02")) == "2026-01-02T00:00:00"


def test_signatures_of_short_numbers_survive_the_way_to_der() -> None:
    """r or s with leading zero bytes or a set top bit are where hand-made DER goes wrong."""
    seed = 20260102
    print("seed", seed)
    key = ec.derive_private_key(random.Random(seed).getrandbits(250), ec.SECP256R1())
    shapes = set()
    for number in range(600):
        to_sign = signing_input(f"_{number}")
        der = key.sign(to_sign, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert der_signature(raw) == der
        shapes.add((len(der), raw[0] == 0, raw[32] == 0))
    assert len(shapes) > 3
    assert verify_signature(key.public_key(), to_sign, raw)
    assert not verify_signature(key.public_key(), to_sign + b"x", raw)
    assert not verify_signature(key.public_key(), to_sign, raw[:-1])
    assert not verify_signature(key.public_key(), to_sign, bytes(64))


def test_only_keys_of_p_256_are_loaded() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(ValueError, match="P-256"):
        load_public_key(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
