"""``bonbridge run``: the daemon."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bridge.cli.check_config import credential_faults
from bridge.cli.report import language_of, print_fault
from bridge.config import DEFAULT_PATH, credentials_for, load_config


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run``."""
    parser = subparsers.add_parser(
        "run",
        help="the daemon",
        description="Runs the box until SIGTERM or SIGINT. A second signal makes it leave at once.",
        epilog="Exit codes: 0 stopped, 1 failed, 3 another bonbridge holds the journal.",
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_PATH, metavar="F")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the box; refuse, naming every problem, when configuration or credentials are wrong."""
    config = load_config(args.config)
    faults = list(credential_faults(config, os.environ))
    for fault in faults:
        print_fault(fault, sys.stderr, language_of(os.environ))
    if faults:
        return 1
    from bridge.daemon import run_daemon

    return run_daemon(config, credentials_for(config.box.credentials_dir, os.environ))
