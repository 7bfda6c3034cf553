"""What a vendor file says: operations, log-in, polling, webhooks. Mostly data, with named hooks.

Hooks are pure where they can be. Whatever acts at the vendor's is the one ``Draft.request`` of an
operation: the engine writes it down before it is sent, and alone decides about repetitions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from bridge.config import Secret
from bridge.model.exchange import JSON, LocalAnswer, LocalCall, Parameter
from bridge.model.roles import Role
from bridge.vendors.engine.host import Host
from bridge.vendors.engine.wire import Answer, Request
from drivers.contract.clock import Clock
from drivers.contract.fault import Fault, Text


class Kind(StrEnum):
    """The class of an operation: what a repetition does.

    ``READ`` has no effect. ``UPSERT``: the same request again gives the same state. ``KEYED`` is
    made repeatable by an id that we choose and store before sending. ``ONCE`` acts at each
    request. ``LOCAL`` stays in the box.
    """

    READ = "read"
    UPSERT = "upsert"
    KEYED = "keyed"
    ONCE = "once"
    LOCAL = "local"


class Offline(StrEnum):
    """What becomes of an order that cannot be sent now: ``REFUSE`` at once (it is sent while the
    caller waits, or not at all), or ``QUEUE`` until the vendor is there again."""

    REFUSE = "refuse"
    QUEUE = "queue"


class State(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    SENDING = "sending"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


FINAL = frozenset({State.SUCCEEDED, State.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a call comes to: stored as it is before anything is sent.

    ``order``: runs of one vendor with the same order key go one after the other, others side by
    side. ``replaces``: a queued run of the vendor with the same value is taken back for this one
    (newest wins). ``facts`` are plain JSON values kept for the hooks; ``summary`` those that pages
    and programs see (invoice, amount); neither holds secrets. ``warnings`` are told to the caller:
    ``{"code", "text", "pointer"?}``. ``offline`` overrides the operation's. ``remember``: values
    for the vendor's memory, stored in the same step.
    """

    request: Request
    order: str = ""
    replaces: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Mapping[str, Any], ...] = ()
    offline: Offline | None = None
    kind: Kind | None = None
    remember: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as hooks see it. ``id`` is unique for ever; ``key`` the caller's idempotency key (empty
    if none). ``created`` and ``sent`` are UTC ms (``sent``: before the first byte of the last try,
    0 = never). ``result`` is what ``accept`` or ``poll`` gave so far."""

    id: str
    vendor: str
    operation: str
    key: str
    state: State
    draft: Draft
    created: int
    sent: int = 0
    tries: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a good answer comes to.

    ``values`` are own fields beside ``vendor_status`` and ``vendor_body`` in the local answer.
    ``vendor_body`` is what is shown of the vendor's answer: by default its JSON, else its text.
    ``remember`` goes to the vendor's memory in the same step as the outcome. ``media`` and
    ``content``: the local answer is that file (reads only). ``status``: another local status than
    the vendor's.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    remember: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Mapping[str, Any], ...] = ()
    media: str = ""
    content: bytes = b""
    status: int = 0


class Found(StrEnum):
    """What ``reconcile`` found out about a request whose answer is missing."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``accepted`` goes with ``DONE``; ``text`` says in English what was found."""

    found: Found
    accepted: Accepted = field(default_factory=Accepted)
    text: str = ""


class Progress(StrEnum):
    """What the vendor says of asynchronous work."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at asynchronous work. With ``FAILED`` the ``text`` says why."""

    progress: Progress
    accepted: Accepted = field(default_factory=Accepted)
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How asynchronous work is watched.

    ``request`` makes the read from the run (whose ``result`` holds what ``accept`` gave);
    ``read`` understands its answer, given only with a 2xx status (any other is passing trouble and
    does not end the watch); ``pauses`` gives the seconds before each look, the last one
    repeats; after ``give_up_s`` the run ends as ``at_last``: ``UNKNOWN``, or stays ``WAITING``
    ("still pending", not looked at any more until somebody asks).
    """

    request: Callable[[Run], Request]
    read: Callable[[Answer, Run], Look]
    pauses: Sequence[float]
    give_up_s: float
    at_last: State = State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``per_minute`` calls, ``burst`` at once; more are refused by 429 before anything is
    stored."""

    per_minute: int
    burst: int


