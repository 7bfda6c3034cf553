"""``bonbridge simulate printer``: the simulated receipt printer as a program."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from dataclasses import fields
from pathlib import Path

from simulators.printer.control import ControlServer
from simulators.printer.simulator import PrinterSimulator
from simulators.printer.switches import PAPER_STATES, Settings

DEFAULT_PORT = 9100


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the command ``printer``."""
    parser = subparsers.add_parser("printer", help="simulate a receipt printer on the network")
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the printer simulator: each fault switch is one."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="TCP port, 0 = any free (default 9100)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write papers as PNG and text")
    parser.add_argument("--columns", type=int, choices=(48, 42, 32), default=48)
    parser.add_argument(
        "--control-port", type=int, metavar="PORT", help="JSON lines, 0 = any free port"
    )
    faults = parser.add_argument_group("fault switches")
    for field in fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        if field.name == "paper":
            faults.add_argument(option, choices=PAPER_STATES, default="ok")
        elif isinstance(field.default, bool):
            faults.add_argument(option, action="store_true")
        else:
            faults.add_argument(option, type=int, default=0, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. Return 0, or 2 if an option is wrong."""
    try:
        settings = Settings(**{field.name: getattr(args, field.name) for field in fields(Settings)})
        simulator = PrinterSimulator(
            columns=args.columns,
            out=args.out,
            settings=settings,
            host=args.host,
            port=args.port,
            keep=False,
        )
        return asyncio.run(_serve(simulator, args.control_port))
    except (ValueError, OverflowError, OSError) as error:
        print(f"printer simulator: {error}", file=sys.stderr)
        return 2


async def _serve(simulator: PrinterSimulator, control_port: int | None) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    control = None if control_port is None else ControlServer(simulator.server, control_port)
    async with simulator:
        ready = f"printer simulator ready tcp:{simulator.server.host}:{simulator.port}"
        if control is not None:
            await control.start()
            ready += f" control={control.port}"
        print(ready, flush=True)
        await stopping.wait()
        if control is not None:
            await control.stop()
    return 0
