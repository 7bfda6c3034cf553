"""A walk past every view of the pages about vendors, for audits and pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, Page

from bridge.health import Level
from bridge.model.exchange import RunView, VendorView
from bridge.vendors.engine.faults import (
    NeedsDecision,
    OutcomeUnknown,
    VendorAuthFailed,
    VendorRejected,
)
from tests.web_api.fake_vendors import FakeVendors
from tests.web_pages.boxes import TECHNICIAN, Counter
from tests.web_pages.browser import Language, tablet

NOW = 1_795_251_600_000
"""The clock of the shop: 21 November 2026, 10:00 in Vienna (UTC ms)."""

MINUTE = 60_000

TITLES = {
    "de": {
        "pay": "Rechnung bar bezahlen",
        "return": "Umsatzsteuer-Voranmeldung senden",
        "batch": "Stammdatenliste senden",
        "mail": "Rechnung per E-Mail senden",
    },
    "en": {
        "pay": "Pay an invoice in cash",
        "return": "Send the VAT return",
        "batch": "Send a list of master data",
        "mail": "Send an invoice by e-mail",
    },
}


class Office(FakeVendors):
    """Four vendors in every state, with titles in the language asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.known = {each.id: each for each in _runs("de")}

    def vendors(self, language: str) -> tuple[VendorView, ...]:
        asked = self._operations(language)
        refused = VendorAuthFailed("status 401 at the log-in, 3 of 3 tries")
        return (
            VendorView(
                name="flexi",
                title="ABRA Flexi",
                level="degraded",
                phase="ready",
                since=NOW - 12 * MINUTE,
                queued=2,
                unknown=sum(each.state == "unknown" for each in self.known.values()),
                fault=OutcomeUnknown("1 run").as_problem(language),
                facts={"queued": 2, "unknown": 1, "company": "demo_gmbh"},
                operations=asked,
            ),
            VendorView(
                name="kassomat",
                title="kassomat",
                level="failed",
                phase="waiting",
                since=NOW - 95 * MINUTE,
                fault=refused.as_problem(language),
                operations=asked,
            ),
            VendorView(
                name="dvelop",
                title="d.velop smart invoice",
                level="ok",
                phase="ready",
                since=NOW - 3 * 24 * 60 * MINUTE,
                queued=1,
                facts={"last_job": "successful"},
                operations=asked,
            ),
            VendorView(
                name="offercube",
                title="offer-cube",
                level="ok",
                phase="ready",
                since=NOW - 30 * MINUTE,
                operations=asked,
            ),
        )

    async def runs(self, **asked: Any) -> list[RunView]:
        self.known |= {
            each.id: each
            for each in _runs(asked["language"])
            if each.id in self.known and self.known[each.id].state == each.state
        }
        return list(await super().runs(**asked))

    def _operations(self, language: str) -> tuple[dict[str, Any], ...]:
        return tuple(
            {"name": name, "class": "once", "title": title}
            for name, title in TITLES[language].items()
        )


def _runs(language: str) -> list[RunView]:
    def run(name: str, vendor: str, operation: str, state: str, ago: int, **more: Any) -> RunView:
        at = NOW - ago * MINUTE
        fields: dict[str, Any] = {"kind": "once", "key": f"till-{name}", "tries": 1, **more}
        return RunView(
            id=f"0192f{name}", vendor=vendor, operation=operation, state=state,
            created=at, changed=at + MINUTE, **fields,
        )  # fmt: skip

    amount = "1.240,50" if language == "de" else "1240.50"
    rejected = VendorRejected(
        "status 400", vendor_status=400, vendor_body={"message": "invoice is paid already"}
    )
    return [
        run("a1", "flexi", "pay", "unknown", 12,
            order="faktura-vydana/FV1-0042/2026",
            summary={"invoice": "code:FV1-0042/2026", "amount": amount, "currency": "EUR",
                     "paying_document": "ext:BONBRIDGE:5e1f2f9c8f7d4c3b"},
            problem=OutcomeUnknown("no answer, and the question after it was not answered either")
            .as_problem(language)),
        run("a2", "flexi", "pay", "queued", 10, tries=3, due=NOW + 2 * MINUTE,
            order="faktura-vydana/FV1-0042/2026",
            summary={"invoice": "code:FV1-0042/2026", "amount": "20.00", "in_flexi": "not yet"}),
        run("a3", "kassomat", "return", "waiting", 6,
            summary={"period": "2026-10", "mode": "real"}),
        run("a4", "dvelop", "batch", "sending", 0,
            summary={"entity": "vendors", "records": 1250, "merged": True}),
        run("a5", "offercube", "mail", "failed", 50, summary={"invoice": "R-881", "sendtype": "2"},
            problem=NeedsDecision("older than 24 h").as_problem(language)),
        run("a6", "flexi", "pay", "failed", 70, summary={"invoice": "code:FV1-0039/2026"},
            problem=rejected.as_problem(language),
            warnings=({"code": "rounded", "text": "castka has three decimals"},)),
        run("a7", "flexi", "pay", "succeeded", 90, kind="keyed",
            summary={"invoice": "code:FV1-0038/2026", "amount": "99.90"},
            result={"vendor_status": 201, "vendor_body": {"success": True, "id": "1127"},
                    "cash_document": "code:P-0815"}),
        run("a8", "offercube", "mail", "succeeded", 2000, summary={"invoice": "R-880"},
            resolved={"outcome": "done", "by": "Büro", "note": "Kundin hat sie bekommen",
                      "time": NOW}),
    ]  # fmt: skip


async def vendor_views(
    browser: Browser, counter: Counter, size: tuple[int, int], language: Language
) -> AsyncIterator[tuple[str, Page]]:
    """Yield each view by name once it is shown. The box has ``Office`` and wants a sign-in."""
    board = counter.shop.board
    board.report("vendor:flexi", Level.DEGRADED, "ready", OutcomeUnknown("1 run"), queued=2)
    board.report("vendor:dvelop", Level.OK, "ready")
    async with tablet(browser, counter.address, language=language, size=size) as office:
        page = office.page
        await office.sign_in(TECHNICIAN)
        await page.locator(".chips").wait_for()
        yield "vendors-till", page
        await page.goto("/status")
        await page.locator("[data-part='vendor:flexi']").wait_for()
        yield "vendors-status", page
        await page.goto("/vendors")
        await page.locator("body[data-started] .questions").wait_for()
        yield "vendors", page
        await page.locator(".runs").scroll_into_view_if_needed()
        yield "vendors-runs", page
        for outcome in ("done", "not_done"):
            await page.locator(f"[data-outcome={outcome}]").click()
            await page.locator("dialog[open]").wait_for()
            yield f"vendors-{outcome}", page
            await page.keyboard.press("Escape")
            await page.locator("dialog").wait_for(state="detached")
        for name in ("a1", "a2", "a6", "a7", "a8"):
            await page.goto(f"/vendors/runs/0192f{name}")
            await page.locator("[data-state]").wait_for()
            yield f"vendors-run-{name}", page
    async with tablet(
        browser, counter.address, language=language, size=size, expected=("Failed to load",)
    ) as till:
        await till.sign_in()
        await till.page.goto("/vendors")
        await till.page.locator(".refused").wait_for()
        yield "vendors-refused", till.page
