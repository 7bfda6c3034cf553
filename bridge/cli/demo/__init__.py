"""``bonbridge demo``: the whole chain on simulators, on one's own machine, without root."""

from __future__ import annotations

import argparse
from pathlib import Path


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``demo`` command."""
    text = "park, push, sell, sign, print and report on simulators; no hardware, no root"
    parser = subparsers.add_parser("demo", help=text, description=text)
    parser.add_argument("--country", choices=("at", "de"), default="at")
    parser.add_argument("--receipts", type=_positive, default=25, metavar="N", help="default 25")
    parser.add_argument("--once", action="store_true", help="end after the last receipt")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR")
    parser.add_argument("--seed", default="bonbridge", help="another seed, another day in the shop")
    parser.add_argument("--language", choices=("de", "en"), default="de", help="of the paper")
    parser.add_argument("--columns", type=int, choices=(42, 48), default=48, help="of the paper")
    parser.add_argument("--port", type=int, default=0, help="of the page, 0 = any free one")
    parser.add_argument(
        "--kills",
        type=int,
        default=0,
        metavar="N",
        help="kill the box N times at random moments while it sells",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from bridge.cli.demo.run import run_demo

    return run_demo(args)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
