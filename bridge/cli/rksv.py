"""``bonbridge rksv …``: verification, export and replay under the Austrian RKSV."""

from __future__ import annotations

import argparse

from bridge.cli import rksv_export, rksv_replay, rksv_verify


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``rksv`` commands."""
    parser = subparsers.add_parser("rksv", help="verify, export and replay (Austria)")
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for module in (rksv_verify, rksv_export, rksv_replay):
        module.register(commands)
