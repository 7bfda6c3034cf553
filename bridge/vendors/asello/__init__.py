"""asello, a till cloud: receipts signed in the cloud, and receipts parked for this counter.

Facts and sure-levels: what asello's pages do not say is in ``names.py`` and may be replaced by the
vendor's options.
"""

from __future__ import annotations

from bridge.model.exchange import Parameter
from bridge.vendors.asello import create, documents, papers, parked, webhook
from bridge.vendors.asello.faults import LookUpRefused
from bridge.vendors.asello.ledger import check_again
from bridge.vendors.asello.names import Options
from bridge.vendors.engine.auth import OAuthPassword
from bridge.vendors.engine.spec import (
    Kind,
    Operation,
    SecretName,
    Session,
    Trigger,
    Vendor,
)
from drivers.contract.fault import Text

BASE_URL = "https://kassa.asello.at"

_RECEIPT = {
    "type": "object",
    "required": ["cashRegisterId", "items"],
    "properties": {
        "cashRegisterId": {"type": "integer"},
        "paymentType": {"type": "string"},
        "reference": {"type": "string", "minLength": 1, "maxLength": 64},
        "items": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "quantity": {"type": ["number", "string"]},
                    "vatcode": {"type": "string"},
                    "articlenumber": {"type": "string"},
                },
                "additionalProperties": True,
            },
        },
        "annotation": {"type": "string"},
    },
    "additionalProperties": True,
}
_FORCE = Parameter(
    "force", "1: use a reference once more that was used before", {"type": "string", "enum": ["1"]}
)


async def check(session: Session) -> None:
    """Look a reference up that nobody uses: proves address, log-in and the way out of lost
    answers."""
    await parked.check_paused(session)
    names = session.settings.names
    answer = await session.read(documents.list_request("bonbridge-check", names))
    if not answer.ok:
        message = f"{names.receipts_path}?{names.reference}=… was answered {answer.status}"
        raise LookUpRefused(message, vendor_status=answer.status)


VENDOR = Vendor(
    name="asello",
    title="asello",
    base_url=BASE_URL,
    settings=Options,
    secrets=(
        SecretName("user", "user name at asello"),
        SecretName("password", "its password"),
        SecretName(webhook.SECRET, "secret of the webhook that asello calls", required=False),
    ),
    auth=OAuthPassword(user_field="userName"),
    check=check,
    trigger=Trigger(greet=webhook.greet, verify=webhook.verify, handle=webhook.handle),
    operations=(
        Operation(
            name="create",
            kind=Kind.ONCE,
            method="POST",
            path="/receipts",
            title=Text("Beleg in der Cloud signieren", "Have a receipt signed in the cloud"),
            summary="Create a receipt that asello signs; this box prints it",
            text="Cannot be undone. The body goes to asello as it is. Without `reference` the "
            "idempotency key becomes the reference. After a lost answer the receipt is looked up "
            "by its reference; what is not found there is a person's decision.",
            build=create.build,
            accept=create.accept,
            before=check_again,
            reconcile=create.reconcile,
            after=create.after,
            body=_RECEIPT,
            query=(_FORCE,),
        ),
        Operation(
            name="byReference",
            kind=Kind.READ,
            method="GET",
            path="/receipts",
            title=Text("Belege zu einer Referenz", "Receipts with a reference"),
            summary="Fetch the created receipts with a reference",
            build=documents.build_list,
            accept=documents.accept_list,
            query=(Parameter("reference", "the caller's own number", required=True),),
        ),
        Operation(
            name="receipt",
            kind=Kind.READ,
            method="GET",
            path="/receipts/{id}",
            title=Text("Beleg ansehen", "Look at a receipt"),
            summary="Fetch a created receipt by asello's id",
            build=documents.build_one,
            accept=documents.accept_one,
            refused=documents.not_there,
        ),
        Operation(
            name="papers",
            kind=Kind.LOCAL,
            method="GET",
            path="/receipts/{id}/papers",
            title=Text("Papiere eines Belegs", "Papers of a receipt"),
            summary="What became of the papers of a receipt signed in the cloud",
            local=papers.state,
        ),
        Operation(
            name="reprint",
            kind=Kind.LOCAL,
            method="POST",
            path="/receipts/{id}/reprint",
            title=Text("Kopie drucken", "Print a copy"),
            summary="Print a receipt signed in the cloud once more, marked as copy",
            local=papers.reprint,
        ),
        Operation(
            name="park",
            kind=Kind.ONCE,
            method="POST",
            path="/parked",
            title=Text("Beleg parken", "Park a receipt"),
            summary="Park a receipt: stored at asello, not opened, not signed",
            text="The body goes to asello as it is. Without `reference` the idempotency key "
            "becomes the reference.",
            build=parked.build_park,
            accept=parked.accept_park,
            before=check_again,
            reconcile=parked.reconcile_park,
            body=_RECEIPT,
            query=(_FORCE,),
        ),
        Operation(
            name="open",
            kind=Kind.UPSERT,
            method="POST",
            path="/parked/{id}/open",
            title=Text("Geparkten Beleg öffnen", "Open a parked receipt"),
            summary="Have a parked receipt opened at the counter",
            text="Opening an open one changes nothing; a completed one is refused.",
            build=parked.build_open,
            accept=parked.accept_open,
            refused=parked.refused_open,
            body={"type": "object", "additionalProperties": True},
        ),
        Operation(
            name="parked",
            kind=Kind.LOCAL,
            method="GET",
            path="/parked/{id}",
            title=Text("Stand eines geparkten Belegs", "State of a parked receipt"),
            summary="Where a parked receipt stands",
            text="Free to ask as often as you like: the box answers from its own journal, and asks "
            "asello no more than every 10 s (up to 5 min) for receipts that are not here.",
            local=parked.state,
        ),
    ),
)
