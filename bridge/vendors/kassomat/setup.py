"""Setting up: tenants, cashbooks with the sender's data, and the tax office's number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictStr
from pydantic_core import PydanticCustomError

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.faults import CallInvalid, VendorBroken
from bridge.vendors.engine.spec import Accepted, Draft, Found, Run, Session, Verdict
from bridge.vendors.engine.wire import Answer, Request, json_body, target
from bridge.vendors.kassomat import tax_number
from bridge.vendors.kassomat.account import account_of
from bridge.vendors.kassomat.bodies import (
    answered,
    checked,
    checked_id,
    read_json,
    sending,
    unwrapped,
)
from bridge.vendors.kassomat.places import (
    entries,
    learned_cashbook,
    learned_tenant,
    path_of_cashbook,
    path_of_cashbooks,
    read_list,
)
from bridge.vendors.kassomat.words import warning

_UNIQUE_END = 5
"""Digits at the end of a tax number that are the same on paper and in the 13-digit form."""


def _tax_id(value: str) -> str:
    if text := tax_number.problem(value):
        raise PydanticCustomError("tax_id", "{text}", {"text": text})
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("empty", "must not be empty")
    return value


Filled = Annotated[StrictStr, AfterValidator(_filled)]


class Cashbook(BaseModel):
    """Full sender data. ``tax_state`` may be given; further fields are handed on."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    name: Filled
    tax_id: Annotated[StrictStr, AfterValidator(_tax_id)]
    tax_id_raw: Filled
    tax_first_name: Filled
    tax_last_name: Filled
    tax_street: Filled
    tax_zip: Filled
    tax_city: Filled
    tax_phone: Filled
    tax_email: Filled
    tax_state: StrictStr | None = None


FIELDS = tuple(name for name in Cashbook.model_fields if name != "tax_state")


class Tenant(BaseModel):
    """A tenant: its name is unique."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    name: Filled


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _read_cashbook(call: LocalCall) -> tuple[Cashbook, bytes, list[dict[str, str]]]:
    body = read_json(call.body)
    warnings = []
    if (inner := unwrapped(body, "cashbook")) is not None:
        cashbook, content = checked(Cashbook, inner, "/cashbook"), call.body
    else:
        if "tax_raw_id" in body and "tax_id_raw" not in body:
            # One of the vendor's answers spells it so.
            spelled = {"tax_raw_id": "tax_id_raw"}
            body = {spelled.get(name, name): value for name, value in body.items()}
            warnings.append(warning("renamed", call.language, "/tax_raw_id"))
        cashbook, content = checked(Cashbook, body), json_body({"cashbook": body})
    if cashbook.tax_id_raw == cashbook.tax_id:
        warnings.append(warning("tax_id_same", call.language, "/tax_id_raw"))
    elif _digits(cashbook.tax_id_raw)[-_UNIQUE_END:] != cashbook.tax_id[-_UNIQUE_END:]:
        warnings.append(warning("tax_id_mismatch", call.language, "/tax_id_raw"))
    return cashbook, content, warnings


# Lists


async def build_tenants(call: LocalCall, _: Session) -> Draft:
    """Draft the list of tenants."""
    return Draft(request=Request(method="GET", target=_paged("/v1/tenants", call)))


async def build_cashbooks(call: LocalCall, session: Session) -> Draft:
    """Draft the list of a tenant's cashbooks, at the address that the vendor gave for it."""
    path = await path_of_cashbooks(checked_id(call.path["tenant"], "/tenant"), session)
    return Draft(request=Request(method="GET", target=_paged(path, call)))


def _paged(path: str, call: LocalCall) -> str:
    found = {}
    for name in ("page", "per"):
        if (value := call.parameter(name)) is not None:
            if not (value.isascii() and value.isdecimal()):
                raise CallInvalid.at(f"/{name}", "must be a number")
            found[name] = value
    return target(path, found)


async def build_accounts(_: LocalCall, __: Session) -> Draft:
    """Draft the list of bookkeeping accounts."""
    return Draft(request=Request(method="GET", target="/v1/accounts"))


def accept_plain(answer: Answer, _: Run) -> Accepted:
    """Hand an answer on. Raises ``ReturnRefused`` when it holds ``error``."""
    answered(answer)
    return Accepted()


# Tenants


async def build_tenant(call: LocalCall, session: Session) -> Draft:
    """Draft a new tenant. The list is read first, so that a lost answer can be told from a tenant
    that was there before. Raises ``CallInvalid`` and what reading raises."""
    body = read_json(call.body)
    inner = unwrapped(body, "tenant")
    tenant = checked(Tenant, body if inner is None else inner, "" if inner is None else "/tenant")
    content = json_body({"tenant": body}) if inner is None else call.body
    before = await read_list(session, "/v1/tenants", "tenants")
    return Draft(
        request=sending("POST", "/v1/tenants", content),
        order="/v1/tenants",
        facts={"name": tenant.name, "before": [each.get("id") for each in before]},
        summary={"name": tenant.name},
    )


def accept_tenant(answer: Answer, _: Run) -> Accepted:
    """Learn where a new tenant's cashbooks are."""
    return _tenant(_one(answer, "tenant"))


def _tenant(found: Mapping[str, Any]) -> Accepted:
    return Accepted(values={"id": found["id"]}, remember=learned_tenant(found))


