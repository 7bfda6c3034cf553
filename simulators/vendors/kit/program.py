"""A vendor's simulator as a program: ``bonbridge simulate flexi --port 9000``.

In the simulator's module, at its end::

    main = run_program(make, name="flexi", text="ABRA Flexi: ...", options=(Option(...),))
    register = main.register
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from simulators.vendors.kit.clock import SimClock
from simulators.vendors.kit.faults import DELAY, FOREVER, Strike
from simulators.vendors.kit.stage import Stage
from simulators.vendors.kit.surface import Surface

Make = Callable[..., Surface]
"""``make(clock, **options)``."""

_WRONG = 2
_LAST_PORT = 0xFFFF


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword of ``make`` as an option of the program; its type is that of ``default``."""

    name: str
    default: bool | int | float | str
    text: str
    choices: tuple[str, ...] | None = None

    def add_to(self, parser: argparse._ArgumentGroup) -> None:
        flag = f"--{self.name.replace('_', '-')}"
        if isinstance(self.default, bool):
            action = "store_false" if self.default else "store_true"
            flag = f"--no-{flag[2:]}" if self.default else flag
            parser.add_argument(flag, dest=self.name, action=action, help=self.text)
            return
        parser.add_argument(
            flag,
            dest=self.name,
            type=type(self.default),
            default=self.default,
            choices=self.choices,
            metavar=None if self.choices else "X",
            help=f"{self.text} (default {self.default})",
        )


@dataclass(frozen=True, slots=True)
class Program:
    """A simulator as a command: call it with the arguments, or ``register`` it as one of many."""

    make: Make
    name: str
    text: str
    options: Sequence[Option] = ()

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Run until SIGTERM or SIGINT. Return 0, or 2 if an option is wrong."""
        parser = argparse.ArgumentParser(prog=self.name, description=self.text, allow_abbrev=False)
        self._add_arguments(parser)
        return self._run(parser.parse_args(argv))

    def register(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the command."""
        parser = subparsers.add_parser(
            self.name,
            help=self.text,
            description=f"{self.text} Prints its addresses as one JSON line when ready.",
        )
        self._add_arguments(parser)
        parser.set_defaults(run=self._run)

    def _add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
        parser.add_argument("--port", type=int, default=0, help="TCP port, 0 = any free one")
        parser.add_argument("--golden", action="store_true", help="hold the vendor's own examples")
        parser.add_argument(
            "--at", type=datetime.fromisoformat, metavar="TIME", help="its clock (ISO 8601)"
        )
        parser.add_argument(
            "--delay-s", type=float, default=0.0, metavar="S", help="before each answer"
        )
        if self.options:
            group = parser.add_argument_group("the vendor's behaviour")
            for option in self.options:
                option.add_to(group)

    def _run(self, args: argparse.Namespace) -> int:
        try:
            return asyncio.run(self._serve(args))
        except (ValueError, OverflowError, OSError) as error:
            print(f"{self.name} simulator: {error}", file=sys.stderr)
            return _WRONG

    async def _serve(self, args: argparse.Namespace) -> int:
        if not 0 <= args.port <= _LAST_PORT:
            raise ValueError(f"{args.port} is no port")
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        clock = SimClock()
        if args.at is not None:
            clock.set(cast("datetime", args.at))
        options: dict[str, Any] = {each.name: getattr(args, each.name) for each in self.options}
        surface = self.make(clock, **options)
        if args.golden:
            surface.golden()
        stage = Stage(surface, clock, args.host, args.port)
        if args.delay_s:
            stage.front.faults.add(Strike(DELAY, FOREVER, delay_s=args.delay_s))
        async with stage:
            ready = {"ready": self.name, "url": stage.url, "control": f"{stage.url}/_sim"}
            print(json.dumps(ready), flush=True)
            await stopping.wait()
        return 0


def run_program(make: Make, *, name: str, text: str, options: Sequence[Option] = ()) -> Program:
    """Return a simulator's program. ``text`` is one line for the list of simulators."""
    return Program(make, name, text, options)
