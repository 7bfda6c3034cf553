"""``bonbridge simulate cloud``: the simulated cloud as a program."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import signal
import sqlite3
import sys
from dataclasses import fields
from pathlib import Path

from bridge.cloud.envelope import Limits
from simulators.cloud.assumed import (
    POLL_BLOCK_S,
    POLL_INTERVAL_S,
    POLL_TOLERATED,
    REDELIVERY_FIRST_S,
)
from simulators.cloud.control import ControlServer
from simulators.cloud.polling import PollLimits
from simulators.cloud.simulator import DEFAULT_BOX, CloudOptions, CloudSimulator
from simulators.cloud.switches import BLACK_HOLES, CLOSE_MOMENTS, Settings

_LAST_PORT = 0xFFFF
_CHOICES = {"black_hole": BLACK_HOLES, "close_at": CLOSE_MOMENTS}


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the command ``cloud``."""
    parser = subparsers.add_parser(
        "cloud",
        help="simulate a till vendor's cloud",
        description="A till vendor's cloud: WebSocket for boxes, REST and webhooks for programs. "
        "Prints its addresses and the files with its secrets as one JSON line when ready.",
    )
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the cloud simulator: each fault switch is one."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="its memory")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--ws-port", type=int, default=0, help="for boxes, 0 = any free port")
    parser.add_argument("--http-port", type=int, default=0, help="for programs, 0 = any free port")
    parser.add_argument(
        "--control-port", type=int, metavar="PORT", help="JSON lines, 0 = any free port"
    )
    parser.add_argument(
        "--box", action="append", metavar="ID", help=f"a box, repeatable (default {DEFAULT_BOX})"
    )
    parser.add_argument(
        "--cash-register",
        action="append",
        metavar="NUMBER=BOX[/REGISTER]",
        help="a number of the REST side and where it is, repeatable",
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="token of the first box, made if missing"
    )
    parser.add_argument(
        "--login-file", type=Path, metavar="FILE", help="login of programs, made if missing"
    )
    parser.add_argument("--ping-interval-s", type=float, default=20.0, metavar="S")
    parser.add_argument("--ping-timeout-s", type=float, default=10.0, metavar="S")
    parser.add_argument("--window", type=int, metavar="N", help="said in welcome")
    parser.add_argument("--poll-interval-s", type=float, default=POLL_INTERVAL_S, metavar="S")
    parser.add_argument("--poll-tolerated", type=int, default=POLL_TOLERATED, metavar="N")
    parser.add_argument("--poll-block-s", type=float, default=POLL_BLOCK_S, metavar="S")
    parser.add_argument("--redelivery-s", type=float, default=REDELIVERY_FIRST_S, metavar="S")
    faults = parser.add_argument_group("fault switches", inspect.getdoc(Settings))
    for field in fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        if field.name in _CHOICES:
            faults.add_argument(option, choices=_CHOICES[field.name], default=field.default)
        elif isinstance(field.default, bool):
            faults.add_argument(option, action="store_true")
        elif isinstance(field.default, str):
            faults.add_argument(option, default=field.default, metavar="TEXT")
        else:
            faults.add_argument(option, type=int, default=field.default, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. Return 0, or 2 if an option is wrong."""
    try:
        return asyncio.run(_serve(_options(args), args.control_port))
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"cloud simulator: {error}", file=sys.stderr)
        return 2


def _options(args: argparse.Namespace) -> CloudOptions:
    for port in (args.ws_port, args.http_port, args.control_port or 0):
        if not 0 <= port <= _LAST_PORT:
            raise ValueError(f"{port} is no port")
    return CloudOptions(
        data=args.data,
        boxes=tuple(args.box or (DEFAULT_BOX,)),
        registers=dict(_register(text) for text in args.cash_register or ()),
        host=args.host,
        ws_port=args.ws_port,
        http_port=args.http_port,
        token_file=args.token_file,
        login_file=args.login_file,
        ping_interval_s=args.ping_interval_s,
        ping_timeout_s=args.ping_timeout_s,
        limits=Limits(window=args.window),
        polling=PollLimits(args.poll_interval_s, args.poll_tolerated, args.poll_block_s),
        redelivery_s=args.redelivery_s,
        settings=Settings(**{field.name: getattr(args, field.name) for field in fields(Settings)}),
    )


def _register(text: str) -> tuple[int, tuple[str, str | None]]:
    number, equals, place = text.partition("=")
    box, slash, register_id = place.partition("/")
    if not (number.isdecimal() and equals and box) or (slash and not register_id):
        raise ValueError(f"{text!r} is not NUMBER=BOX or NUMBER=BOX/REGISTER")
    return int(number), (box, register_id or None)


async def _serve(options: CloudOptions, control_port: int | None) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    simulator = CloudSimulator(options)
    control = None if control_port is None else ControlServer(simulator.controls, control_port)
    async with simulator:
        if control is not None:
            await control.start()
        ready = {
            "ready": "cloud",
            "ws": simulator.ws_url,
            "http": simulator.http_url,
            "control": None if control is None else control.port,
            "token_files": {box: str(path) for box, path in simulator.token_files.items()},
            "login_file": str(simulator.login_file),
        }
        print(json.dumps(ready), flush=True)
        await stopping.wait()
        if control is not None:
            await control.stop()
    return 0
