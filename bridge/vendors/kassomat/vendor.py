"""What the engine is told of kassomat: its operations, log-in and check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.model.exchange import Parameter
from bridge.model.roles import Role
from bridge.vendors.engine.spec import Kind, Operation, SecretName, Vendor
from bridge.vendors.kassomat import account, answers, journal, places, report, returns, setup
from bridge.vendors.kassomat.wishes import Order, Own, Trial
from drivers.contract.fault import Text

_CONFIRM = Parameter("X-Confirm", "what the preview or the estimate gave; for a real return")
_YEAR = Parameter("year", "calendar year", {"type": "integer"}, required=True)
_MONTH = Parameter("month", "1 to 12; or quarter", {"type": "integer"})
_QUARTER = Parameter("quarter", "1 to 4; or month", {"type": "integer"})
_PLACE = (
    Parameter("tenant", "another tenant than the chosen one; with cashbook"),
    Parameter("cashbook", "another cashbook than the chosen one; with tenant"),
)
_PAGE = (
    Parameter("page", "page of the list", {"type": "integer"}),
    Parameter("per", "entries of a page", {"type": "integer"}),
)


def _either(short: Mapping[str, Any], key: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a body in the short form, or the vendor's own with its wrapper key."""
    wrapped = {"type": "object", "required": [key], "properties": {key: own}}
    return {"anyOf": [dict(short), wrapped]}


def _assessment(short: Mapping[str, Any]) -> dict[str, Any]:
    own = Own.model_json_schema(ref_template="{model}")
    data = own.pop("$defs")["Sums"]
    own["properties"]["data"] = data
    return _either(short, "assessment", own)


_TENANT = setup.Tenant.model_json_schema()
_CASHBOOK = setup.Cashbook.model_json_schema()
_DEMO = {
    "type": "object",
    "properties": {
        "force": {"type": "boolean", "description": "make another one, though there is one"},
        "user": {"type": "object", "properties": {"demo": {"const": True}}},
    },
}
_SESSION = {
    "type": "object",
    "properties": {
        "session": {
            "type": "object",
            "properties": {"email": {"type": "string"}, "password": {"type": "string"}},
        }
    },
}

_RETURNS = (
    Operation(
        name="proposal",
        kind=Kind.LOCAL,
        method="GET",
        path="/returns/proposal",
        summary="Sums of a period from the box's own receipts",
        title=Text("Summen vorschlagen", "Propose sums"),
        text="Income at 7 % and 19 % from the journal; expenses are not known to the box.",
        local=journal.propose,
        query=(_YEAR, _MONTH, _QUARTER),
    ),
    Operation(
        name="estimate",
        kind=Kind.LOCAL,
        method="POST",
        path="/returns/estimate",
        summary="The box's own estimate of a return, without asking kassomat",
        title=Text("Voranmeldung schätzen", "Estimate a return"),
        text="Gives `confirm`, so that a real return takes two requests at kassomat.",
        local=returns.estimated,
        body=_assessment(Trial.model_json_schema()),
    ),
    Operation(
        name="preview",
        kind=Kind.READ,
        method="POST",
        path="/returns/preview",
        summary="What kassomat computes of a return: nothing is stored, nothing sent to ELSTER",
        title=Text("Vorschau der Voranmeldung", "Preview of a return"),
        text="Gives `confirm`, which a real return of the same figures needs.",
        build=returns.build_preview,
        accept=answers.accept_preview,
        body=_assessment(Trial.model_json_schema()),
        query=_PLACE,
    ),
    Operation(
        name=returns.OPERATION,
        kind=Kind.ONCE,
        method="POST",
        path="/returns",
        summary="Send a return to ELSTER, as a test or for real",
        title=Text("Voranmeldung senden", "Send a return"),
        text="A real one needs the role backoffice and the confirmation of its preview or "
        "estimate. Never sent later by itself, never repeated: a second one is a correction.",
        build=returns.build_return,
        accept=answers.accept_return,
        before=returns.before,
        reconcile=returns.reconcile,
        poll=returns.POLL,
        after=returns.after,
        body=_assessment(Order.model_json_schema()),
        query=_PLACE,
        headers=(_CONFIRM,),
    ),
    Operation(
        name="returns",
        kind=Kind.READ,
        method="GET",
        path="/returns",
        summary="Returns that kassomat has of the cashbook",
        title=Text("Voranmeldungen auflisten", "List returns"),
        build=returns.build_list,
        accept=setup.accept_plain,
        query=_PLACE,
    ),
    Operation(
        name="look",
        kind=Kind.READ,
        method="GET",
        path="/returns/{id}",
        summary="What kassomat says of one return now",
        title=Text("Voranmeldung ansehen", "Look at a return"),
        text="`id` is the run's or kassomat's. The box looks by itself while a return is pending.",
        build=returns.build_look,
        accept=answers.accept_look,
        query=_PLACE,
    ),
    Operation(
        name="report",
        kind=Kind.LOCAL,
        method="GET",
        path="/returns/{id}/report.pdf",
        summary="The ELSTER report of a completed return",
        title=Text("ELSTER-Protokoll", "ELSTER report"),
        role=Role.BACKOFFICE,
        local=report.report,
        query=_PLACE,
    ),
)

