"""Where returns go: tenant and cashbook, found once, chosen once, kept for good.

Paths come from the vendor's own answers (``uri``, ``subresource_uris``); only where the box has
never seen one, it is built from the ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bridge.model.exchange import LocalAnswer, LocalCall
from bridge.vendors.engine.faults import (
    CallInvalid,
    VendorBroken,
    VendorRejected,
)
from bridge.vendors.engine.spec import Accepted, Run, Session
from bridge.vendors.engine.wire import Answer, Request, json_body, segment
from bridge.vendors.kassomat import assumed
from bridge.vendors.kassomat.account import account_of
from bridge.vendors.kassomat.bodies import answered, checked, checked_id, read_json
from bridge.vendors.kassomat.faults import AccountMissing, ChoiceNeeded


@dataclass(frozen=True, slots=True)
class Place:
    """A cashbook: ids, and the path that returns are posted to. ``remember`` is what was learned
    on the way, for the vendor's memory."""

    tenant: str
    cashbook: str
    assessments: str
    remember: Mapping[str, Any]


def vendor_path(value: Any) -> str:
    """Return a path of the API as the vendor wrote it. Raises ``VendorBroken`` for anything that
    leads elsewhere."""
    if (
        not isinstance(value, str)
        or not value.startswith("/v1/")
        or not value.isascii()
        or not value.isprintable()
        or any(mark in value for mark in ("//", "..", "\\", "?", "#", " "))
    ):
        raise VendorBroken("a uri in the answer is no path below /v1")
    return value


def cashbooks_path(tenant: str) -> str:
    """Return where a tenant's cashbooks are, as long as the vendor has not said it."""
    return f"/v1/tenants/{segment(tenant)}/cashbooks"


