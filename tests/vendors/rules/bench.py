"""A vendor with its simulator and a counter, seen through the requests that act.

Each vendor's ``samples.py`` gives one good call per operation. What the engine drafts for a call is
recorded on the way, so that the request that acts is known and can be counted in the log; so are
the good answers that come back.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from bridge.config import Secret
from bridge.model.exchange import LocalCall, RunView
from bridge.vendors.engine.spec import (
    Accepted,
    Auth,
    Draft,
    Gate,
    Kind,
    Offline,
    Operation,
    Run,
    Session,
    Vendor,
)
from bridge.vendors.engine.wire import Answer, Request
from simulators.vendors.kit import Logged, SimClock, Stage
from tests.vendors.harness import Counter, Reply, counter
from tests.vendors.samples import Sample

NAMES = ("asello", "dvelop", "flexi", "kassomat", "offercube")

MOST_STEPS = 400
"""Steps of time (hours in all) after which something that should have happened counts as hung."""

T = TypeVar("T")

_KEYS = itertools.count(1)


@dataclass(frozen=True)
class Subject:
    """A vendor with its samples."""

    name: str
    vendor: Vendor
    module: ModuleType
    samples: ModuleType

    @classmethod
    def named(cls, name: str) -> Subject:
        """Load it. Raises ``ImportError``, ``AttributeError``."""
        module = importlib.import_module(f"bridge.vendors.{name}")
        samples = importlib.import_module(f"tests.vendors.{name}.samples")
        return cls(name, module.VENDOR, module, samples)

    def sample(self, operation: str) -> Sample:
        found: Sample = self.samples.SAMPLES[operation]
        return found

    def __str__(self) -> str:
        return self.name


def vendors() -> list[Any]:
    """Return all vendors as test parameters."""
    return [pytest.param(Subject.named(name), id=name) for name in NAMES]


def operations(wanted: Callable[[Operation], bool] = lambda _: True) -> list[Any]:
    """Return all operations that have a sample as test parameters."""
    return [
        pytest.param(subject, operation, id=f"{name}-{operation.name}")
        for name in NAMES
        for subject in [Subject.named(name)]
        for operation in subject.vendor.operations
        if operation.build is not None
        and operation.name in subject.samples.SAMPLES
        and wanted(operation)
    ]


def struck(faults: Sequence[str], count: int) -> list[Any]:
    """Return operations with ``count`` of the faults each, others for each operation."""
    return [
        pytest.param(*each.values, fault, id=f"{each.id}-{fault}")
        for number, each in enumerate(operations())
        for fault in sorted({faults[(number + turn) % len(faults)] for turn in range(count)})
    ]


class CountingAuth:
    """A vendor's own log-in, counted."""

    def __init__(self, inner: Auth) -> None:
        self.inner = inner
        self.logins = 0
        self.tokens: list[Secret] = []

    async def login(self, gate: Gate) -> Secret | None:
        self.logins += 1
        token = await self.inner.login(gate)
        if token is not None:
            self.tokens.append(token)
        return token

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        return await self.inner.apply(request, token, gate)

    def refused(self, answer: Answer) -> bool:
        return self.inner.refused(answer)

    async def logout(self, token: Secret, gate: Gate) -> None:
        await self.inner.logout(token, gate)


