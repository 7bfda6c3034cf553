"""Finds out what became of a request whose answer is missing. Never repeats blindly."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.vendors.engine.faults import VendorAuthFailed
from bridge.vendors.engine.judging import PASSING
from bridge.vendors.engine.lanes import Item
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.policy import case_of, pause
from bridge.vendors.engine.records import Record, run_of
from bridge.vendors.engine.spec import Draft, Found, Kind, Operation, State, Verdict
from drivers.contract.fault import Fault

if TYPE_CHECKING:
    from bridge.vendors.engine.runner import Runner

logger = logging.getLogger(__name__)

_LEAST_S = 1.0
_SLOW_S = 300.0


class Lost:
    """Asks the vendor, by the operation's own ``reconcile``, until there is an answer."""

    def __init__(self, office: Office, ledger: Ledger, runner: Runner) -> None:
        self._office = office
        self._ledger = ledger
        self._runner = runner

    async def find_out(
        self, item: Item, operation: Operation, record: Record, draft: Draft, fault: Fault
    ) -> None:
        """End the run, or have it repeated where that is proven to be safe. Its lane stays busy
        meanwhile."""
        if operation.reconcile is None:
            text = f"{fault.detail}; the vendor cannot be asked: {operation.no_reconcile}"
            await self._open(item, record, text, fault)
            return
        try:
            record, verdict = await self._ask(operation, record, draft)
        except Fault as told:
            await self._open(item, record, f"{fault.detail}; asked: {told}", fault)
            return
        except Exception as error:
            logger.exception("%s: looking for run %s", record.vendor, record.id)
            text = f"{fault.detail}; asked: {type(error).__name__}"
            await self._open(item, record, text, fault)
            return
        match verdict.found:
            case Found.DONE:
                await self._runner.accepted(item, record, verdict.accepted, None)
            case Found.UNCLEAR:
                await self._open(item, record, verdict.text or fault.detail, fault)
            case Found.NOT_DONE if record.kind is Kind.KEYED:
                await self._runner.again(item, record, fault)
            case Found.NOT_DONE:
                proof = verdict.text or "the vendor does not know it"
                certain = type(fault)(f"{fault.detail}; not carried out: {proof}", **fault.facts)
                await self._runner.end(item, record, State.FAILED, certain)

    async def _ask(
        self, operation: Operation, record: Record, draft: Draft
    ) -> tuple[Record, Verdict]:
        assert operation.reconcile is not None
        tries = 0
        while True:
            tries += 1
            try:
                run = run_of(record, draft)
                return record, await operation.reconcile(run, self._office.session)
            except PASSING as fault:
                asked = fault.facts.get("retry_after")
                rest = pause(case_of(fault), tries, asked, self._office.chance())
                rest = max(rest, _LEAST_S, self._office.channel.wait_s)
            except VendorAuthFailed:
                rest = _SLOW_S
            now = self._office.now()
            waiting = replace(record, changed=now, due=now + int(rest * 1000))
            await self._ledger.keep(waiting, record.state)
            record = waiting
            await self._office.rest(rest)

    async def _open(self, item: Item, record: Record, text: str, fault: Fault) -> None:
        await self._ledger.leave_open(record, text, fault)
        self._runner.lanes.release(item)
