"""What the simulated vendor remembers: users, sessions, tenants, cashbooks, returns."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.contract.clock import Clock
from simulators.vendors.kassomat import assumed
from simulators.vendors.kassomat.checks import SENDER
from simulators.vendors.kassomat.figures import compute

DEMO_PASSWORD = "password"  # noqa: S105 - the vendor's page gives it to everybody

_LETTERS = string.ascii_letters + string.digits
_TOKEN_LENGTH = 20
_ID_BYTES = 12
_NAME_BYTES = 20


@dataclass(slots=True)
class User:
    """An account. Without ``paid`` every return gets a test flag."""

    id: str
    email: str
    password: str
    paid: bool
    tenants: dict[str, Tenant] = field(default_factory=dict)


@dataclass(slots=True)
class Tenant:
    """An end customer."""

    id: str
    name: str
    cashbooks: dict[str, Cashbook] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"/v1/tenants/{self.id}"

    def as_body(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "uri": self.uri,
            "subresource_uris": {"cashbooks": f"{self.uri}/cashbooks"},
        }


@dataclass(slots=True)
class Cashbook:
    """Sender data and returns. ``fields`` are as they were sent."""

    id: str
    tenant: str
    fields: dict[str, Any]
    assessments: dict[str, Assessment] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"/v1/tenants/{self.tenant}/cashbooks/{self.id}"

    @property
    def complete(self) -> bool:
        """Whether all sender data are there."""
        return all(self.fields.get(name) for name in SENDER)

    def as_body(self) -> dict[str, Any]:
        more = {name: f"{self.uri}/{name}" for name in ("bookings", "assessments")}
        return {"id": self.id, **self.fields, "uri": self.uri, "subresource_uris": more}


@dataclass(slots=True)
class Assessment:
    """A return. It is pending until ``ready`` (monotonic seconds); ``ends`` says how then."""

    id: str
    uri: str
    year: int
    month: int | None
    quarter: int | None
    sums: Mapping[str, int]
    flags: Mapping[str, bool]
    sent_at: str | None
    figures: Mapping[str, str]
    pdf: str
    ready: float
    ends: str = "completed"

    def as_body(self, now: float) -> dict[str, Any]:
        status = self.ends if now >= self.ready else "pending"
        done = status == "completed"
        figures = self.figures if done or status == assumed.PREVIEW_STATUS else {}
        return {
            "id": self.id,
            "year": self.year,
            "month": self.month,
            "quarter": self.quarter,
            "preview": self.flags["preview"],
            **self.sums,
            "sent_at": self.sent_at,
            "pdf": self.pdf if done else None,
            **{name: figures.get(name) for name in ("kz66", "kz81", "kz83", "kz86")},
            "status": status,
            "uri": self.uri,
            **{name: self.flags[name] for name in ("test", "testmode", "correction")},
        }


class Books:
    """``pending_s`` gives the seconds that ELSTER takes for a return."""

    def __init__(self, clock: Clock, chance: random.Random, pending_s: Callable[[], float]) -> None:
        self._clock = clock
        self._chance = chance
        self._pending_s = pending_s
        self.users: dict[str, User] = {}
        self.sessions: dict[str, User] = {}
        self.failing = False
        self.forced_flag = assumed.FORCED_FLAG

    def new_id(self) -> str:
        """Return 24 hex digits."""
        return self._chance.randbytes(_ID_BYTES).hex()

    def register(self, *, email: str = "", password: str = "", paid: bool, demo: bool) -> User:
        """Make an account with a tenant and a cashbook; that of a demo account is filled."""
        if demo:
            email = f"user_{self._chance.randbytes(_NAME_BYTES).hex()}@kassomat.net"
            password = DEMO_PASSWORD
        user = User(self.new_id(), email, password, paid)
        tenant = self.add_tenant(user, assumed.FIRST_TENANT)
        fields = assumed.DEMO_SENDER if demo else {"name": assumed.FIRST_CASHBOOK}
        self.add_cashbook(tenant, dict(fields))
        self.users[email] = user
        return user

    def log_in(self, email: Any, password: Any) -> str | None:
        """Return a token, the same one as long as nobody has logged out."""
        user = self.users.get(email) if isinstance(email, str) else None
        if user is None or user.password != password:
            return None
        for token, owner in self.sessions.items():
            if owner is user:
                return token
        token = "".join(self._chance.choices(_LETTERS, k=_TOKEN_LENGTH))
        self.sessions[token] = user
        return token

    def add_tenant(self, user: User, name: str) -> Tenant:
        tenant = Tenant(self.new_id(), name)
        user.tenants[tenant.id] = tenant
        return tenant

    def add_cashbook(self, tenant: Tenant, fields: dict[str, Any]) -> Cashbook:
        cashbook = Cashbook(self.new_id(), tenant.id, fields)
        tenant.cashbooks[cashbook.id] = cashbook
        return cashbook

    def assess(
        self, user: User, cashbook: Cashbook, wish: Mapping[str, Any], sums: Mapping[str, int]
    ) -> Assessment:
        """Compute a preview, or take a return for ELSTER."""
        # The vendor's defaults: preview and test.
        preview, test = wish.get("preview", True), wish.get("test", True)
        flags = {
            "preview": preview,
            "test": test,
            "testmode": test and assumed.TEST_SHOWS_IN_BOTH,
            "correction": False,
        }
        if not user.paid:
            flags[self.forced_flag] = True
        name = self.new_id()
        now = self._clock.now().astimezone(assumed.ZONE)
        made = Assessment(
            id=name,
            uri=f"{cashbook.uri}/assessments/{name}",
            year=wish["year"],
            month=wish.get("month"),
            quarter=wish.get("quarter"),
            sums=sums,
            flags=flags,
            sent_at=None if preview else now.isoformat(timespec="seconds"),
            figures=compute(sums),
            pdf=f"/pdf/ElsterReport_{self._chance.randbytes(_NAME_BYTES).hex()}.pdf",
            ready=self._clock.monotonic() + (0.0 if preview else self._pending_s()),
            ends=assumed.PREVIEW_STATUS if preview else "failed" if self.failing else "completed",
        )
        if not preview:
            flags["correction"] = any(_same_period(made, each) for each in _all(cashbook))
            cashbook.assessments[name] = made
        return made

    def report(self, path: str) -> Assessment | None:
        """Return the completed return whose report has this path."""
        now = self._clock.monotonic()
        for user in self.users.values():
            for tenant in user.tenants.values():
                for cashbook in tenant.cashbooks.values():
                    for each in cashbook.assessments.values():
                        if each.as_body(now)["pdf"] == path:
                            return each
        return None


def _all(cashbook: Cashbook) -> list[Assessment]:
    return list(cashbook.assessments.values())


def _same_period(a: Assessment, b: Assessment) -> bool:
    return (a.year, a.month, a.quarter) == (b.year, b.month, b.quarter)