class Bench:
    """``stage`` is the vendor, ``counter`` the box; ``drafts`` are what calls came to,
    ``answers`` the vendor's good answers."""

    def __init__(self, subject: Subject, stage: Stage) -> None:
        self.subject = subject
        self.stage = stage
        self.counter: Counter
        self.auth = CountingAuth(subject.vendor.auth)
        self.drafts: list[tuple[str, Draft]] = []
        self.answers: list[tuple[str, Answer]] = []
        self._strikes: list[tuple[str, dict[str, Any]]] = []

    def strike(self, operation: str, kind: str, **fault: Any) -> None:
        """Let a fault strike the request that acts for the next call of an operation (not what
        its ``build`` reads before)."""
        self._strikes.append((operation, {"kind": kind, **fault}))

    def instrumented(self, changes: Mapping[str, Any], *, blind: bool) -> Vendor:
        """Return the vendor with what is recorded here; ``blind``: nothing is reconciled."""
        operations = tuple(self._recording(each) for each in self.subject.vendor.operations)
        if blind:
            operations = tuple(
                replace(each, reconcile=None, no_reconcile="blind") for each in operations
            )
        return replace(self.subject.vendor, operations=operations, auth=self.auth, **changes)

    def _recording(self, operation: Operation) -> Operation:
        build = operation.build
        if build is None:
            return operation

        async def recorded(call: LocalCall, session: Session) -> Draft:
            draft = await build(call, session)
            self.drafts.append((operation.name, draft))
            method, path = self.path(operation.name)
            for name, fault in list(self._strikes):
                if name == operation.name:
                    self.stage.fault(**fault, method=method, path=path)
                    self._strikes.remove((name, fault))
            return draft

        return replace(operation, build=recorded, accept=self._seeing(operation))

    def _seeing(self, operation: Operation) -> Callable[[Answer, Run], Accepted] | None:
        accept = operation.accept
        if accept is None:
            return None

        def seen(answer: Answer, run: Run) -> Accepted:
            self.answers.append((operation.name, answer))
            return accept(answer, run)

        return seen

    # Calls

    async def call(self, operation: str, key: str | None = None, **changes: Any) -> Reply:
        """Make the sample's call, with a new key unless one is given (``""``: none)."""
        sample = self.subject.sample(operation)
        found = self.subject.vendor.operation(operation)
        keyed = sample.key or found.kind in (Kind.KEYED, Kind.ONCE)
        given: dict[str, Any] = {
            "body": sample.body,
            "headers": sample.headers,
            "role": sample.role,
            "query": sample.query,
            "media": sample.media,
            **changes,
        }
        if key is None and keyed:
            key = new_key()
        if key:
            given["key"] = key
        return await self.counter.call(found.method, sample.path, **given)

    async def done(self, operation: str, **changes: Any) -> Reply:
        """Make the sample's call and let time pass until it is answered."""
        return await self.drive(self.call(operation, **changes))

    def waiting(self, operation: str, **changes: Any) -> asyncio.Task[Reply]:
        """Begin the sample's call."""
        return asyncio.ensure_future(self.call(operation, **changes))

    async def arrived(self, operation: str, since: int) -> None:
        """Wait until the request that acts is at the vendor's, without letting time pass."""
        async with asyncio.timeout(30):
            while not self._drafted(operation) or not self.acting(operation, since):  # noqa: ASYNC110 - the log has no event to wait for
                await asyncio.sleep(0.005)

    def _drafted(self, operation: str) -> bool:
        return any(name == operation for name, _ in self.drafts)

    async def drive(self, waiting: Awaitable[T]) -> T:
        """Let time pass on both sides, in growing steps, until something has happened."""
        task = asyncio.ensure_future(waiting)
        step = 0.25
        for _ in range(MOST_STEPS):
            if (await asyncio.wait({task}, timeout=0.02))[0]:
                return await task
            await self.counter.clock.advance(step)
            self.stage.clock.advance(step)
            step = min(step * 1.5, 300.0)
        task.cancel()
        raise AssertionError(f"{self.subject.name}: it never happened")

    async def settled(self, reply: Reply) -> RunView | None:
        """Return the run that a call came to when it is over (or unknown), if there is one."""
        run = reply.json().get("run") if reply.body.startswith(b"{") else None
        if run is None:
            return None
        await self.drive(self.counter.ended(run))
        return await self.counter.run(run)

    async def quiet(self, seconds: float = 900.0) -> None:
        """Let time pass for both sides, and what is due be done."""
        for _ in range(6):
            self.stage.clock.advance(seconds / 6)
            await self.counter.clock.advance(seconds / 6)

    # What was sent

    def draft(self, operation: str) -> Draft:
        """Return the latest draft of an operation."""
        return next(draft for name, draft in reversed(self.drafts) if name == operation)

    def kind(self, operation: str) -> Kind:
        """Return the class of the latest call."""
        return self.draft(operation).kind or self.subject.vendor.operation(operation).kind

    def acting(self, operation: str, since: int = 0) -> list[Logged]:
        """Return the requests that are the operation itself: not log-ins, not its own reads."""
        request = self.draft(operation).request
        return [
            each
            for each in self.stage.log[since:]
            if each.method == request.method and each.path == request.target.partition("?")[0]
        ]

    def effects(self, operation: str, since: int = 0) -> int:
        """Return how many of them the vendor carried out; for operations that are merged when they
        are late: how many requests changed something."""
        if self.subject.vendor.operation(operation).merge is not None:
            sent = [each for each in self.stage.log[since:] if each.method != "GET"]
        else:
            sent = self.acting(operation, since)
        return sum(200 <= each.done < 300 for each in sent)

    def queues(self, operation: str) -> bool:
        """Whether the latest call may wait for the vendor."""
        rule = self.draft(operation).offline or self.subject.vendor.operation(operation).offline
        return rule is Offline.QUEUE and self.kind(operation) is not Kind.READ

    def path(self, operation: str) -> tuple[str, str]:
        """Return method and path of the latest draft."""
        request = self.draft(operation).request
        return request.method, request.target.partition("?")[0]


@asynccontextmanager
async def bench(
    folder: Path, subject: Subject, *, blind: bool = False, **changes: Any
) -> AsyncIterator[Bench]:
    """Start simulator and counter and prepare both. ``changes`` are those of the ``Vendor``;
    ``blind``: a lost answer cannot be looked up."""
    clock = SimClock()
    async with Stage(subject.samples.make_simulator(clock), clock) as stage:
        made = Bench(subject, stage)
        vendor = made.instrumented(changes, blind=blind)
        async with counter(
            folder,
            subject.name,
            stage,
            options=dict(subject.samples.OPTIONS),
            secrets=dict(subject.samples.SECRETS),
            find=lambda _: vendor,
        ) as made.counter:
            await made.drive(subject.samples.prepare(stage, made.counter))
            yield made


def new_key() -> str:
    """Return an idempotency key that no rule has used."""
    return f"rule-{next(_KEYS):06d}"