async def reconcile_tenant(run: Run, session: Session) -> Verdict:
    """Search the list for one of this name that was not there before: names are unique."""
    facts = run.draft.facts
    for each in await read_list(session, "/v1/tenants", "tenants"):
        if each.get("name") == facts["name"] and each.get("id") not in facts["before"]:
            return Verdict(Found.DONE, _tenant(each), "found in the vendor's list")
    return Verdict(Found.UNCLEAR, text="the vendor's list does not show it")


# Cashbooks


async def build_cashbook(call: LocalCall, session: Session) -> Draft:
    """Draft a new cashbook. The list is read first, so that a lost answer can be told from a
    cashbook that was there before. Raises ``CallInvalid`` and what reading raises."""
    tenant = checked_id(call.path["tenant"], "/tenant")
    cashbook, content, warnings = _read_cashbook(call)
    path = await path_of_cashbooks(tenant, session)
    before = await read_list(session, path, "cashbooks")
    if any(each.get("name") == cashbook.name for each in before):
        warnings.append(warning("cashbook_exists", call.language, name=cashbook.name))
    return Draft(
        request=sending("POST", path, content),
        order=path,
        facts={
            "path": path,
            "before": [each.get("id") for each in before],
            "fields": {name: getattr(cashbook, name) for name in FIELDS},
            **await _choice(tenant, session),
        },
        summary={"name": cashbook.name},
        warnings=tuple(warnings),
    )


async def change_cashbook(call: LocalCall, session: Session) -> Draft:
    """Draft new sender data of a cashbook. Raises ``CallInvalid``."""
    tenant = checked_id(call.path["tenant"], "/tenant")
    name = checked_id(call.path["cashbook"], "/cashbook")
    cashbook, content, warnings = _read_cashbook(call)
    path = await path_of_cashbook(tenant, name, session)
    return Draft(
        request=sending("PUT", path, content),
        order=path,
        facts=await _choice(tenant, session),
        summary={"name": cashbook.name, "cashbook": name},
        warnings=tuple(warnings),
    )


async def _choice(tenant: str, session: Session) -> dict[str, Any]:
    """Return what makes this cashbook the chosen one, if none is."""
    mark = (await account_of(session)).mark
    chosen = await session.memory.get("chosen")
    if chosen is not None and chosen["account"] == mark:
        return {}
    return {"choice": {"account": mark, "tenant": tenant}}


def accept_cashbook(answer: Answer, run: Run) -> Accepted:
    """Learn where a cashbook's returns go, and choose it if none is chosen."""
    return _cashbook(_one(answer, "cashbook"), run)


def _cashbook(found: Mapping[str, Any], run: Run) -> Accepted:
    remember = learned_cashbook(found)
    choice = run.draft.facts.get("choice")
    if choice is not None:
        remember["chosen"] = {**choice, "cashbook": found["id"]}
    shown = {("tax_id_raw" if name == "tax_raw_id" else name): found[name] for name in found}
    return Accepted(values={"id": found["id"], "cashbook": shown}, remember=remember)


async def reconcile_cashbook(run: Run, session: Session) -> Verdict:
    """Search the list for one that was not there before and has the same data."""
    facts = run.draft.facts
    found = [
        each
        for each in await read_list(session, facts["path"], "cashbooks")
        if each.get("id") not in facts["before"] and _alike(each, facts["fields"])
    ]
    if len(found) == 1:
        return Verdict(Found.DONE, _cashbook(found[0], run), "found in the vendor's list")
    return Verdict(Found.UNCLEAR, text=f"the vendor's list shows {len(found)} such cashbooks")


def _alike(entry: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    shown = {**entry, "tax_id_raw": entry.get("tax_id_raw", entry.get("tax_raw_id"))}
    return all(shown.get(name) == value for name, value in fields.items())


def _one(answer: Answer, key: str) -> dict[str, Any]:
    found = answered(answer).get(key)
    if not isinstance(found, dict):
        raise VendorBroken(f"no {key} in the answer")
    return found


# Tax offices


async def build_offices(call: LocalCall, _: Session) -> Draft:
    """Draft the question which tax offices have this number, as it stands on paper."""
    number = call.parameter("tax_id")
    if not number:
        raise CallInvalid.at("/tax_id", "give the tax number as it stands on paper")
    path = target("/v1/fiscal_offices", {"tax_id": number}, safe="/")
    return Draft(request=Request(method="GET", target=path), facts={"language": call.language})


def accept_offices(answer: Answer, run: Run) -> Accepted:
    """Check the 13-digit numbers (``fqti``) of the offices found."""
    language = run.draft.facts["language"]
    found = entries(answered(answer), "fiscal_offices")
    warnings = []
    if len(found) > 1:
        warnings.append(warning("several_offices", language))
    for index, each in enumerate(found):
        number, office = str(each.get("fqti")), str(each.get("name"))
        why = tax_number.problem(number)
        if why is None and not number.startswith(str(each.get("id"))):
            why = "begins with another office's number"
        if why is not None:
            pointer = f"/fiscal_offices/{index}/fqti"
            warnings.append(warning("office_number_odd", language, pointer, office=office, why=why))
    return Accepted(warnings=tuple(warnings))
