"""Tables of commands whose modules are imported only when they are chosen.

A command module has ``register(subparsers)``, which adds one parser under the command's name and
sets ``run`` on it: a function that takes the parsed arguments and returns the exit code.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import CommandNotBuilt, LibraryMissing

USAGE_ERROR = 2
"""Exit code of a command line that cannot be understood, as argparse has it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One row: the name as typed, the module that holds it, one line of help."""

    name: str
    module: str
    help: str

    def exists(self) -> bool:
        """Whether this installation has the module. Imports its parent packages only."""
        try:
            return importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:
            return False


class Parser(argparse.ArgumentParser):
    """Parser without abbreviated options: a script must not break when an option is added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)


def run_table(
    commands: Sequence[Command],
    argv: Sequence[str],
    *,
    prog: str,
    description: str,
    metavar: str = "COMMAND",
    version: Callable[[], str] | None = None,
) -> int:
    """Run the command that ``argv`` names and return its exit code.

    Raises ``CommandNotBuilt`` or ``LibraryMissing``, what the command itself raises, and
    ``SystemExit`` where argparse ends the program (help, usage errors).
    """
    name = argv[0] if argv else ""
    chosen = next((command for command in commands if command.name == name), None)
    if chosen is None and name and not name.startswith("-"):
        print(_unknown(name, commands, prog), file=sys.stderr)
        return USAGE_ERROR
    parser = Parser(prog=prog, description=description)
    if version is not None:
        parser.add_argument("--version", action="store_true", help="print the version")
    subparsers = parser.add_subparsers(metavar=metavar, title="commands", dest="command")
    if chosen is None:
        for command in commands:
            if command.exists():
                subparsers.add_parser(command.name, help=command.help)
        if version is not None and parser.parse_args(argv).version:
            print(version())
            return 0
        parser.parse_args(argv)
        parser.print_help(sys.stderr)
        return USAGE_ERROR
    _load(chosen).register(subparsers)
    args = parser.parse_args(argv)
    run: Callable[[argparse.Namespace], int] = args.run
    return run(args)


def _load(command: Command) -> Any:
    if not command.exists():
        raise CommandNotBuilt(f"`{command.name}` is not part of this installation.")
    try:
        return importlib.import_module(command.module)
    except ModuleNotFoundError as error:
        raise LibraryMissing(
            f"`{command.name}` needs the Python module {error.name}.", library=error.name
        ) from error


def _unknown(name: str, commands: Sequence[Command], prog: str) -> str:
    known = [command.name for command in commands if command.exists()]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"{prog}: there is no command `{name}`.{hint}\nCommands: {', '.join(known)}"
