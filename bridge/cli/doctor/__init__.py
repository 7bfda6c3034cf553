"""``bonbridge doctor``: looks at everything a box needs, one thing after the other."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
from pathlib import Path

from bridge.cli.doctor.check import Check, Verdict
from bridge.config import DEFAULT_PATH


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor``."""
    text = "look at everything the box needs, and say what to do"
    parser = subparsers.add_parser(
        "doctor",
        help=text,
        description="Checks this machine, the configuration, the journal, and the devices. A "
        "running daemon is asked what it knows; devices that it holds are not touched. Nothing is "
        "changed, no PIN and no token is sent.",
        epilog="Exit codes: 0 nothing failed (warnings are no failures), 1 something failed.",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="F")
    parser.add_argument(
        "--offline", action="store_true", help="do not ask a running daemon, contact no cloud"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check, print each verdict, and return 1 if something failed."""
    # What drivers log is said by the verdicts.
    logging.getLogger().addHandler(logging.NullHandler())
    checks = asyncio.run(_examine(args))
    failed = any(check.verdict is Verdict.FAIL for check in checks)
    if args.json:
        body = {"ok": not failed, "checks": [check.as_body() for check in checks]}
        print(json.dumps(body, indent=1, ensure_ascii=False))
    else:
        print(_summary(checks))
    return 1 if failed else 0


async def _examine(args: argparse.Namespace) -> list[Check]:
    from bridge.cli.doctor.examine import examine

    checks = []
    async for check in examine(args.config, os.environ, offline=args.offline):
        checks.append(check)
        if not args.json:
            print("\n".join(check.lines()), flush=True)
    return checks


def _summary(checks: list[Check]) -> str:
    counts = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
