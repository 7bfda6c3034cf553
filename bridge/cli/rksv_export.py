"""``bonbridge rksv export``: the DEP 7 of a register, beside a running box."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bridge.exports import export_dep7
from bridge.journal.reader import Reader
from bridge.till.faults import RegisterUnknown


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``rksv export``."""
    text = "write a register's DEP 7 export (rksv.md section 7); reads only"
    parser = subparsers.add_parser("export", help=text, description=text)
    parser.add_argument("journal", type=Path, metavar="JOURNAL.db")
    parser.add_argument("--register", required=True, metavar="ID", dest="register_id")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with Reader(args.journal) as reader:
        known = reader.registers()
        if args.register_id not in known:
            message = f"{args.register_id}; this journal has: {', '.join(known) or 'none'}"
            raise RegisterUnknown(message)
        if args.out is None:
            export_dep7(reader, args.register_id, sys.stdout.buffer)
        else:
            with args.out.open("wb") as out:
                export_dep7(reader, args.register_id, out)
    return 0