_SETTING_UP = (
    Operation(
        name="demo-account",
        kind=Kind.ONCE,
        method="POST",
        path="/demo-account",
        summary="Make a demo account for this box and keep its e-mail address",
        title=Text("Testzugang anlegen", "Make a demo account"),
        role=Role.BACKOFFICE,
        text="All its returns are tests. Refused when an account is configured.",
        build=account.build_demo,
        accept=account.accept_demo,
        no_reconcile="only the lost answer names the account; an unused one does no harm",
        body=_DEMO,
    ),
    Operation(
        name="login",
        kind=Kind.LOCAL,
        method="POST",
        path="/session",
        summary="Log in now; else the box does it when needed",
        title=Text("Anmelden", "Log in"),
        role=Role.BACKOFFICE,
        local=account.log_in,
        body=_SESSION,
    ),
    Operation(
        name="logout",
        kind=Kind.LOCAL,
        method="DELETE",
        path="/session",
        summary="Log out, and all other users of the account",
        title=Text("Abmelden", "Log out"),
        role=Role.BACKOFFICE,
        local=account.log_out,
    ),
    Operation(
        name="tenants",
        kind=Kind.READ,
        method="GET",
        path="/tenants",
        summary="Tenants of the account",
        title=Text("Mandanten auflisten", "List tenants"),
        role=Role.BACKOFFICE,
        build=setup.build_tenants,
        accept=places.accept_tenants,
        query=_PAGE,
    ),
    Operation(
        name="new-tenant",
        kind=Kind.ONCE,
        method="POST",
        path="/tenants",
        summary="Make a tenant of a unique name",
        title=Text("Mandanten anlegen", "Make a tenant"),
        role=Role.BACKOFFICE,
        build=setup.build_tenant,
        accept=setup.accept_tenant,
        reconcile=setup.reconcile_tenant,
        body=_either(_TENANT, "tenant", _TENANT),
    ),
    Operation(
        name="cashbooks",
        kind=Kind.READ,
        method="GET",
        path="/tenants/{tenant}/cashbooks",
        summary="Cashbooks of a tenant",
        title=Text("Kassenbücher auflisten", "List cashbooks"),
        role=Role.BACKOFFICE,
        build=setup.build_cashbooks,
        accept=places.accept_cashbooks,
        query=_PAGE,
    ),
    Operation(
        name="new-cashbook",
        kind=Kind.ONCE,
        method="POST",
        path="/tenants/{tenant}/cashbooks",
        summary="Make a cashbook with all sender data",
        title=Text("Kassenbuch anlegen", "Make a cashbook"),
        role=Role.BACKOFFICE,
        build=setup.build_cashbook,
        accept=setup.accept_cashbook,
        reconcile=setup.reconcile_cashbook,
        body=_either(_CASHBOOK, "cashbook", _CASHBOOK),
    ),
    Operation(
        name="cashbook",
        kind=Kind.UPSERT,
        method="PUT",
        path="/tenants/{tenant}/cashbooks/{cashbook}",
        summary="Set all sender data of a cashbook",
        title=Text("Kassenbuch ändern", "Change a cashbook"),
        role=Role.BACKOFFICE,
        build=setup.change_cashbook,
        accept=setup.accept_cashbook,
        body=_either(_CASHBOOK, "cashbook", _CASHBOOK),
    ),
    Operation(
        name="choice",
        kind=Kind.LOCAL,
        method="GET",
        path="/choice",
        summary="Tenant and cashbook that returns go to",
        title=Text("Gewähltes Kassenbuch", "Chosen cashbook"),
        local=places.chosen,
    ),
    Operation(
        name="choose",
        kind=Kind.LOCAL,
        method="PUT",
        path="/choice",
        summary="Choose the tenant and cashbook that returns go to",
        title=Text("Kassenbuch wählen", "Choose a cashbook"),
        role=Role.BACKOFFICE,
        local=places.choose,
        body=places.Choice.model_json_schema(),
    ),
    Operation(
        name="fiscal-offices",
        kind=Kind.READ,
        method="GET",
        path="/fiscal-offices",
        summary="Tax offices that have a tax number, with its 13-digit form",
        title=Text("Finanzamt suchen", "Find the tax office"),
        build=setup.build_offices,
        accept=setup.accept_offices,
        query=(Parameter("tax_id", "the number as it stands on paper", required=True),),
    ),
    Operation(
        name="accounts",
        kind=Kind.READ,
        method="GET",
        path="/accounts",
        summary="Bookkeeping accounts of kassomat",
        title=Text("Konten auflisten", "List accounts"),
        build=setup.build_accounts,
        accept=setup.accept_plain,
    ),
)

VENDOR = Vendor(
    name="kassomat",
    title="kassomat",
    base_url="https://api.kassomat.net",
    operations=(*_RETURNS, *_SETTING_UP),
    auth=account.Login(),
    secrets=(
        SecretName("email", "e-mail address of the account", required=False),
        SecretName("password", "password of the account", required=False),
    ),
    check=account.check,
    facts=places.facts,
    redact=("authentication_token", "X-Kassomat-Auth-Token"),
)
