"""The pages about vendors: what a person of the back office sees and decides."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bridge.health import Level
from bridge.model.exchange import VendorView
from bridge.vendors.engine.faults import OutcomeUnknown, VendorUnreachable
from tests.web_api.fake_vendors import FakeVendors, unknown_run
from tests.web_pages.boxes import TECHNICIAN, Counter
from tests.web_pages.browser import Language, tablet
from tests.web_pages.vendor_views import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

CANARY = "<img src=x onerror=window.pwned=1>"


@asynccontextmanager
async def office(
    browser: Browser,
    folder: Path,
    vendors: FakeVendors | None,
    *,
    language: Language = "de",
    expected: tuple[str, ...] = (),
) -> AsyncIterator[tuple[Page, Counter]]:
    """Sit in the back office of a shop, signed in."""
    async with (
        Counter(folder, open_loopback=False, vendors=vendors) as counter,
        tablet(browser, counter.address, language=language, expected=expected) as desk,
    ):
        await desk.sign_in(TECHNICIAN)
        yield desk.page, counter


async def visit(page: Page, path: str) -> None:
    """Go to a page and wait until its script answers."""
    await page.goto(path)
    await page.locator("body[data-started]").wait_for()


async def test_open_questions_come_first_and_a_decision_is_asked_twice(
    browser: Browser, tmp_path: Path
) -> None:
    vendors = Office()
    async with office(browser, tmp_path, vendors) as (page, _):
        await page.get_by_role("link", name="Anbieter").click()
        await expect(page.locator("#board h2").first).to_contain_text("Offene Fragen 1")
        await page.locator("body[data-started]").wait_for()
        question = page.locator("[data-question='0192fa1']")
        await expect(question).to_contain_text("Rechnung bar bezahlen")
        await expect(question).to_contain_text("ABRA Flexi · seit 09:49")
        await expect(question).to_contain_text("code:FV1-0042/2026")
        await expect(question).to_contain_text("1.240,50")
        await question.get_by_role("button", name="Ist geschehen").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Als geschehen abschließen?")
        await expect(dialog).to_contain_text("code:FV1-0042/2026")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        assert not vendors.resolved
        await question.get_by_role("button", name="Ist nicht geschehen").click()
        await dialog.get_by_label("Woher wissen Sie das?").fill("Im Flexi  nachgesehen ")
        await dialog.get_by_role("button", name="Ja, es ist nicht geschehen").click()
        await expect(page.locator("#toasts")).to_contain_text("abgeschlossen")
        await expect(question).to_have_count(0)
        await expect(page.locator("#questions")).to_have_count(0)
        assert vendors.resolved == [
            {"run": "0192fa1", "done": False, "note": "Im Flexi nachgesehen", "by": "service"}
        ]


async def test_a_run_is_decided_on_its_own_page_as_well(browser: Browser, tmp_path: Path) -> None:
    vendors = Office()
    async with office(browser, tmp_path, vendors) as (page, _):
        await visit(page, "/vendors")
        await page.locator(".run-row", has_text="ungeklärt").click()
        await expect(page.locator("h1")).to_have_text("Rechnung bar bezahlen")
        await page.locator("body[data-started]").wait_for()
        await page.get_by_role("button", name="Ist geschehen").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Rechnung bar bezahlen")
        await dialog.get_by_role("button", name="Ja, es ist geschehen").click()
        state = page.locator("[data-state]")
        await expect(state.locator("h2")).to_have_text("erledigt")
        await expect(state).to_contain_text("Entschieden als geschehen, von service")
        await expect(page.locator("[data-action=resolve]")).to_have_count(0)


async def test_who_comes_too_late_is_told_and_changes_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    vendors = Office()
    refused = ("Failed to load resource: the server responded with a status of 409",)
    async with office(browser, tmp_path, vendors, expected=refused) as (page, _):
        await visit(page, "/vendors")
        await page.get_by_role("button", name="Ist geschehen").click()
        await vendors.resolve("0192fa1", done=False, note="", by="colleague")
        await page.get_by_role("button", name="Ja, es ist geschehen").click()
        alert = page.get_by_role("dialog").get_by_role("alert")
        await expect(alert).to_contain_text("Dafür ist der Vorgang im falschen Zustand")
        assert [each["by"] for each in vendors.resolved] == ["colleague"]


async def test_orders_are_chosen_by_vendor_and_state(browser: Browser, tmp_path: Path) -> None:
    async with office(browser, tmp_path, Office()) as (page, _):
        await visit(page, "/vendors")
        rows = page.locator(".run-row")
        await expect(rows).to_have_count(8)
        await page.get_by_label("Anbieter", exact=True).select_option("flexi")
        await expect(rows).to_have_count(4)
        await page.get_by_label("Stand", exact=True).select_option("failed")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("code:FV1-0039/2026")
        assert page.url.endswith("/vendors?vendor=flexi&state=failed")
        await page.reload()
        await page.locator("body[data-started]").wait_for()
        await expect(rows).to_have_count(1)
        await expect(page.get_by_label("Stand", exact=True)).to_have_value("failed")
        await page.get_by_label("Anbieter", exact=True).select_option("dvelop")
        await expect(page.locator("#board")).to_contain_text("Keine Aufträge.")
        # What is open is never hidden by the choice.
        await expect(page.locator(".questions > li")).to_have_count(1)
        await visit(page, "/vendors?vendor=%27%22&state=nonsense")
        await expect(rows).to_have_count(8)


async def test_what_waits_is_taken_back(browser: Browser, tmp_path: Path) -> None:
    vendors = Office()
    async with office(browser, tmp_path, vendors) as (page, _):
        await visit(page, "/vendors/runs/0192fa2")
        await expect(page.locator("#board")).to_contain_text("Nächster Versuch")
        await page.get_by_role("button", name="Zurückziehen").click()
        assert not vendors.withdrawn
        await page.get_by_role("dialog").get_by_role("button", name="Auftrag zurückziehen").click()
        await page.wait_for_url("**/vendors")
        assert vendors.withdrawn == ["0192fa2"]
        await expect(page.locator(".run-row", has_text="20.00")).to_have_count(0)


async def test_a_run_shows_the_answer_the_warnings_and_the_reason(
    browser: Browser, tmp_path: Path
) -> None:
    async with office(browser, tmp_path, Office()) as (page, _):
        await visit(page, "/vendors/runs/0192fa6")
        board = page.locator("#board")
        await expect(board).to_contain_text("Der Anbieter lehnt ab")
        await expect(board.locator(".warnings")).to_have_text("castka has three decimals")
        await expect(board.locator("pre")).to_contain_text("invoice is paid already")
        await visit(page, "/vendors/runs/0192fa7")
        await expect(board.locator("pre")).to_contain_text("code:P-0815")


async def test_a_run_that_is_not_there_is_said_in_words(browser: Browser, tmp_path: Path) -> None:
    missing = ("Failed to load resource: the server responded with a status of 404",)
    async with office(browser, tmp_path, Office(), expected=missing) as (page, _):
        answer = await page.goto("/vendors/runs/nothing")
        assert answer is not None
        assert answer.status == 404
        await expect(page.locator("h1")).to_have_text("Diesen Vorgang gibt es nicht")


async def test_the_page_keeps_fresh_while_somebody_types(browser: Browser, tmp_path: Path) -> None:
    vendors = Office()
    async with office(browser, tmp_path, vendors) as (page, counter):
        await visit(page, "/vendors")
        await page.get_by_role("button", name="Ist geschehen").click()
        note = page.get_by_role("dialog").get_by_label("Woher wissen Sie das?")
        await note.fill("Im Flexi")
        vendors.known["new"] = unknown_run("new", summary={"invoice": "FV-NEW"})
        counter.shop.board.report("vendor:flexi", Level.DEGRADED, "ready", unknown=2)
        await expect(page.locator(".questions > li")).to_have_count(2)
        await expect(note).to_have_value("Im Flexi")
        await expect(note).to_be_focused()


async def test_the_status_page_names_a_vendor_and_leads_to_its_page(
    browser: Browser, tmp_path: Path
) -> None:
    async with office(browser, tmp_path, Office()) as (page, counter):
        fault = VendorUnreachable("connection refused")
        counter.shop.board.report("vendor:flexi", Level.FAILED, "waiting", fault)
        await visit(page, "/status")
        part = page.locator("[data-part='vendor:flexi']")
        await expect(part.locator("h2")).to_have_text("Anbieter ABRA Flexi")
        await expect(part).to_contain_text(VendorUnreachable.advice.de)
        counter.shop.board.report("settlement:flexi", Level.DEGRADED, "by_hand", fault)
        settlement = page.locator("[data-part='settlement:flexi']")
        await expect(settlement.locator("h2")).to_have_text("Rechnungszahlungen ABRA Flexi")
        await expect(settlement).to_contain_text("von Hand")
        await part.get_by_role("link", name="Ansehen").click()
        await expect(page.locator("h1")).to_have_text("Anbieter")


async def test_the_till_hears_of_trouble_but_orders_are_for_the_office(
    browser: Browser, tmp_path: Path
) -> None:
    forbidden = ("Failed to load resource: the server responded with a status of 403",)
    vendors = Office()
    async with (
        Counter(tmp_path, vendors=vendors) as counter,
        tablet(browser, counter.address, expected=forbidden) as till,
    ):
        page = till.page
        counter.shop.board.report("vendor:flexi", Level.DEGRADED, "ready", OutcomeUnknown("1 run"))
        await expect(page.locator("#strip")).to_contain_text("Anbieter ABRA Flexi: Niemand weiß")
        await expect(page.get_by_role("link", name="Anbieter")).to_have_count(0)
        await visit(page, "/status")
        await expect(page.locator("[data-part='vendor:flexi']")).to_be_visible()
        await expect(page.locator("a[href='/vendors']")).to_have_count(0)
        for path in ("", "/board", "/runs/0192fa1", "/runs/0192fa1/board"):
            answer = await page.request.get(f"{counter.address}/vendors{path}")
            assert answer.status == 403
            assert "FV1-0042" not in await answer.text()
        await visit(page, "/vendors")
        await expect(page.locator("h1")).to_have_text("Das ist Ihnen nicht erlaubt")
        assert not vendors.asked


async def test_a_box_without_vendors_says_so_and_has_no_link(
    browser: Browser, tmp_path: Path
) -> None:
    async with office(browser, tmp_path, None) as (page, _):
        await expect(page.locator("a[href='/vendors']")).to_have_count(0)
        await visit(page, "/vendors")
        await expect(page.locator(".empty")).to_contain_text("Kein Anbieter ist eingerichtet.")


async def test_texts_of_vendors_are_shown_as_texts(browser: Browser, tmp_path: Path) -> None:
    vendors = FakeVendors()
    vendors.views["flexi"] = VendorView(
        name="flexi",
        title=CANARY,
        level="failed",
        phase=CANARY,
        fault=VendorUnreachable(CANARY).as_problem("de"),
        facts={CANARY: CANARY},
        operations=({"name": "pay", "title": CANARY},),
    )
    run = unknown_run(summary={CANARY: CANARY, "invoice": [CANARY]}, order=CANARY, key=CANARY)
    vendors.known["run-1"] = dataclasses.replace(
        run,
        problem=OutcomeUnknown(CANARY).as_problem("de"),
        result={"vendor_body": CANARY},
        warnings=({"code": CANARY, "text": CANARY},),
    )
    async with office(browser, tmp_path, vendors) as (page, counter):
        counter.shop.board.report("vendor:flexi", Level.FAILED, CANARY, VendorUnreachable(CANARY))
        for path in ("/status", "/vendors", "/vendors/runs/run-1"):
            await visit(page, path)
            await expect(page.locator("#board")).to_contain_text(CANARY)
            assert await page.locator("#board img, script:not([src])").count() == 0
        await page.get_by_role("button", name="Ist geschehen").click()
        await expect(page.get_by_role("dialog")).to_contain_text(CANARY)
        assert await page.locator("img").count() == 0
        assert await page.evaluate("window.pwned") is None


async def test_an_english_browser_sees_english_throughout(browser: Browser, tmp_path: Path) -> None:
    async with office(browser, tmp_path, Office(), language="en") as (page, _):
        await page.get_by_role("link", name="Vendors").click()
        await expect(page.locator("#board h2").first).to_contain_text("Open questions 1")
        await page.locator("body[data-started]").wait_for()
        await expect(page.locator(".questions")).to_contain_text("Pay an invoice in cash")
        await expect(page.locator("[data-vendor=kassomat]")).to_contain_text(
            "The vendor refuses the log-in"
        )
        await page.get_by_role("button", name="It did not happen").click()
        await expect(page.get_by_role("dialog")).to_contain_text("How do you know?")


async def test_a_lost_connection_is_said_and_decides_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    vendors = Office()
    lost = ("Failed to load resource: net::ERR",)
    async with office(browser, tmp_path, vendors, expected=lost) as (page, counter):
        await visit(page, "/vendors")
        await page.get_by_role("button", name="Ist geschehen").click()
        await counter.hang_up()
        await page.get_by_role("button", name="Ja, es ist geschehen").click()
        alert = page.get_by_role("dialog").get_by_role("alert")
        await expect(alert).to_contain_text("Keine Verbindung")
        await expect(page.locator(".lost")).to_be_visible()
        assert not vendors.resolved
