"""Secrets are read from files, guarded, and never shown."""

from __future__ import annotations

import base64
import logging
import pickle
from pathlib import Path

import pytest

from bridge.config import Credentials, Secret, credentials_for, read_aes_key
from bridge.config.faults import (
    AesKeyInvalid,
    CredentialEmpty,
    CredentialExposed,
    CredentialMissing,
    CredentialsDirUnset,
    CredentialUnreadable,
)
from drivers.contract.fault import Fault

CANARY = "kanarienvogel-4711"


def put(directory: Path, name: str, content: bytes, mode: int = 0o600) -> Credentials:
    path = directory / name
    path.write_bytes(content)
    path.chmod(mode)
    return Credentials(directory)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"123456", "123456"),
        (b"123456\n", "123456"),
        (b"123456\r\n", "123456"),
        (b"123456\n\n", "123456\n"),
        (b" 123456 \n", " 123456 "),
        ("schlüssel\n".encode(), "schlüssel"),
    ],
)
def test_exactly_one_line_end_is_stripped(tmp_path: Path, content: bytes, value: str) -> None:
    assert put(tmp_path, "pin", content).read("pin") == value


def test_a_missing_credential_names_its_path(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing, match="card-pin"):
        Credentials(tmp_path).read("card-pin")


def test_a_missing_directory_is_a_missing_credential(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing):
        Credentials(tmp_path / "absent").read("pin")


@pytest.mark.parametrize("content", [b"", b"\n", b"  \n"])
def test_an_empty_credential_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CredentialEmpty):
        put(tmp_path, "pin", content).read("pin")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_credential_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(CredentialExposed, match=f"{mode:04o}"):
        put(tmp_path, "pin", b"1", mode).read("pin")


def test_the_directory_of_systemd_keeps_its_own_modes(tmp_path: Path) -> None:
    put(tmp_path, "pin", b"1", 0o440)
    given = credentials_for(Path("/elsewhere"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert given.read("pin") == "1"


def test_without_systemd_the_configured_directory_is_used(tmp_path: Path) -> None:
    put(tmp_path, "pin", b"1")
    assert credentials_for(tmp_path, {}).read("pin") == "1"


def test_without_any_directory_the_fault_says_so() -> None:
    with pytest.raises(CredentialsDirUnset):
        credentials_for(None, {})


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialUnreadable):
        put(tmp_path, "pin", b"\xff\xfe\x00").read("pin")


def test_a_directory_in_place_of_a_credential_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pin").mkdir()
    with pytest.raises(CredentialUnreadable):
        Credentials(tmp_path).read("pin")


@pytest.mark.parametrize("name", ["../pin", "/etc/hostname", "", ".pin", "a/b", "a\0b", "7391462"])
def test_a_name_never_leads_out_of_the_directory_and_is_not_repeated(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(CredentialMissing) as caught:
        Credentials(tmp_path / "deep").read(name)
    assert not name or name not in str(caught.value)


def test_a_secret_shows_itself_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("the secret is %s, again %r", secret, secret)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>30}", f"{secret:>20}"]
    shown += [repr([secret]), repr({"pin": secret}), caplog.text]
    assert not any(CANARY in text for text in shown)
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret.reveal() == CANARY


def test_a_credential_can_be_kept_as_a_secret(tmp_path: Path) -> None:
    assert put(tmp_path, "pin", b"1234\n").secret("pin").reveal() == "1234"


def test_an_aes_key_is_32_bytes_of_base64(tmp_path: Path) -> None:
    key = bytes(range(32))
    credentials = put(tmp_path, "key", base64.b64encode(key) + b"\n")
    assert read_aes_key(credentials, "key") == key


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode().rstrip("="),
        base64.b64encode(bytes(32)).decode()[:-2] + "B=",  # same bytes, another text
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        base64.b64encode(bytes(32)).decode() + " ",
        bytes(32).hex(),
        "schlüssel",
    ],
)
def test_any_other_text_is_no_aes_key_and_is_not_repeated(tmp_path: Path, text: str) -> None:
    credentials = put(tmp_path, "key", text.encode())
    with pytest.raises(AesKeyInvalid) as caught:
        read_aes_key(credentials, "key")
    assert text not in str(caught.value)


def test_faults_of_credentials_never_hold_the_content(tmp_path: Path) -> None:
    put(tmp_path, "key", CANARY.encode())
    put(tmp_path, "open", CANARY.encode(), 0o644)
    for name in ("key", "open"):
        with pytest.raises(Fault) as caught:
            read_aes_key(Credentials(tmp_path), name)
        assert CANARY not in repr(caught.value.as_problem())
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
