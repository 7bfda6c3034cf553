"""One try to send a run: what is checked, stored and understood around the one request."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bridge.vendors.engine.faults import SessionEnded, VendorBroken
from bridge.vendors.engine.judging import judge
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.records import Record, run_of
from bridge.vendors.engine.spec import Accepted, Draft, Operation, State
from bridge.vendors.engine.wire import Answer
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)


class Overtaken(Exception):
    """The run was taken back before its first byte."""


class Attempt:
    """One try to send a run."""

    def __init__(
        self, office: Office, ledger: Ledger, operation: Operation, record: Record, draft: Draft
    ) -> None:
        self._office = office
        self._ledger = ledger
        self._operation = operation
        self.record = record
        self.draft = draft
        self.sent_before = record.sent
        self.answer: Answer | None = None

    async def make(self) -> Accepted:
        """Send the request and return what the vendor accepted. Raises every fault there is, and
        ``Overtaken``."""
        if self._operation.before is not None:
            await self._guarded(self._operation.before, run_of(self.record, self.draft))
        self.answer = await self._office.channel.exchange(
            self.draft.request, self.record.kind, ended=self._ended, on_send=self._sending
        )
        return self._judged(self.answer)

    async def _sending(self) -> None:
        now = self._office.now()
        sending = self.record.moved(State.SENDING, now, tries=self.record.tries + 1, sent=now)
        if not await self._ledger.move(sending, self.record.state):
            raise Overtaken
        self.record = sending

    def _judged(self, answer: Answer) -> Accepted:
        run = run_of(self.record, self.draft)
        now = self._office.clock.now()
        return judge(answer, self._operation, run, now, self._office.vendor.redact)

    def _ended(self, answer: Answer) -> bool:
        try:
            self._judged(answer)
        except SessionEnded:
            return True
        except Fault:
            return False
        return False

    async def _guarded(self, hook: Callable[..., Any], *facts: Any) -> None:
        try:
            await hook(*facts, self._office.session)
        except Fault:
            raise
        except Exception as error:
            logger.exception("%s: before run %s", self._office.name, self.record.id)
            raise VendorBroken(f"before sending: {type(error).__name__}") from error
