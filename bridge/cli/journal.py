"""``bonbridge journal verify|stats|rebuild``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from pathlib import Path

from bridge.app import PROJECTIONS
from bridge.cli.report import language_of
from bridge.journal.check import verify
from bridge.journal.faults import JournalLocked
from bridge.journal.reader import Reader
from bridge.journal.store import Journal, JournalPaths
from drivers.contract.clock import SystemClock


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the ``journal`` commands."""
    parser = subparsers.add_parser("journal", help="check, count and rebuild the journal")
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text, run in (
        ("verify", "check the whole event chain (a running box is not disturbed)", _verify),
        ("stats", "count events, registers and bytes as JSON", _stats),
        (
            "rebuild",
            "throw derived state away and derive it anew (a running box does it)",
            _rebuild,
        ),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("journal", type=Path, metavar="JOURNAL.db")
        command.set_defaults(run=run)
        if name == "rebuild":
            command.add_argument("--mirror", type=Path, required=True, metavar="FILE")


def _verify(args: argparse.Namespace) -> int:
    with Reader(args.journal) as reader:
        found = verify(reader)
    registers = ", ".join(f"{name} up to {number}" for name, number in found.registers.items())
    print(f"ok: {found.events} events, chain {found.hash[:16]}…, receipts: {registers or 'none'}")
    return 0


def _stats(args: argparse.Namespace) -> int:
    with Reader(args.journal) as reader:
        found = verify(reader)
        report = {
            "journal_id": reader.meta("journal_id"),
            "created_ms": reader.meta("created"),
            "events": found.events,
            "kinds": dict(found.kinds.most_common()),
            "registers": found.registers,
            "bytes": sum(
                path.stat().st_size
                for suffix in ("", "-wal")
                if (path := Path(f"{args.journal}{suffix}")).exists()
            ),
            "projected_to": {each.name: reader.cursor(each.name) for each in PROJECTIONS},
        }
    print(json.dumps(report, indent=1))
    return 0


def _rebuild(args: argparse.Namespace) -> int:
    # Opening for writing would create a missing journal; a reader refuses that and foreign files.
    Reader(args.journal).close()
    paths = JournalPaths(args.journal, args.mirror)
    try:
        events = asyncio.run(_rebuild_states(paths))
    except JournalLocked:
        # Only the holder of the lock may write. A daemon is asked; anybody else is left alone.
        from bridge.cli.daemon_client import client_of

        client = client_of(paths.lock, language_of(os.environ))
        if client is None:
            raise
        events = client.post("/v1/journal/rebuild")["events"]
    print(f"ok: derived state rebuilt from {events} events")
    return 0


async def _rebuild_states(paths: JournalPaths) -> int:
    journal = Journal.open(paths, SystemClock(), PROJECTIONS)
    try:
        await journal.rebuild()
        return journal.last_seq
    finally:
        await journal.close()