class Memory(Protocol):
    """Small durable values of one vendor: chosen ids, the last job of an entity, cached files."""

    async def get(self, name: str) -> Any:
        """Return a JSON value, ``None`` if there is none."""
        ...

    async def put(self, name: str, value: Any) -> None: ...

    async def named(self, prefix: str) -> Mapping[str, Any]:
        """Return all values whose name begins so."""
        ...

    async def blob(self, name: str) -> bytes | None: ...

    async def put_blob(self, name: str, content: bytes) -> None: ...


class Settings(BaseModel):
    """Base of a vendor's own settings: the table ``[vendor.options]``."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Session(Protocol):
    """What hooks may use. It cannot send anything that acts."""

    @property
    def settings(self) -> Any:
        """The vendor's own ``Settings`` object."""
        ...

    @property
    def base_url(self) -> str:
        """The vendor's address as configured, without a slash at its end."""
        ...

    @property
    def strict(self) -> bool:
        """Whether contradictions of the vendor's pages are read by the table, not the example."""
        ...

    @property
    def memory(self) -> Memory: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def host(self) -> Host: ...

    def secret(self, name: str) -> Secret | None:
        """Return a secret of the vendor, ``None`` if it is not configured."""
        ...

    async def read(self, request: Request) -> Answer:
        """Send a request without effect (``GET``, or one the vendor's pages call harmless), logged
        in as needed (never for an anonymous one), and return its answer whatever its status.
        Repeats by itself for a short while. Raises ``VendorUnreachable``, ``AnswerLost``,
        ``VendorAuthFailed``, ``VendorBusy``, ``VendorFailing``."""
        ...

    async def runs(self, operation: str, **summary: Any) -> Sequence[Run]:
        """Return this vendor's runs of an operation whose summary has these values, newest first:
        the box's own ledger ("already paid by us")."""
        ...

    async def login(self) -> None:
        """Log in now unless there is a session. Raises what a log-in raises."""
        ...

    async def logout(self) -> None:
        """End the vendor's session if there is one; faults are swallowed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. ``path`` is the local path below ``/v1/vendors/{vendor}``; ``title`` is what
    a person calls it ("Rechnung bezahlen"), ``summary`` what a programmer reads.

    ``build`` validates a call and drafts its request; it may read at the vendor's. ``accept``
    understands an answer with a good status (2xx): it raises ``VendorRejected`` when the vendor
    said no, ``SessionEnded`` when it refused for want of a session *before acting*,
    ``VendorBroken`` when nobody can tell. ``refused`` may turn an answer with another status into
    a more telling fault.

    ``before`` runs right before each try to send and may raise to stop the run (``NeedsDecision``).
    ``reconcile`` is asked when an answer is missing: mandatory for ``KEYED`` and ``ONCE``, or
    ``no_reconcile`` says why there is none. ``after`` runs when a run has ended or is not watched
    any more.
    ``merge`` sends queued runs of one ``order`` later by another operation: it gets those that
    stand next to each other in line, oldest first, and returns that operation's name and draft,
    which takes the place of the first of them.

    Routes keep the order of a vendor's operations: put ``/returns/proposal`` before
    ``/returns/{id}``.

    ``local`` answers a ``LOCAL`` operation instead of ``build`` and ``accept``. ``unsafe_get``:
    the vendor acts even on GET. ``tries_500`` counts tries after status 500.
    """

    name: str
    kind: Kind
    method: str
    path: str
    summary: str
    title: Text | None = None
    role: Role = Role.TILL
    text: str = ""
    build: Callable[[LocalCall, Session], Awaitable[Draft]] | None = None
    accept: Callable[[Answer, Run], Accepted] | None = None
    refused: Callable[[Answer, Run], Fault | None] | None = None
    before: Callable[[Run, Session], Awaitable[None]] | None = None
    reconcile: Callable[[Run, Session], Awaitable[Verdict]] | None = None
    no_reconcile: str = ""
    poll: Poll | None = None
    after: Callable[[Run, Session], Awaitable[None]] | None = None
    merge: Callable[[Sequence[Run], Session], Awaitable[tuple[str, Draft]]] | None = None
    local: Callable[[LocalCall, Session], Awaitable[LocalAnswer]] | None = None
    offline: Offline = Offline.REFUSE
    unsafe_get: bool = False
    tries_500: int = 3
    limit: Limit | None = None
    body: Mapping[str, Any] | None = None
    media: str = JSON
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    max_body: int = 1_000_000


