"""``bonbridge simulate card``: the simulated card as a program that outlives the box."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from drivers.contract.fault import Fault
from drivers.signing.vpcd_framing import DEFAULT_PORT
from simulators.card.card import AcosIdCard
from simulators.card.control import Controls, ControlServer
from simulators.card.identity import DEFAULT_PIN, new_card
from simulators.card.slot import CardSlot
from simulators.card.state import StateFile
from simulators.card.switches import FaultSettings, FaultSwitches
from simulators.card.vpcd_client import VpcdClient

_COUNTS = (
    "fail_next_signatures",
    "die_in_apdu",
    "short_answers",
    "cut_signatures",
    "wrong_signatures",
    "security_lost",
    "reset_between",
)


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the command ``card``."""
    parser = subparsers.add_parser("card", help="simulate an ACOS-ID signature card")
    add_arguments(parser)
    parser.set_defaults(run=run)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the card simulator."""
    parser.add_argument(
        "--connect",
        default=f"127.0.0.1:{DEFAULT_PORT}",
        metavar="HOST:PORT",
        help="the reader: vpcd, or the box's direct transport (default %(default)s)",
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="memory of the card (JSON)")
    parser.add_argument("--seed", help="makes a new card reproducible")
    parser.add_argument("--scalar", type=lambda text: int(text, 16), metavar="HEX", help="key")
    parser.add_argument("--pin", default=DEFAULT_PIN, help="PIN of a new card")
    parser.add_argument("--serial", type=int, default=-1, help="certificate serial of a new card")
    parser.add_argument(
        "--deterministic", action="store_true", help="reproducible signatures (RFC 6979)"
    )
    parser.add_argument(
        "--control-port", type=int, metavar="PORT", help="control channel, 0 = any free port"
    )
    parser.add_argument("--delay-ms", type=int, default=0, help="time a signature takes")
    parser.add_argument("--atr", default="", metavar="HEX", help="another ATR")
    parser.add_argument("--pulled", action="store_true", help="start with the card out")
    parser.add_argument("--other-card", action="store_true", help="start with another card in")
    for name in _COUNTS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=0, metavar="N")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. Return 0, or 2 if an option or the state file is wrong."""
    try:
        host, port = _host_and_port(args.connect)
        slot = _slot(args)
    except (ValueError, OSError, Fault) as error:
        print(f"card simulator: {error}", file=sys.stderr)
        return 2
    client = VpcdClient(slot, host, port)
    ready = f"card simulator ready cin={slot.own.state.cin} reader={host}:{port}"
    server: ControlServer | None = None
    if args.control_port is not None:
        try:
            server = ControlServer(Controls(slot, client), args.control_port)
        except (OSError, OverflowError) as error:
            print(f"card simulator: control port: {error}", file=sys.stderr)
            return 2
        ready += f" control={server.port}"
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if server is not None:
        server.start()
    client.start()
    print(ready, flush=True)
    stopping.wait()
    if server is not None:
        server.shutdown()
        server.server_close()
    client.stop()
    return 0


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) <= 0xFFFF:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host or "127.0.0.1", int(port)


def _slot(args: argparse.Namespace) -> CardSlot:
    counts = {name: getattr(args, name) for name in _COUNTS}
    switches = FaultSwitches(
        FaultSettings(
            delay_ms=args.delay_ms,
            atr=args.atr,
            pulled=args.pulled,
            other_card=args.other_card,
            **counts,
        )
    )
    own = _card(args, switches, args.state, args.seed, args.scalar)

    def other() -> AcosIdCard:
        path = args.state.with_name(args.state.name + ".other") if args.state else None
        return _card(args, switches, path, f"other than {own.state.cin}", None)

    return CardSlot(own, switches, other)


def _card(
    args: argparse.Namespace,
    switches: FaultSwitches,
    path: Path | None,
    seed: str | None,
    scalar: int | None,
) -> AcosIdCard:
    file = StateFile(path)
    state = file.load()
    if state is None:
        state = new_card(seed=seed, scalar=scalar, pin=args.pin, serial=args.serial)
    card = AcosIdCard(state, file=file, switches=switches, deterministic=args.deterministic)
    card.save()
    return card
