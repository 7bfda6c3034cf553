"""``bonbridge devices``: both sides for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.cli import devices
from bridge.cli.main import main
from bridge.devices.plugged import Plugged
from drivers.signing.pcsc_faults import CardServiceDown
from tests.daemon.processes import Place


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plug in a card reader and a printer."""
    printer = Plugged("USB printer", "usb:04b8:0e15", "EPSON TM-T20II")
    reader = Plugged("card reader", "pcsc:ACS ACR39U 00 00", "card with ATR 3BDF")
    monkeypatch.setattr(devices, "plugged", lambda: [printer])
    monkeypatch.setattr(devices, "card_readers", lambda: [reader])


@pytest.mark.usefixtures("machine")
def test_what_is_plugged_in_is_shown_with_the_address_to_configure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path)
    assert main(["devices", "--config", str(place.config)]) == 0
    out = capsys.readouterr().out
    assert "unit:card" in out
    assert "tcp:127.0.0.1:9  (`bonbridge doctor` tries it)" in out
    assert "usb:04b8:0e15  EPSON TM-T20II  (not configured, not supported by" in out
    assert "pcsc:ACS ACR39U 00 00  card with ATR 3BDF  (not configured)" in out


@pytest.mark.usefixtures("machine")
def test_programs_get_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "usb:04b8:0e20")
    assert main(["devices", "--json", "--config", str(place.config)]) == 1
    body = json.loads(capsys.readouterr().out)
    assert body["well"] is False
    assert [each["name"] for each in body["configured"]] == ["unit:card", "printer:counter"]
    printer = body["configured"][1]
    assert printer["present"] is False
    assert "port_kind_unsupported" in printer["problem"]
    assert [each["address"] for each in body["plugged"]] == [
        "usb:04b8:0e15",
        "pcsc:ACS ACR39U 00 00",
    ]


def test_readers_that_cannot_be_listed_are_no_reason_to_show_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def readers() -> list[Plugged]:
        raise CardServiceDown

    monkeypatch.setattr(devices, "card_readers", readers)
    assert main(["devices", "--config", str(Place(tmp_path).config)]) == 0
    out = capsys.readouterr().out
    assert "Note: Card readers cannot be listed" in out
    assert "card_service_down" in out


@pytest.mark.usefixtures("machine")
def test_without_a_configuration_what_is_plugged_in_is_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "DEFAULT_PATH", tmp_path / "none.toml")
    assert main(["devices"]) == 0
    out = capsys.readouterr().out
    assert "Configured: nothing" in out
    assert "usb:04b8:0e15" in out


def test_a_configuration_that_was_named_must_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["devices", "--config", str(tmp_path / "none.toml")]) == 1
    assert "config_unreadable" in capsys.readouterr().err
