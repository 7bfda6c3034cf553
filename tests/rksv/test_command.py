"""``bonbridge rksv verify`` and ``verify-code`` as a person uses them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli.main import main
from bridge.fiscal.rksv.code import link_hash, qr_code
from tests.rksv.cases import DATA, dep_of, keys_of, receipts_of

DEP = str(DATA / "dep-export.json")
KEYS = str(DATA / "cryptographicMaterialContainer.json")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``bonbridge rksv …``; return exit code, standard output and error."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(["rksv", *argv])
        printed = capsys.readouterr()
        # The AES key is a secret in every form a program could print it in.
        key = keys_of(DATA).aes_key
        for secret in (base64.b64encode(key).decode(), key.hex(), repr(key)):
            assert secret not in printed.out + printed.err
        return code, printed.out, printed.err

    return call


@pytest.fixture
def tampered(tmp_path: Path) -> str:
    receipts = receipts_of(DATA)
    del receipts[2]
    path = tmp_path / "tampered.json"
    path.write_bytes(dep_of(receipts))
    return str(path)


def test_a_valid_dep_ends_with_zero(run: Run) -> None:
    code, out, err = run("verify", DEP, "--keys", KEYS)
    assert (code, err) == (0, "")
    assert out == "valid: 9 receipts, 0 errors, 0 warnings\n"


def test_a_tampered_dep_ends_with_one_and_says_why(run: Run, tampered: str) -> None:
    code, out, _ = run("verify", tampered, "--keys", KEYS)
    assert code == 1
    assert "Receipt 3 (Belegnummer 4): its chaining value" in out
    assert out.splitlines()[-1].startswith("NOT VALID: 8 receipts, ")


@pytest.mark.parametrize("workers", ["0", "1", "2"])
def test_the_report_as_json_is_the_same_with_any_workers(
    run: Run, tampered: str, workers: str
) -> None:
    code, out, _ = run("verify", tampered, "--keys", KEYS, "--json", "--workers", workers)
    report = json.loads(out)
    assert code == 1
    assert (report["valid"], report["receipts"]) == (False, 8)
    assert report["findings"][0] == {
        "receipt": 3,
        "number": "4",
        "check": "DEP_CHAINING_VALUE",
        "severity": "error",
        "text": "Receipt 3 (Belegnummer 4): its chaining value is not that of the receipt "
        "before it.",
    }


def test_warnings_are_listed_and_end_with_zero(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dep.json"
    document = json.loads((DATA / "dep-export.json").read_bytes())
    document["Belege-Gruppe"][0]["Signaturzertifikat"] = None
    path.write_text(json.dumps(document), encoding="utf-8")
    code, out, _ = run("verify", str(path), "--keys", KEYS)
    assert code == 0
    assert out.startswith("warning Group 1: 'Signaturzertifikat' is null")
    assert out.endswith("valid: 9 receipts, 0 errors, 1 warnings\n")


def test_a_dep_of_another_shape_ends_with_one_and_says_what_lacks(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "dep.json"
    path.write_text('{"x": 1}', encoding="utf-8")
    code, out, _ = run("verify", str(path), "--keys", KEYS)
    assert code == 1
    assert "no list 'Belege-Gruppe'" in out


@pytest.mark.parametrize("text", ["", "no json", '{"Belege-Gruppe":['])
def test_an_unreadable_dep_ends_with_two(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "dep.json"
    path.write_text(text, encoding="utf-8")
    code, out, err = run("verify", str(path), "--keys", KEYS)
    assert (code, out) == (2, "")
    assert "dep_unreadable" in err


def test_missing_files_end_with_two(run: Run, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.json")
    code, _, err = run("verify", absent, "--keys", KEYS)
    assert code == 2
    assert "absent.json: No such file" in err
    code, _, err = run("verify", DEP, "--keys", absent)
    assert code == 2
    assert "key_container_unreadable" in err


def test_a_container_in_place_of_a_dep_is_told(run: Run) -> None:
    code, _, err = run("verify", DEP, "--keys", DEP)
    assert code == 2
    assert "wrong or missing: base64AESKey, certificateOrPublicKeyMap" in err


def test_a_wrong_number_of_workers_is_a_plain_usage_error(run: Run) -> None:
    code, _, err = run("verify", DEP, "--keys", KEYS, "--workers", "-1")
    assert code == 2
    assert "'-1' is not a number of processes" in err


def test_one_code_is_verified(run: Run) -> None:
    code = qr_code(receipts_of(DATA)[1])
    status, out, _ = run("verify-code", code, "--keys", KEYS)
    assert status == 0
    assert out.splitlines()[-1] == "valid: this receipt, 0 errors, 0 warnings"
    status, out, _ = run("verify-code", code.replace("12,50", "1,50"), "--keys", KEYS)
    assert status == 1
    assert "[CRYPTO_SIGNATURE]" in out
    status, out, _ = run("verify-code", code, "--keys", KEYS, "--json")
    assert json.loads(out)["valid"] is True


def test_a_link_is_explained(run: Run) -> None:
    status, _, err = run("verify-code", link_hash("x"), "--keys", KEYS)
    assert status == 2
    assert "A link alone cannot be verified" in err
    assert "Open the link" in err


def test_faults_speak_german_where_the_system_does(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LANG", "de_AT.UTF-8")
    _, _, err = run("verify-code", "unsinn", "--keys", KEYS)
    assert "Das ist kein Beleg-Code" in err
