"""Simulators as programs, run as real processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import httpx
import pytest

from bridge.cli.simulate import SIMULATORS
from tests.vendors.kit.surface import main

COUNTING = "import sys; from tests.vendors.kit.surface import main; sys.exit(main())"
VENDORS = ("dvelop", "flexi", "kassomat", "offercube")


def start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)


def stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(30)


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = json.loads(process.stdout.readline())
    return found


def test_a_program_says_where_it_is_holds_its_options_and_ends_on_sigterm() -> None:
    process = start("-c", COUNTING, "--first", "40", "--golden", "--at", "2013-08-30T12:00:00Z")
    try:
        said = ready(process)
        assert said["ready"] == "counting"
        assert httpx.get(f"{said['url']}/orders", trust_env=False).json() == {"orders": 41}
        now = httpx.post(f"{said['control']}/clock", trust_env=False).json()["now"]
        assert now.startswith("2013-08-30T12:")
    finally:
        assert stop(process) == 0


def test_wrong_options_end_it_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "70000"]) == 2
    assert "70000 is no port" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["--fir", "1"])
    assert end.value.code == 2


@pytest.mark.parametrize("name", VENDORS)
def test_each_vendor_is_a_row_of_simulate_and_starts(name: str) -> None:
    (row,) = (each for each in SIMULATORS if each.name == name)
    if not row.exists():
        pytest.skip(f"{name} is not built yet")
    process = start("-m", "bridge.cli.main", "simulate", name, "--port", "0")
    try:
        said = ready(process)
        assert said["ready"] == name
        log = httpx.get(f"{said['control']}/log", trust_env=False).json()
        assert log == {"requests": []}
    finally:
        assert stop(process) == 0
