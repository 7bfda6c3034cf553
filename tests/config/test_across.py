"""Rules that span several tables."""

from __future__ import annotations

import pytest

from bridge.config import parse_config
from tests.config.sample import VALID, bent, problems_of

SECOND_REGISTER = """
[[register]]
id = "K2"
kassen_id = "KASSE-2"
aes_key = "k2-key"
units = ["card-1"]
"""


def test_two_registers_may_share_a_unit() -> None:
    assert [r.id for r in parse_config(VALID + SECOND_REGISTER).registers] == ["K1", "K2"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [('"K2"', '"K1"', "register[1].id"), ('"KASSE-2"', '"KASSE-1"', "register[1].kassen_id")],
)
def test_a_second_register_needs_names_of_its_own(old: str, new: str, path: str) -> None:
    (line,) = problems_of(VALID + SECOND_REGISTER.replace(old, new))
    assert f"{path} is already used by register[0]" in line


def test_two_units_at_one_address_are_refused() -> None:
    unit = VALID[VALID.index("[[signing_unit]]") : VALID.index("[[printer]]")]
    (line,) = problems_of(VALID + unit.replace("card-1", "card-2"))
    assert "signing_unit[1].address is already used by signing_unit[0]" in line


def test_an_unknown_unit_gets_the_nearest_name() -> None:
    (line,) = problems_of(bent('["card-1"]', '["crad-1"]'))
    assert line.endswith("register[0].units[0] no signing unit `crad-1`, did you mean `card-1`?")


def test_an_unknown_printer_gets_the_nearest_name() -> None:
    (line,) = problems_of(bent('printer = "counter"', 'printer = "Counter"'))
    assert line.endswith("register[0].printer no printer `Counter`, did you mean `counter`?")


def test_a_unit_is_listed_once() -> None:
    (line,) = problems_of(bent('["card-1"]', '["card-1", "card-1"]'))
    assert "a second time" in line


@pytest.mark.parametrize("mirror", ["/data", "/data/", "/data/mirror", "/other/../data"])
def test_the_mirror_lives_outside_the_data_directory(mirror: str) -> None:
    (line,) = problems_of(bent('"/mirror"', f'"{mirror}"'))
    assert "box.mirror_dir must be another directory" in line


def test_a_directory_whose_name_only_begins_alike_is_another_one() -> None:
    assert parse_config(bent('"/mirror"', '"/data-mirror"')).box.mirror_dir.name == "data-mirror"


def test_a_closed_system_needs_its_own_provider_id() -> None:
    closed = bent('"K1"', '"K1"\nclosed_system = "U:ATU12345678"')
    (line,) = problems_of(closed)
    assert "a closed system needs AT0" in line
    assert parse_config(closed.replace('"AT1"', '"AT0"')).registers[0].closed_system


def test_an_open_system_refuses_the_provider_id_of_closed_ones() -> None:
    (line,) = problems_of(bent('"AT1"', '"AT0"'))
    assert "closed_system is not set" in line
