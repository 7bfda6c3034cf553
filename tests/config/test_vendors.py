"""``bonbridge check-config`` asks the vendors' own program files about their tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli.main import main
from bridge.config import parse_config
from tests.config.sample import VALID, problems_of

FLEXI = """
[[vendor]]
name = "flexi"
url = "https://flexi.example:5434"
[vendor.secrets]
user = "flexi.user"
password = "flexi.password"
[vendor.options]
company = "demo"
"""


def checked(tmp_path: Path, vendor: str) -> int:
    """Check a configuration with a vendor's table and return the exit code."""
    path = tmp_path / "bonbridge.toml"
    path.write_text(VALID + vendor, encoding="utf-8")
    return main(["check-config", "--no-credentials", str(path)])


def test_a_vendor_that_is_set_up_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, FLEXI) == 0
    assert "1 vendor (flexi)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "flexi"', 'name = "flexy"', "there is no vendor 'flexy'"),
        ('url = "https://flexi.example:5434"\n', "", "`url` is missing"),
        ('user = "flexi.user"\n', "", "`secrets` lacks user"),
        ('user = "flexi.user"', 'user = "flexi.user"\nsid = "a"', "there is no secret sid"),
        ('company = "demo"', "", "flexi.options: company"),
        ('company = "demo"', 'company = "demo"\ncompanie = "x"', "flexi.options: companie"),
    ],
)
def test_what_a_vendor_does_not_understand_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    assert old in FLEXI
    assert checked(tmp_path, FLEXI.replace(old, new)) == 1
    assert told in capsys.readouterr().err


def test_every_problem_of_a_vendor_is_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, '[[vendor]]\nname = "flexi"\n') == 1
    told = capsys.readouterr().err
    assert all(each in told for each in ("company", "`url` is missing", "lacks user, password"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("https://flexi.example:5434", "http://flexi.example", "is for simulators only"),
        ("https://flexi.example:5434", "ftp://flexi.example", "must look like"),
        ("https://flexi.example:5434", "https://a:b@flexi.example", "must not contain user"),
        ('name = "flexi"', 'name = "fle xi"', "small letters and digits only"),
    ],
)
def test_an_address_or_name_that_cannot_be_is_refused_by_the_file(
    old: str, new: str, told: str
) -> None:
    assert old in FLEXI
    assert told in " ".join(problems_of(VALID + FLEXI.replace(old, new)))


def test_a_vendor_has_one_table_only() -> None:
    assert "is already used by vendor[0]" in " ".join(problems_of(VALID + FLEXI + FLEXI))


def test_a_simulator_may_be_reached_without_encryption() -> None:
    plain = FLEXI.replace("https://", "http://").replace(
        'name = "flexi"', 'name = "flexi"\nsimulator = true'
    )
    assert parse_config(VALID + plain).vendors[0].simulator