class Gate(Protocol):
    """What a log-in may use: one request at a time, nothing added to it."""

    @property
    def settings(self) -> Any: ...

    @property
    def base_url(self) -> str: ...

    @property
    def memory(self) -> Memory: ...

    def secret(self, name: str) -> Secret | None: ...

    async def send(self, request: Request) -> Answer: ...


class Auth(Protocol):
    """A way to prove who sends. Components are in ``bridge.vendors.engine.auth``."""

    async def login(self, gate: Gate) -> Secret | None:
        """Return a session's token, ``None`` when requests carry the credentials themselves.
        Raises ``VendorAuthFailed`` when refused, ``VendorNotConfigured`` when secrets are
        missing."""
        ...

    async def apply(self, request: Request, token: Secret | None, gate: Gate) -> Request:
        """Return the request with its proof."""
        ...

    def refused(self, answer: Answer) -> bool:
        """Whether an answer of any status, also a redirection, means that the session has ended
        (before anything was done)."""
        ...

    async def logout(self, token: Secret, gate: Gate) -> None:
        """End a session."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A genuine notification: ``id`` tells repetitions, ``notifications`` are plain values."""

    id: str
    notifications: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A webhook in: ``/v1/webhooks/{vendor}``.

    ``greet`` answers GET. ``verify`` checks a POST and returns its delivery; raises
    ``WebhookRefused``. ``handle`` works it off later, once per id, also after a restart.
    """

    greet: Callable[[LocalCall], LocalAnswer]
    verify: Callable[[LocalCall, Session], Delivery]
    handle: Callable[[Delivery, Session], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A completed receipt settles an open invoice of a vendor: the money is taken already.

    ``invoice`` is the invoice's name at the vendor's, ``kind`` whether the shop wrote it
    (``issued``) or received it (``received``). ``time`` is the receipt's, UTC ms; ``date`` its
    local day. ``number`` and ``register`` are printed on it.
    """

    invoice: str
    kind: str
    cents: int
    time: int
    date: str
    receipt: str
    number: int
    register: str


@dataclass(frozen=True, slots=True)
class SecretName:
    """A secret that a vendor uses: key of ``[vendor.secrets]``."""

    name: str
    text: str
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor: what its file exports as ``VENDOR``.

    ``base_url`` is the default address. ``check`` is one harmless look for the health board; it
    raises what it finds: a fault whose class says ``amber = True`` means that it works, but a
    person should look. ``facts`` are plain values for the board and the status page, asked after
    each check and each ended run. ``redact`` names further keys (body, query, header) whose
    values are secrets. ``read_timeout_s`` is the time-out for reading an answer. ``settle`` turns
    a settled invoice into a call of one of the operations: its name and the call.
    """

    name: str
    title: str
    operations: tuple[Operation, ...]
    auth: Auth
    base_url: str = ""
    settings: type[Settings] = Settings
    secrets: tuple[SecretName, ...] = ()
    check: Callable[[Session], Awaitable[None]] | None = None
    facts: Callable[[Session], Awaitable[Mapping[str, Any]]] | None = None
    trigger: Trigger | None = None
    settle: Callable[[Settlement], tuple[str, LocalCall]] | None = None
    redact: tuple[str, ...] = ()
    read_timeout_s: float = 30.0
    max_queued: int = 10_000

    def operation(self, name: str) -> Operation:
        """Return an operation. Raises ``KeyError``."""
        return {each.name: each for each in self.operations}[name]
