"""What a configuration may and may not say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.config import Config, parse_config
from tests.config.sample import VALID, bent, problems_of


def test_the_sample_is_valid_and_defaults_are_those_of_the_documentation() -> None:
    config = parse_config(VALID)
    assert config.box.language == "de"
    assert config.box.credentials_dir is None
    assert config.shop.footer == ()
    assert config.registers[0].counter_length == 8
    assert config.registers[0].closed_system is None
    assert config.printers[0].columns == 48
    assert config.printers[0].unknown_policy == "ask"
    assert not config.printers[0].drawer_on_cash
    assert (config.rksv.outage_limit_s, config.rksv.queue_limit_s) == (5.0, 15.0)
    assert config.rksv.probe_interval_s == 30.0


def test_tables_are_found_by_their_names() -> None:
    config = parse_config(VALID)
    assert config.register_named("K1").kassen_id == "KASSE-1"
    assert config.signing_unit_named("card-1").vda == "AT1"
    assert config.printers[0].address == "tcp:127.0.0.1:9100"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"at"', '"fr"', "box.country"),
        ('"/data"', '"data"', "box.data_dir"),
        ('"box-1"', "1", "box.id"),
        ('name = "Bäckerei Muster"', 'name = ""', "shop.name"),
        ('name = "Bäckerei Muster"', r'name = "A\u0007B"', "shop.name"),
        ('["Hauptplatz 1", "8010 Graz"]', "[]", "shop.address"),
        ('["Hauptplatz 1", "8010 Graz"]', '"Graz"', "shop.address"),
        ('"K1"', '"K_1"', "register[0].id"),
        ('"KASSE-1"', '"KASSE_1"', "register[0].kassen_id"),
        ('"KASSE-1"', '"KASSE 1 "', "register[0].kassen_id"),
        ('"KASSE-1"', '"\\t"', "register[0].kassen_id"),
        ('"KASSE-1"', '""', "register[0].kassen_id"),
        ('"k1-key"', '"../k1"', "register[0].aes_key"),
        ('units = ["card-1"]', "units = []", "register[0].units"),
        ('"K1"', '"K1"\ncounter_length = 4', "register[0].counter_length"),
        ('"K1"', '"K1"\ncounter_length = 17', "register[0].counter_length"),
        ('"K1"', '"K1"\ncounter_length = "8"', "register[0].counter_length"),
        ('"K1"', '"K1"\nclosed_system = "U:DE1"', "register[0].closed_system"),
        ('"acos-id"', '"hsm"', "signing_unit[0].kind"),
        ('"AT1"', '"DE1"', "signing_unit[0].vda"),
        ('"AT1"', '"AT01"', "signing_unit[0].vda"),
        ('"tcp:127.0.0.1:9100"', '"127.0.0.1"', "printer[0].address"),
        ('"counter"\naddress', '"counter"\ncolumns = 40\naddress', "printer[0].columns"),
        ('"counter"\naddress', '"counter"\ndrawer_on_cash = 1\naddress', "printer[0].drawer"),
    ],
)
def test_a_value_outside_its_rule_is_named_by_its_path(old: str, new: str, path: str) -> None:
    found = problems_of(bent(old, new))
    assert any(f": {path}" in line for line in found), found


@pytest.mark.parametrize("value", ["0", "-1.0", "inf", "nan", '"5"', "true"])
def test_a_limit_is_a_positive_number_of_seconds(value: str) -> None:
    (line,) = problems_of(VALID + f"[rksv]\noutage_limit_s = {value}\n")
    assert "rksv.outage_limit_s must be" in line


@pytest.mark.parametrize("name", ["K-Ä 1", "Kasse €", "Ж"])
def test_a_kassen_id_may_hold_any_printable_letter(name: str) -> None:
    assert parse_config(bent("KASSE-1", name)).registers[0].kassen_id == name


def test_whole_seconds_are_accepted_for_limits() -> None:
    assert parse_config(VALID + "[rksv]\noutage_limit_s = 7\n").rksv.outage_limit_s == 7.0


def test_settings_cannot_be_changed_after_loading() -> None:
    config = parse_config(VALID)
    with pytest.raises(ValidationError):
        config.box.language = "en"


def test_rules_across_tables_hold_for_a_configuration_made_in_code_as_well() -> None:
    raw = parse_config(VALID).model_dump(by_alias=True)
    raw["register"][0]["units"] = ["another"]
    with pytest.raises(ValidationError, match="no signing unit `another`"):
        Config.model_validate(raw)


CLOUD = """
[[cloud]]
name = "asello"
url = "wss://cloud.example/box"
token = "asello-token"
"""


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://cloud.example/box", "must look like"),
        ("ws://cloud.example/box", 'must begin with "wss://"'),
        ("wss://me:secret@cloud.example/box", "must not contain user"),
        ("wss://cloud.example/box?token=abc", "must not contain user"),
        ("wss://", "must look like"),
        ("wss://[::1/box", "is not a URL"),
    ],
)
def test_a_cloud_address_that_would_leak_or_go_unencrypted_is_refused(url: str, text: str) -> None:
    wrong = VALID + CLOUD.replace("wss://cloud.example/box", url)
    (problem,) = problems_of(wrong)
    assert "cloud[0].url" in problem
    assert text in problem
    assert "secret" not in problem


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_an_unencrypted_cloud_is_allowed_on_this_machine(host: str) -> None:
    config = parse_config(VALID + CLOUD.replace("wss://cloud.example", f"ws://{host}:8080"))
    assert config.clouds[0].ping_interval_s == 20.0


def test_two_clouds_of_one_name_and_a_register_that_is_not_there_are_refused() -> None:
    twice = VALID + CLOUD + CLOUD + 'registers = ["K2"]\n'
    problems = "\n".join(problems_of(twice))
    assert "cloud[1].name" in problems
    assert "no register `K2`" in problems


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:", "127.0.0.1:70000", ":80"])
def test_an_address_to_listen_at_that_is_none_is_refused(listen: str) -> None:
    (problem,) = problems_of(VALID + f'[web]\nlisten = "{listen}"\n')
    assert "web.listen" in problem


@pytest.mark.parametrize(
    "origin", ["null", "*", "https://a.example/", "ftp://a", "https://A.example"]
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    (problem,) = problems_of(VALID + f'[web]\norigins = ["{origin}"]\n')
    assert "web.origins" in problem
