"""Takes the calls of programs in the shop: once per key, waiting for a while, then pointing to the
run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.model.faults import VendorNotConfigured
from bridge.model.ids import new_id
from bridge.supervisor import sleep_or
from bridge.vendors.engine import rows
from bridge.vendors.engine.answers import read_answer, replayed, run_answer
from bridge.vendors.engine.faults import (
    RunInProgress,
    RunKeyReused,
    SessionEnded,
    VendorDisabled,
)
from bridge.vendors.engine.judging import judge
from bridge.vendors.engine.keys import fingerprint, key_of
from bridge.vendors.engine.limiter import Limiter
from bridge.vendors.engine.office import SYNC_S, Office
from bridge.vendors.engine.records import Record, pack_fault, run_of
from bridge.vendors.engine.runner import Runner
from bridge.vendors.engine.spec import FINAL, Accepted, Draft, Kind, Operation, State
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

SETTLED = FINAL | {State.UNKNOWN}


@dataclass(slots=True)
class _Turn:
    """One key's turns: calls with the same key are looked at one after the other."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Calls:
    """The local calls of one vendor."""

    def __init__(self, office: Office, runner: Runner) -> None:
        self._office = office
        self._runner = runner
        self.callers: set[asyncio.Task[Any]] = set()
        self._turns: dict[str, _Turn] = {}
        self._limiters = {
            each.name: Limiter(each.limit, office.clock)
            for each in office.vendor.operations
            if each.limit is not None
        }

    def handler(self, operation: Operation) -> Callable[[LocalCall], asyncio.Future[LocalAnswer]]:
        """Return what answers an operation's calls. A caller that hangs up cancels nothing."""

        def handle(call: LocalCall) -> asyncio.Future[LocalAnswer]:
            task = self._office.spawn(self.answer(operation, call))
            self.callers.add(task)
            task.add_done_callback(self.callers.discard)
            return asyncio.shield(task)

        return handle

    async def answer(self, operation: Operation, call: LocalCall) -> LocalAnswer:
        """Answer one call. Raises faults."""
        if operation.local is not None:
            with self._broken_file(operation):
                return await operation.local(call, self._office.session)
        key = key_of(call, operation)
        print_ = fingerprint(call, operation)
        async with self._turn(key):
            known = await self._known(key)
            if known is not None:
                return self._again(known, print_)
            drafted = await self._drafted(operation, call)
            kind = drafted.kind or operation.kind
            if kind is not Kind.READ:
                record = self._record(operation, drafted, kind, key, print_)
                self._runner.ledger.settled(record.id)
                try:
                    await self._runner.take(record, drafted)
                except Fault:
                    self._runner.ledger.unwatch(record.id)
                    raise
        if kind is Kind.READ:
            return await self._read(operation, drafted)
        return await self._wait(record, call)

    async def submit(self, operation: Operation, call: LocalCall, key: str) -> Record:
        """Take an order of the box's own, once per key, and return its run at once.

        What ``build`` refuses for good becomes a failed run: nobody is there who could read a
        problem. Raises faults that a repetition can cure, and ``RunKeyReused``.
        """
        headers = {**call.headers, "idempotency-key": key}
        call = LocalCall(
            method=call.method,
            path=call.path,
            query=call.query,
            headers=headers,
            body=call.body,
            caller=call.caller,
            role=call.role,
            language=call.language,
        )
        print_ = fingerprint(call, operation)
        async with self._turn(key):
            known = await self._known(key)
            if known is not None:
                if known.fingerprint != print_:
                    raise RunKeyReused(f"the key belongs to {known.operation}", run=known.id)
                return known
            refusal: Fault | None = None
            try:
                drafted = await self._drafted(operation, call)
            except (VendorNotConfigured, VendorDisabled):
                raise
            except Fault as fault:
                if fault.retryable:
                    raise
                refusal = fault
                drafted = Draft(request=Request(method=operation.method, target=""))
            kind = drafted.kind or operation.kind
            record = self._record(operation, drafted, kind, key, print_, own=True)
            if refusal is not None:
                record = record.moved(State.FAILED, record.created, fault=pack_fault(refusal))
            await self._runner.take(record, drafted)
        return record

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        if not key:
            yield
            return
        turn = self._turns.setdefault(key, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                self._turns.pop(key, None)

    async def _known(self, key: str) -> Record | None:
        if not key:
            return None
        return await self._office.store.read(rows.keyed, self._office.name, key)

    def _again(self, record: Record, print_: str) -> LocalAnswer:
        if record.fingerprint != print_:
            raise RunKeyReused(f"the key belongs to {record.operation}", run=record.id)
        if record.state not in SETTLED:
            raise RunInProgress(f"it is {record.state}", run=record.id)
        return replayed(run_answer(record, self._office.vendor.redact))

    async def _drafted(self, operation: Operation, call: LocalCall) -> Draft:
        if operation.build is None:
            raise VendorDisabled(f"{operation.name} cannot be called")
        with self._broken_file(operation):
            drafted = await operation.build(call, self._office.session)
        if operation.unsafe_get and drafted.request.method in ("GET", "HEAD"):
            raise VendorDisabled(f"{operation.name} would act by {drafted.request.method}")
        limiter = self._limiters.get(operation.name)
        if limiter is not None:
            limiter.take()
        return drafted

    @contextmanager
    def _broken_file(self, operation: Operation) -> Iterator[None]:
        """Turn a defect of the program file into a fault."""
        try:
            yield
        except Fault:
            raise
        except Exception as error:
            logger.exception("%s: %s", self._office.name, operation.name)
            raise VendorDisabled(f"{operation.name}: {type(error).__name__}") from error

    def _record(
        self,
        operation: Operation,
        draft: Draft,
        kind: Kind,
        key: str,
        print_: str,
        *,
        own: bool = False,
    ) -> Record:
        now = self._office.now()
        return Record(
            id=new_id(now),
            vendor=self._office.name,
            operation=operation.name,
            kind=kind,
            offline=draft.offline or operation.offline,
            state=State.QUEUED,
            created=now,
            changed=now,
            since=now,
            key=key,
            fingerprint=print_,
            order=draft.order,
            replaces=draft.replaces,
            summary=draft.summary,
            warnings=draft.warnings,
            own=own,
        )

    async def _wait(self, record: Record, call: LocalCall) -> LocalAnswer:
        settled = self._runner.ledger.settled(record.id)
        preferred = call.headers.get("prefer", "")
        if "respond-async" not in [each.strip().lower() for each in preferred.split(",")]:
            await sleep_or(self._office.clock, SYNC_S, settled)
        self._runner.ledger.unwatch(record.id)
        fresh = await self._office.store.read(rows.one, record.id)
        if fresh is None:
            raise VendorDisabled("the run has vanished", run=record.id)
        trouble = self._runner.ledger.trouble
        if fresh.state is State.QUEUED and trouble is not None:
            raise trouble
        return run_answer(fresh, self._office.vendor.redact, call.language)

    async def _read(self, operation: Operation, draft: Draft) -> LocalAnswer:
        now = self._office.now()
        record = self._record(operation, draft, Kind.READ, "", "").moved(State.SENDING, now)
        run = run_of(record, draft)
        seen: dict[int, Accepted] = {}

        def fault_of(answer: Answer) -> Fault | None:
            try:
                found = judge(
                    answer, operation, run, self._office.clock.now(), self._office.vendor.redact
                )
            except Fault as fault:
                return fault
            seen[id(answer)] = found
            return None

        answer = await self._office.session.ask(
            draft.request,
            fault_of,
            ended=lambda answer: isinstance(fault_of(answer), SessionEnded),
            tries_500=operation.tries_500,
        )
        accepted = seen[id(answer)]
        if accepted.remember or draft.remember:
            values = {**draft.remember, **accepted.remember}
            await self._office.store.write(rows.remember, self._office.name, values)
        if draft.warnings:
            accepted = Accepted(
                values=accepted.values,
                warnings=(*draft.warnings, *accepted.warnings),
                media=accepted.media,
                content=accepted.content,
                status=accepted.status,
            )
        return read_answer(accepted, answer, self._office.vendor.redact)
