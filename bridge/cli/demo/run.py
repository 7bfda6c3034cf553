"""One run of the demo: desk, box, operator, export, verification, summary."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from bridge.app import Box, journal_paths
from bridge.cli.demo.desk import Desk, simulated_desk, tell
from bridge.cli.demo.faults import DirectoryNotOurs
from bridge.cli.demo.operator import Operator
from bridge.cli.demo.shop import REGISTER, errand, write_shop
from bridge.config import credentials_for, load_config, read_aes_key
from bridge.config.faults import CountryNotBuilt
from bridge.exports import export_dep7, unit_records
from bridge.fiscal.rksv.code import qr_code
from bridge.fiscal.rksv.keys import KeyContainer, write_container
from bridge.fiscal.rksv.verify import Report, verify_dep
from bridge.journal.reader import Reader
from bridge.model import events
from bridge.model.money import format_cents
from bridge.till.register import Done
from drivers.contract.clock import SystemClock

CARD_LOOKS = 5
"""Looks for the card that was put back; each waits for it about two seconds."""

MARK = ".bonbridge-demo"
"""File that says that a directory is a demo's: only such a one is emptied."""

OUTAGE_AT, OUTAGE_RECEIPTS = 3, 2
"""After a third of the receipts the card is pulled; so many go out without signature."""


def run_demo(args: argparse.Namespace) -> int:
    """Run the demo; 0 when everything came out valid. Raises faults of set-up."""
    if args.country != "at":
        raise CountryNotBuilt
    out = args.out.absolute()
    _prepare(out, resume=args.resume)
    logging.basicConfig(
        filename=out / "bonbridge.log", level=logging.INFO, format="%(asctime)s %(message)s"
    )
    if args.desk is not None:
        return asyncio.run(_Demo(args, out, Desk.load(args.desk)).run())
    with simulated_desk(out, args.columns) as desk:
        return asyncio.run(_Demo(args, out, desk).run())


def _prepare(out: Path, *, resume: bool) -> None:
    if out.exists() and not (out / MARK).exists() and any(out.iterdir()):
        raise DirectoryNotOurs(str(out))
    if out.exists() and not resume:
        for entry in out.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    (out / "receipts").mkdir(parents=True, exist_ok=True)
    (out / MARK).touch()


