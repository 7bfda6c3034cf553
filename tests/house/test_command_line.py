"""The ``bonbridge`` command: finding commands, telling faults, ending."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli import simulate
from bridge.cli.main import BROKEN_PIPE, COMMANDS, INTERRUPTED, main
from bridge.cli.report import fault_lines, language_of
from bridge.cli.table import Command, run_table
from bridge.errors import CommandNotBuilt, LibraryMissing
from drivers.contract.fault import Fault, Text
from tests.house.source import ROOT

Run = Callable[[argparse.Namespace], int]


class Sample(Fault):
    """A fault of this test."""

    code = "sample"
    title = Text("Titel", "Title")
    advice = Text("Rat.", "Advice.")


class SampleWithCode(Sample):
    """The same with an exit code of its own."""

    code = "sample_with_code"
    exit_code = 3


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Put a function in the place of the command ``bench``."""

    def put(run: Run) -> None:
        module = types.ModuleType("bridge.cli.bench")

        def register(subparsers: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]  # generic in stubs only
            subparsers.add_parser("bench").set_defaults(run=run)

        module.register = register  # type: ignore[attr-defined]  # modules take any attribute
        monkeypatch.setitem(sys.modules, "bridge.cli.bench", module)
        monkeypatch.setattr(Command, "exists", lambda _: True)

    return put


def python(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("LC_")}, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_exit_code_of_a_command_is_handed_on(install: Callable[[Run], None]) -> None:
    install(lambda _: 7)
    assert main(["bench"]) == 7


@pytest.mark.parametrize(("fault", "code"), [(Sample, 1), (SampleWithCode, 3)])
def test_a_fault_ends_in_plain_lines_without_traceback(
    install: Callable[[Run], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Fault],
    code: int,
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise fault("the printer is at 10.0.0.1")

    monkeypatch.setenv("LC_ALL", "de_AT.UTF-8")
    install(run)
    assert main(["bench"]) == code
    assert capsys.readouterr().err.splitlines() == [
        "Fehler: Titel",
        "  the printer is at 10.0.0.1",
        "Was tun: Rat.",
        f"Code: {fault.code}",
    ]


def test_a_fault_without_detail_leaves_that_line_out() -> None:
    assert fault_lines(Sample(), "en") == ["Error: Title", "What to do: Advice.", "Code: sample"]


def test_an_error_that_is_no_diagnosis_is_not_hidden(install: Callable[[Run], None]) -> None:
    def run(_: argparse.Namespace) -> int:
        return 1 // 0

    install(run)
    with pytest.raises(ZeroDivisionError):
        main(["bench"])


def test_an_interrupt_ends_quietly(
    install: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    install(run)
    assert main(["bench"]) == INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_went_away_ends_quietly() -> None:
    script = (
        "import sys, types, bridge.cli.main as m\n"
        "from bridge.cli.table import Command\n"
        "def run(args):\n"
        "    print('still in the buffer when the command ends')\n"
        "    return 0\n"
        "module = types.ModuleType('bridge.cli.bench')\n"
        "module.register = lambda s: s.add_parser('bench').set_defaults(run=run)\n"
        "sys.modules['bridge.cli.bench'] = module\n"
        "Command.exists = lambda self: True\n"
        "sys.exit(m.main(['bench']))\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (BROKEN_PIPE, "")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de"}, "de"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "fr_FR"}, "en"),
        ({}, "en"),
        ({"LANG": "de_AT", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB", "LC_ALL": "", "LC_MESSAGES": "de_DE"}, "de"),
    ],
)
def test_the_language_comes_from_the_locale(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


def test_an_unknown_command_gets_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chek-config"]) == 2
    assert "Did you mean `check-config`?" in capsys.readouterr().err


def test_without_a_command_the_help_is_shown_as_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "check-config" in capsys.readouterr().err


def test_version_and_help_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("bonbridge ")
    assert main(["--help"]) == 0
    assert "check-config" in capsys.readouterr().out


def test_options_are_never_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--vers"]) == 2
    assert main(["check-config", "--no-cred", "x"]) == 2
    capsys.readouterr()


def test_a_command_that_is_not_there_says_so() -> None:
    table = (Command("later", "bridge.cli.not_there_yet", "later"),)
    with pytest.raises(CommandNotBuilt):
        run_table(table, ["later"], prog="x", description="")


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_hardware.py").write_text("import no_such_library\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    table = (Command("hard", "needs_hardware", "hard"),)
    with pytest.raises(LibraryMissing, match="no_such_library"):
        run_table(table, ["hard"], prog="x", description="")


def test_help_imports_no_command_and_no_heavy_library() -> None:
    script = (
        "import sys; from bridge.cli.main import main; main(['--help'])\n"
        "heavy = {'pydantic', 'cryptography', 'escpos', 'asyncio', 'bridge.cli.check_config'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = python("-c", script)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [c for c in (*COMMANDS, *simulate.SIMULATORS) if c.exists()],
    ids=lambda command: command.name,
)
def test_every_command_in_the_tables_has_help(command: Command) -> None:
    prefix = [] if command in COMMANDS else ["simulate"]
    done = python("-m", "bridge.cli.main", *prefix, command.name, "--help")
    assert done.returncode == 0, done.stderr
    assert command.name in done.stdout


def test_options_after_a_simulators_name_are_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def table(_: object, argv: object, **__: object) -> int:
        seen.append(argv)
        return 5

    monkeypatch.setattr(simulate, "run_table", table)
    assert main(["simulate", "card", "--help", "-x", "--port", "0"]) == 5
    assert seen == [["card", "--help", "-x", "--port", "0"]]
    capsys.readouterr()


def test_check_config_says_ok_or_names_every_problem(tmp_path: Path) -> None:
    example = (ROOT / "docs" / "bonbridge.example.toml").read_text(encoding="utf-8")
    directory = tmp_path / "credentials"
    directory.mkdir()
    path = tmp_path / "box.toml"
    path.write_text(
        example.replace('"/etc/bonbridge/credentials"', f'"{directory}"'), encoding="utf-8"
    )
    command = ("-m", "bridge.cli.main", "check-config", str(path))

    missing = python(*command, LANG="de_AT.UTF-8", CREDENTIALS_DIRECTORY="")
    assert missing.returncode == 1
    assert missing.stderr.count("Code: credential_missing") == 6
    skipped = python(*command, "--no-credentials")
    assert (skipped.returncode, skipped.stderr) == (0, "")

    secrets = {
        "k1-aes-key": "A" * 43 + "=",
        "card-1-pin": "123456",
        "asello.token": "a token of the cloud",
        "counter.token": "a token of the counter",
        "flexi.user": "a user",
        "flexi.password": "a password",
    }
    for name, value in secrets.items():
        (directory / name).write_text(value, encoding="utf-8")
        (directory / name).chmod(0o600)
    good = python(*command, CREDENTIALS_DIRECTORY="")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith(f"ok: {path}: box box-1 (at), 1 register (K1)")

    path.write_text(example.replace('"K1"', '"K 1"').replace('"AT1"', '"1"'), encoding="utf-8")
    bad = python(*command)
    assert bad.returncode == 1
    assert "register[0].id" in bad.stderr
    assert "signing_unit[0].vda" in bad.stderr
    assert "Traceback" not in bad.stderr