def learned_tenant(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer tells of a tenant for later, by memory name."""
    name, more = _parts(item)
    return {f"tenant/{name}": {"cashbooks": vendor_path(more.get("cashbooks"))}}


def learned_cashbook(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer tells of a cashbook for later, by memory name."""
    name, more = _parts(item)
    uri, assessments = vendor_path(item.get("uri")), vendor_path(more.get("assessments"))
    return {f"cashbook/{name}": {"uri": uri, "assessments": assessments}}


def _parts(item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    name, more = item.get("id"), item.get("subresource_uris")
    if not isinstance(name, str) or not isinstance(more, dict):
        raise VendorBroken("an entry has no id or no subresource_uris")
    return name, more


def entries(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a list of an answer. Raises ``VendorBroken`` if there is none."""
    found = body.get(key)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise VendorBroken(f"no list {key!r}")
    return found


async def read_list(session: Session, path: str, key: str) -> list[dict[str, Any]]:
    """Read a whole list, page by page.

    The totals may exceed what is shown: an empty page ends it. Raises ``VendorRejected``,
    ``VendorBroken`` and what reading raises.
    """
    found: list[dict[str, Any]] = []
    for page in range(1, assumed.MAX_PAGES + 1):
        target = path if page == 1 else f"{path}?page={page}"
        answer = await session.read(Request(method="GET", target=target))
        if not answer.ok:
            raise VendorRejected(f"GET {path} was answered {answer.status}")
        body = answered(answer)
        some = entries(body, key)
        found += some
        pages = body.get("total_pages", 1)
        if not some or not isinstance(pages, int) or page >= pages:
            break
    return found


async def place_of(call: LocalCall, session: Session) -> Place:
    """Return where a call's return goes: as its query names it, as chosen, or the only one
    there is.

    Raises ``CallInvalid``, ``ChoiceNeeded`` and what reading raises.
    """
    tenant, cashbook = call.parameter("tenant"), call.parameter("cashbook")
    if (tenant is None) != (cashbook is None):
        raise CallInvalid.at("", "name both tenant and cashbook in the query, or none")
    if tenant is not None and cashbook is not None:
        return await _known(session, checked_id(tenant, ""), checked_id(cashbook, ""))
    account = await account_of(session)
    chosen = await session.memory.get("chosen")
    if chosen is not None and chosen["account"] == account.mark:
        return await _known(session, chosen["tenant"], chosen["cashbook"])
    return await _only_one(session, account.mark)


async def _known(session: Session, tenant: str, cashbook: str) -> Place:
    kept = await session.memory.get(f"cashbook/{cashbook}")
    if kept is not None:
        return Place(tenant, cashbook, kept["assessments"], {})
    path = f"{cashbooks_path(tenant)}/{segment(cashbook)}/assessments"
    return Place(tenant, cashbook, path, {})


async def _only_one(session: Session, mark: str) -> Place:
    tenant = _single(await read_list(session, "/v1/tenants", "tenants"), "tenants")
    remember = learned_tenant(tenant)
    path = remember[f"tenant/{tenant['id']}"]["cashbooks"]
    cashbook = _single(await read_list(session, path, "cashbooks"), "cashbooks")
    found = learned_cashbook(cashbook)
    kept = {"account": mark, "tenant": tenant["id"], "cashbook": cashbook["id"]}
    assessments = found[f"cashbook/{cashbook['id']}"]["assessments"]
    return Place(tenant["id"], cashbook["id"], assessments, {**remember, **found, "chosen": kept})


def _single(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if len(found) != 1:
        choices = [{"id": each.get("id"), "name": each.get("name")} for each in found]
        raise ChoiceNeeded(f"there are {len(found)} {what}", choices=choices)
    return found[0]


# Choosing


class Choice(BaseModel):
    """A choice: ids as the vendor lists them."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tenant: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")
    cashbook: str = Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")


async def choose(call: LocalCall, session: Session) -> LocalAnswer:
    """Keep the tenant and cashbook that returns go to from now on. Asks nobody."""
    wanted = checked(Choice, read_json(call.body))
    mark = (await account_of(session)).mark
    kept = {"account": mark, "tenant": wanted.tenant, "cashbook": wanted.cashbook}
    await session.memory.put("chosen", kept)
    return await chosen(call, session)


async def chosen(_: LocalCall, session: Session) -> LocalAnswer:
    """Return what is chosen; both are ``null`` when nothing is."""
    kept = await session.memory.get("chosen") or {}
    body = {name: kept.get(name) for name in ("tenant", "cashbook")}
    return LocalAnswer(body=json_body(body))


async def facts(session: Session) -> dict[str, Any]:
    """Return what the status page shows: whose account is used, and where returns go."""
    try:
        account = "demo" if (await account_of(session)).demo else "configured"
    except AccountMissing:
        account = "none"
    kept = await session.memory.get("chosen") or {}
    return {"account": account, "cashbook": kept.get("cashbook")}


def accept_tenants(answer: Answer, _: Run) -> Accepted:
    """Learn the paths of the tenants' cashbooks."""
    remember: dict[str, Any] = {}
    for each in entries(answered(answer), "tenants"):
        remember |= learned_tenant(each)
    return Accepted(remember=remember)


def accept_cashbooks(answer: Answer, _: Run) -> Accepted:
    """Learn the paths of the cashbooks' returns."""
    remember: dict[str, Any] = {}
    for each in entries(answered(answer), "cashbooks"):
        remember |= learned_cashbook(each)
    return Accepted(remember=remember)


async def path_of_cashbooks(tenant: str, session: Session) -> str:
    """Return where a tenant's cashbooks are: as the vendor said, else built from the id."""
    kept = await session.memory.get(f"tenant/{tenant}")
    return kept["cashbooks"] if kept is not None else cashbooks_path(tenant)


async def path_of_cashbook(tenant: str, cashbook: str, session: Session) -> str:
    """Return where a cashbook is: as the vendor said, else built from the ids."""
    kept = await session.memory.get(f"cashbook/{cashbook}")
    if kept is not None:
        return str(kept["uri"])
    return f"{cashbooks_path(tenant)}/{segment(cashbook)}"
