"""How problems of the configuration file are told."""

from __future__ import annotations

import random
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.config import load_config, parse_config
from bridge.config.faults import ConfigInvalid, ConfigUnreadable, CountryNotBuilt
from tests.config.sample import VALID, bent, problems_of

SECRET = "7391462"


def test_an_unknown_key_is_named_with_line_and_nearest_key() -> None:
    (line,) = problems_of(bent('country = "at"', 'country = "at"\nlangauge = "de"'))
    assert line == "line 4: box.langauge is no key of this file, did you mean `language`?"


def test_an_unknown_key_in_the_second_table_of_an_array_is_found_in_its_line() -> None:
    text = VALID + '\n[[printer]]\nname = "bar"\naddress = "tcp:a:1"\ncolums = 42\n'
    expected = text.splitlines().index("colums = 42") + 1
    (line,) = problems_of(text)
    assert line.startswith(f"line {expected}: printer[1].colums is no key")
    assert line.endswith("did you mean `columns`?")


def test_an_unknown_table_is_named() -> None:
    (line,) = problems_of(VALID + "[rskv]\n")
    assert line.endswith("rskv is no key of this file, did you mean `rksv`?")


def test_a_missing_key_points_at_its_table() -> None:
    text = bent('kassen_id = "KASSE-1"\n', "")
    expected = text.splitlines().index("[[register]]") + 1
    assert problems_of(text) == (f"line {expected}: register[0].kassen_id is missing",)


def test_every_problem_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = (
        VALID.replace('"at"', '"xx"')
        .replace('"K1"', '"K 1"')
        .replace('["card-1"]', '["card-2"]')
        .replace('"AT1"', '"1"')
    )
    paths = [line.split(": ", 1)[1].split(" ")[0] for line in problems_of(text)]
    expected = ["box.country", "register[0].id", "register[0].units[0]", "signing_unit[0].vda"]
    assert paths == expected


def test_a_list_whose_entries_are_wrong_is_not_called_empty_too() -> None:
    assert len(problems_of(bent('"K1"', '"K 1"'))) == 1


def test_the_fault_carries_the_problems_as_facts() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_config(bent('"K1"', '"K 1"'), "shop.toml")
    assert caught.value.as_problem()["problems"] == list(caught.value.problems)
    assert "shop.toml" in caught.value.detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('pin = "card-1-pin"', f'pin = "{SECRET}"'),
        ('pin = "card-1-pin"', f"pin = {SECRET}"),
        ('pin = "card-1-pin"', f'pin = "card-1-pin"\npin_value = "{SECRET}"'),
        ('aes_key = "k1-key"', f'aes_key = "{SECRET}WhzlZz/8dD+x9Z1/zxGOPg4U2tCc2rfJg1KA="'),
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_never_repeated(old: str, new: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_config(bent(old, new))
    assert SECRET not in repr(caught.value.as_problem())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_germany_is_understood_and_refused() -> None:
    with pytest.raises(CountryNotBuilt) as caught:
        parse_config(bent('"at"', '"de"'))
    assert caught.value.facts == {"country": "de"}


def test_a_file_that_is_no_toml_says_where() -> None:
    with pytest.raises(ConfigUnreadable, match="line 2"):
        parse_config("[box]\nid = \n")


def test_a_missing_file_is_a_fault_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadable, match=r"absent\.toml"):
        load_config(tmp_path / "absent.toml")


def test_a_directory_in_place_of_the_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigUnreadable):
        load_config(tmp_path)


def test_a_file_in_another_encoding_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(VALID.encode("latin-1"))
    with pytest.raises(ConfigUnreadable, match="UTF-8"):
        load_config(path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "notepad.toml"
    path.write_bytes(b"\xef\xbb\xbf" + VALID.encode())
    assert load_config(path).box.id == "box-1"


def test_whatever_the_values_are_only_faults_come_out() -> None:
    """Each key of the sample in turn gets values of every TOML type."""
    seed = 20260401
    print(f"seed {seed}")
    source = random.Random(seed)
    values = ["1", "1.5", "true", '""', '"x"', "[]", "[1]", "{}", "{a = 1}", "2026-01-01", "[{}]"]
    lines = VALID.splitlines()
    keys = [index for index, line in enumerate(lines) if " = " in line]
    for _ in range(400):
        bent_lines = list(lines)
        for index in source.sample(keys, 3):
            bent_lines[index] = f"{lines[index].split(' = ')[0]} = {source.choice(values)}"
        text = "\n".join(bent_lines)
        tomllib.loads(text)
        with suppress(ConfigInvalid):
            parse_config(text)
