"""``bonbridge simulate NAME …``: any simulator as a program of its own.

asello is the REST side of ``cloud``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from bridge.cli.table import Command, run_table

SIMULATORS = (
    Command("card", "simulators.card.main", "a signature card (ACOS-ID) in a reader"),
    Command("cloud", "simulators.cloud.main", "a till vendor's cloud: WebSocket, REST, webhooks"),
    Command("dvelop", "simulators.vendors.dvelop", "d.velop smart invoice: master data imports"),
    Command("flexi", "simulators.vendors.flexi", "ABRA Flexi: cash payments of invoices"),
    Command("kassomat", "simulators.vendors.kassomat", "kassomat: VAT returns"),
    Command("offercube", "simulators.vendors.offercube", "offer-cube: invoices sent and paid"),
    Command("printer", "simulators.printer.main", "a receipt printer that draws its papers"),
)

_NO_OPTIONS = "\0"
"""Prefix that no option has: everything after the name goes on untouched, ``--help`` included."""

_DESCRIPTION = (
    "Simulated devices and services, for unmodified drivers. NAME --help: fault switches. "
    "With --leave-with-parent before the name a simulator ends when its standard input closes."
)

LEAVE = "--leave-with-parent"


def register(subparsers: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]  # generic in stubs only
    """Add ``simulate``; what follows the name is parsed by the simulator's own parser."""
    parser = subparsers.add_parser(
        "simulate",
        help="run a simulated device as a program",
        add_help=False,
        prefix_chars=_NO_OPTIONS,
    )
    parser.add_argument("rest", nargs="*")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the named simulator until it ends."""
    rest = list(args.rest)
    if rest[:1] == [LEAVE]:
        del rest[0]
        threading.Thread(target=_leave_with_parent, daemon=True).start()
    return run_table(
        SIMULATORS,
        rest,
        prog="bonbridge simulate",
        description=_DESCRIPTION,
        metavar="NAME",
    )


def _leave_with_parent() -> None:
    """End this program when whoever started it is gone, however it went."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
