"""The unit files: what systemd's own tools say of them, and that they fit to the program."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from bridge.cli.main import COMMANDS
from bridge.cli.run import register
from bridge.config import DEFAULT_PATH, load_config
from bridge.daemon.place import SERVICE_SOCKET, socket_path
from tests.house.source import ROOT

UNIT = ROOT / "systemd" / "bonbridge.service"
CREDENTIALS = ROOT / "systemd" / "bonbridge.service.d" / "credentials.conf"
EXAMPLE = ROOT / "docs" / "bonbridge.example.toml"

EXPOSURE_LIMIT = 20
"""Tenths of ``systemd-analyze security``: 2.0."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def directives(path: Path) -> dict[str, list[str]]:
    """Return all values of each directive, under ``Section.Name``."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, f"no assignment: {line}"
            found[f"{section}.{name}"].append(value)
    return found


def installed(tmp_path: Path) -> Path:
    """Copy the unit as it is when the program is installed; return it."""
    program = tmp_path / "bonbridge"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    unit = tmp_path / "bonbridge.service"
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"(?<=^ExecStart=)\S+", str(program), text, flags=re.MULTILINE), "utf-8")
    shutil.copytree(CREDENTIALS.parent, tmp_path / CREDENTIALS.parent.name)
    return unit


@needs_systemd
def test_systemd_understands_every_line_of_the_unit_and_its_drop_in(tmp_path: Path) -> None:
    unit = installed(tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = [line for line in done.stderr.splitlines() if "bonbridge" in line]
    assert done.returncode == 0, done.stderr
    assert not told


@needs_systemd
def test_the_service_is_less_exposed_than_the_line_that_the_project_drew(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=yes"),
            *(f"--threshold={EXPOSURE_LIMIT}", str(installed(tmp_path))),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_the_service_starts_the_installed_command_with_options_that_it_has() -> None:
    (line,) = directives(UNIT)["Service.ExecStart"]
    program, command, *options = shlex.split(line)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert Path(program).name in scripts["scripts"]
    assert command in {each.name for each in COMMANDS}
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    assert parser.parse_args([command, *options]).config == DEFAULT_PATH


def test_the_service_owns_the_directories_of_the_example_configuration() -> None:
    unit = directives(UNIT)
    (names,) = unit["Service.StateDirectory"]
    box = load_config(EXAMPLE).box
    assert {Path("/var/lib") / name for name in names.split()} == {box.data_dir, box.mirror_dir}


def test_commands_look_for_the_socket_where_the_service_has_it() -> None:
    (name,) = directives(UNIT)["Service.RuntimeDirectory"]
    config = load_config(EXAMPLE)
    assert socket_path(config, {"RUNTIME_DIRECTORY": f"/run/{name}"}) == SERVICE_SOCKET
    assert socket_path(config, {"RUNTIME_DIRECTORY": f"/run/{name}:/run/b"}) == SERVICE_SOCKET
    assert socket_path(config, {}) == config.box.data_dir / SERVICE_SOCKET.name


def test_the_drop_in_hands_over_every_credential_of_the_example_configuration() -> None:
    given = dict(value.split(":") for value in directives(CREDENTIALS)["Service.LoadCredential"])
    config = load_config(EXAMPLE)
    named = {
        *(each.aes_key for each in config.registers),
        *(each.pin for each in config.signing_units),
    }
    assert named <= set(given)
    for name, path in given.items():
        assert Path(path) == Path("/etc/bonbridge/credentials") / name


def test_the_service_comes_back_whatever_happens_and_keeps_no_core_dump() -> None:
    unit = directives(UNIT)
    assert unit["Service.Type"] == ["notify"]
    assert unit["Service.Restart"] == ["always"]
    assert unit["Unit.StartLimitIntervalSec"] == ["0"]
    assert unit["Service.LimitCORE"] == ["0"]
    assert unit["Service.OOMPolicy"] == ["continue"]


def test_the_service_waits_for_neither_network_nor_time() -> None:
    unit = directives(UNIT)
    ordered = " ".join([*unit["Unit.After"], *unit["Unit.Wants"], *unit["Unit.Requires"]])
    assert "network-online" not in ordered
    assert "time-sync" not in ordered
