"""What the shop orders of each vendor, told apart in the vendors' books by numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from simulators.vendors.dvelop.program import BUCKET
from simulators.vendors.kassomat.books import Assessment, Cashbook
from simulators.vendors.kit import Logged
from simulators.vendors.offercube.books import Invoice
from tests.vendors.asello.samples import RECEIPT
from tests.vendors.kassomat.samples import SENDER
from tests.vendors.trial.errands import Errand
from tests.vendors.trial.shop import Town

LIST = "cost_centers"

MONTHS = 10
"""Returns are for one of the first months of the year."""


def _writes(mark: str) -> Callable[[Logged], bool]:
    """Return what tells requests that send a text."""
    return lambda each: each.method in ("POST", "PUT") and mark.encode() in each.body


def _posts_to(end: str) -> Callable[[Logged], bool]:
    """Return what tells requests that act on something by its address."""
    return lambda each: each.method == "POST" and each.path.endswith(end)


def flexi(town: Town, count: int) -> Iterator[Errand]:
    """Yield cash payments, each of an amount of its own, over four invoices in turn."""
    for number in range(count):
        amount = Decimal(100 + number) / 100
        yield Errand(
            vendor="flexi",
            path="/cash-payments",
            body={
                "invoice": f"code:FV{number % 4 + 1}",
                "amount": f"{amount:.2f}",
                "paid_on": "2026-11-21",
                "remainder": "castecnaUhrada",
            },
            key=f"flexi-{number}",
            effects=partial(_cash_documents, town, amount),
            acts=_writes(f"<castka>{amount:.2f}</castka>"),
        )


def _cash_documents(town: Town, amount: Decimal) -> int:
    return sum(each.amount == amount for each in town.flexi.company.cash)


def cube_pays(town: Town, count: int) -> Iterator[Errand]:
    """Yield payments, each of an invoice of its own."""
    for number in range(count):
        invoice = _invoice(town, 1000 + number)
        yield Errand(
            vendor="offercube",
            path=f"/invoices/{invoice}/pay",
            body={"annotation": f"Beleg {number}"},
            key=f"pay-{number}",
            effects=partial(_of_invoice, town.cube.books.inoutexpenses, invoice),
            acts=_posts_to(f"/invoice/pay/{invoice}"),
        )


def cube_mails(town: Town, count: int) -> Iterator[Errand]:
    """Yield mails, each of an invoice of its own."""
    for number in range(count):
        invoice = _invoice(town, 2000 + number)
        yield Errand(
            vendor="offercube",
            path=f"/invoices/{invoice}/send",
            body={"sendtype": 2, "email": f"customer-{number}@example.at"},
            key=f"mail-{number}",
            effects=partial(_of_invoice, town.cube.books.mails, invoice),
            acts=_posts_to(f"/invoice/send/{invoice}"),
        )


def _invoice(town: Town, number: int) -> int:
    items = (("Brot", 1, 350),)
    town.cube.books.invoices[number] = Invoice(number, str(number), "7", items, "k@example.at")
    return number


def _of_invoice(entries: list[dict[str, Any]], invoice: int) -> int:
    return sum(each["invoice"] == invoice for each in entries)


def returns(town: Town, count: int) -> Iterator[Errand]:
    """Yield test returns, each from a cashbook of its own: one whose outcome is unknown rightly
    holds up the next one of its cashbook, and a second one of a month is a correction."""
    books = town.kassomat.books
    tenant = next(iter(next(iter(books.users.values())).tenants.values()))
    for number in range(count):
        cashbook = books.add_cashbook(tenant, dict(SENDER))
        period = {"year": 2026, "month": number % MONTHS + 1, "mode": "test"}
        sums = {"in_7": 0, "out_7": 0, "in_19": 10_000 + number, "out_19": 0}
        yield Errand(
            vendor="kassomat",
            path="/returns",
            query={"tenant": tenant.id, "cashbook": cashbook.id},
            body=period | sums,
            key=f"return-{number}",
            effects=partial(_filed, cashbook),
            acts=_posts_to(f"{cashbook.id}/assessments"),
        )


def _filed(cashbook: Cashbook) -> int:
    return len(cashbook.assessments)


def receipts(town: Town, count: int) -> Iterator[Errand]:
    """Yield receipts that the cloud signs, each with a reference of its own."""
    for number in range(count):
        reference = f"trial-{number}"
        yield Errand(
            vendor="asello",
            path="/receipts",
            body={**RECEIPT, "reference": reference},
            key=f"create-{number}",
            effects=partial(_documents, town, reference),
            acts=_writes(f'"{reference}"'),
        )


def _documents(town: Town, reference: str) -> int:
    store = town.asello.cloud.store
    return store.number("SELECT count(*) FROM document WHERE reference=?", reference)


def lists(town: Town, count: int) -> Iterator[Errand]:
    """Yield versions of one list of master data, to be sent one after the other."""
    for number in range(count):
        records = [{"nr": "1000", "name": f"version {number}"}, {"nr": f"9{number}", "name": "x"}]
        yield Errand(
            vendor="dvelop",
            path=f"/{LIST}/batch",
            body=records,
            key=f"list-{number}",
            effects=partial(_record, town, f"9{number}"),
            acts=_writes(f'"9{number}"'),
            repeatable=True,
        )


def singles(town: Town, count: int) -> Iterator[Errand]:
    """Yield single records of a person's clicks."""
    for number in range(count):
        yield Errand(
            vendor="dvelop",
            method="PUT",
            path=f"/{LIST}",
            headers={"X-User-Action": "1"},
            body={"nr": f"7{number}", "name": "click"},
            key=f"click-{number}",
            effects=partial(_record, town, f"7{number}"),
            acts=_writes(f'"7{number}"'),
            repeatable=True,
        )


def _record(town: Town, number: str) -> int:
    return int(number in held(town))


def held(town: Town) -> dict[str, str]:
    """Return the names of the list that the vendor holds, by their numbers."""
    return {each["nr"]: each["name"] for each in town.dvelop.data.records(BUCKET, LIST)}


def corrections(town: Town) -> list[Assessment]:
    """Return the returns that the vendor has taken for a correction of an earlier one."""
    return [
        each
        for user in town.kassomat.books.users.values()
        for tenant in user.tenants.values()
        for cashbook in tenant.cashbooks.values()
        for each in cashbook.assessments.values()
        if each.flags["correction"]
    ]


def requests(town: Town) -> dict[str, list[Logged]]:
    """Return what each vendor has received."""
    return {name: stage.log for name, stage in town.stages.items()}