class _Demo:
    def __init__(self, args: argparse.Namespace, out: Path, desk: Desk) -> None:
        self.args = args
        self.out = out
        self.desk = desk
        config = write_shop(out, desk, args.seed, args.language, args.columns)
        self.config = load_config(config)
        self.credentials = credentials_for(self.config.box.credentials_dir, {})
        self.box = Box(self.config, self.credentials, SystemClock())
        self.acknowledged: TextIO
        self.done = 0

    async def run(self) -> int:
        with (self.out / "acknowledged.jsonl").open("a", encoding="utf-8") as self.acknowledged:
            # An interrupted demo may have left the card outside its reader.
            await asyncio.to_thread(tell, self.desk.card_control, pulled=False)
            await self.box.start()
            try:
                print(f"bonbridge demo, Austria: {self.args.receipts} receipts → {self.out}")
                await self._sell()
                await self.box.printing.idle()
                await self.box.journal.settle()
                valid = self._report()
                if not self.args.once:
                    await self._stay()
            finally:
                await self.box.stop()
        return 0 if valid else 1

    async def _sell(self) -> None:
        operator = Operator(self.box, self.args.seed, self._acknowledge)
        total = self.args.receipts
        outage = total // OUTAGE_AT if total > 2 * OUTAGE_RECEIPTS else None
        if outage is not None and operator.has_begun(outage):
            outage = None
        await operator.start_register()
        for number in range(total):
            if number == outage:
                print("   ---  the signature card is pulled out of its reader")
                await asyncio.to_thread(tell, self.desk.card_control, pulled=True)
            done = await operator.serve(errand(self.args.seed, number))
            self._show(number + 1, done)
            if outage is not None and number == outage + OUTAGE_RECEIPTS - 1:
                await asyncio.to_thread(tell, self.desk.card_control, pulled=False)
                print("   ---  the card is back: the next receipt ends the outage")
                await self._card_back()
        await operator.own_receipt("null")

    async def _card_back(self) -> None:
        """Find the card as the background probe would, without waiting for its turn."""
        unit = self.box.units["card"]
        for _ in range(CARD_LOOKS):
            if await unit.wake():
                return

    def _acknowledge(self, how: str, done: Done) -> None:
        event = done.event
        record = {"how": how, "receipt": event.receipt, "number": event.number, "seq": event.seq}
        self.acknowledged.write(json.dumps(record) + "\n")
        self.acknowledged.flush()

    def _show(self, count: int, done: Done) -> None:
        total = self.args.receipts
        filled = 24 * count // total
        bar = "█" * filled + "░" * (24 - filled)
        event = done.event
        if event.kind == events.COMPLETED:
            body = event.data()
            mark = "signed" if body["signed"] else "NOT SIGNED (card is out)"
            kind = "" if body["kind"] == "sale" else f" {body['kind']}"
            amount = format_cents(body["total"])
            text = f"Beleg {body['belegnummer']:>4} {amount:>9} EUR  {mark}{kind}"
        else:
            text = f"{event.kind.removeprefix('receipt.')}"
        print(f"{bar} {count:>4}/{total}  {text}", flush=True)

    def _report(self) -> bool:
        """Export, verify, and write everything that lies beside the journal."""
        with Reader(journal_paths(self.config).database) as reader:
            with (self.out / "dep-export.json").open("wb") as dep:
                export_dep7(reader, REGISTER, dep)
            with (self.out / "cryptographicMaterialContainer.json").open("wb") as container:
                write_container(container, self._keys(reader))
            reader.copy_to(self.out / "journal.db")
            codes = [qr_code(event.jws or "") for event in reader.numbered(REGISTER)]
            counts = _count(reader)
        (self.out / "qr-code-rep.json").write_text(
            json.dumps(codes, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        report = self._verify()
        summary = {
            "receipts": counts[events.OPENED],
            "completed": counts[events.COMPLETED],
            "aborted": counts[events.ABORTED],
            "papers": counts[events.PAPER_PRINTED],
            "webhooks": 0,
            "valid": report.valid,
        }
        (self.out / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
        for finding in report.findings:
            print(f"   {finding.severity}: {finding.text}")
        verdict = "valid" if report.valid else "NOT VALID"
        print(
            f"{counts[events.COMPLETED]} receipts in the DEP ({verdict}), "
            f"{counts[events.ABORTED]} aborted, {counts[events.PAPER_PRINTED]} papers printed"
        )
        print(f"pictures: {self.out / 'receipts'}  DEP: {self.out / 'dep-export.json'}")
        return report.valid

    def _keys(self, reader: Reader) -> KeyContainer:
        register = self.config.register_named(REGISTER)
        return KeyContainer.of(
            read_aes_key(self.credentials, register.aes_key), unit_records(reader).values()
        )

    def _verify(self) -> Report:
        from bridge.fiscal.rksv.keys import read_container

        with (self.out / "cryptographicMaterialContainer.json").open("rb") as container:
            keys = read_container(container)
        return verify_dep(
            self.out / "dep-export.json",
            keys,
            workers=1,
            allow_future=False,
            now=datetime.now(UTC),
        )

    async def _stay(self) -> None:
        print("The box stays up with its simulators; Ctrl-C ends it.")
        print("(The operator page at http://127.0.0.1 is not built yet in this version.)")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()
        sys.stdout.flush()


def _count(reader: Reader) -> dict[str, int]:
    wanted = (events.OPENED, events.COMPLETED, events.ABORTED, events.PAPER_PRINTED)
    counts: dict[str, Any] = dict.fromkeys(wanted, 0)
    for event in reader.events():
        if event.kind in counts:
            counts[event.kind] += 1
    return counts
