"""How a receipt ends, and what the page says after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from drivers.contract.printer import Outcome
from tests.printing.harness import PaperOut
from tests.till.harness import line
from tests.web_pages.boxes import SEMMEL, Counter, eventually
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def sell(page: Page, receipt_id: str) -> None:
    """Complete an open receipt, paid exactly."""
    await page.goto(f"/#receipt/{receipt_id}")
    await page.get_by_role("button", name="Bar kassieren").click()
    await page.get_by_role("button", name="Passend").click()
    await page.get_by_role("button", name="Abschließen").click()
    await expect(page.locator("h1")).to_have_text("Abgeschlossen")


async def test_a_receipt_is_aborted_with_a_standard_reason(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL, reference="Tisch 4")
        async with tablet(browser, counter.address) as till:
            page = till.page
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_role("button", name="Abbrechen").click()
            await page.get_by_role("radio", name="Anderswo bezahlt").check()
            await page.get_by_role("button", name="Beleg verwerfen").click()
            await expect(page.locator("h1")).to_have_text("Abgebrochen")
            (aborted,) = counter.shop.events("receipt.aborted")
            assert aborted.data()["reason"] == "Anderswo bezahlt"
            assert aborted.data()["reference"] == "Tisch 4"
            await page.get_by_role("link", name="Zu den offenen Belegen").click()
            await expect(page.locator(".empty")).to_be_visible()


async def test_another_reason_has_to_be_given_in_words(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_role("button", name="Abbrechen").click()
            await page.get_by_role("radio", name="Anderer Grund").check()
            discard = page.get_by_role("button", name="Beleg verwerfen")
            await discard.click()
            await expect(page.locator(".wrong")).to_have_text("Bitte einen Grund angeben.")
            await page.get_by_role("textbox", name="Anderer Grund").fill("Stromausfall")
            await discard.click()
            await expect(page.locator("h1")).to_have_text("Abgebrochen")
            assert counter.shop.events("receipt.aborted")[0].data()["reason"] == "Stromausfall"


async def test_an_abort_that_was_not_meant_changes_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_role("button", name="Abbrechen").click()
            await page.get_by_role("button", name="Nicht abbrechen").click()
            await expect(page.locator("dialog")).to_have_count(0)
            await expect(page.get_by_role("button", name="Abbrechen")).to_be_focused()
            assert counter.shop.receipt(receipt.id) == receipt


async def test_money_that_was_taken_is_named_before_the_receipt_is_discarded(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 8000, "normal"))
        payment = {"kind": "cash", "cents": 3000}
        await counter.shop.do(
            "pay", receipt=receipt.id, rev=receipt.rev, key="paid-in-part", payment=payment
        )
        async with tablet(browser, counter.address) as till:
            await till.page.goto(f"/#receipt/{receipt.id}")
            await till.page.get_by_role("button", name="Abbrechen").click()
            await expect(till.page.locator("dialog .notice")).to_contain_text("€ 30,00")


async def test_a_printed_receipt_says_so_and_a_copy_can_be_had(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await sell(till.page, receipt.id)
            papers = till.page.locator(".paper strong")
            await expect(papers).to_have_text(["Papier: Gedruckt"])
            await till.page.get_by_role("button", name="Kopie drucken").click()
            await expect(papers).to_have_text(["Papier: Gedruckt", "Kopie: Gedruckt"])
            assert counter.printer.papers[-2:] == ["K1 2 sale", "K1 2 sale KOPIE"]


async def test_a_paper_of_which_nobody_knows_asks_to_look(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        await eventually(lambda: bool(counter.printer.papers), "the Startbeleg is printed")
        counter.printer.outcomes = [Outcome.UNKNOWN]
        async with tablet(browser, counter.address) as till:
            page = till.page
            await sell(page, receipt.id)
            paper = page.locator(".paper")
            await expect(paper).to_contain_text("Papier: Unbekannt, ob gedruckt")
            await expect(paper).to_contain_text("Beim Drucker nachsehen.")
            await page.get_by_role("link", name="Zu den offenen Belegen").click()
            notice = page.locator("#strip .notice", has_text="Beleg 2")
            await expect(notice).to_contain_text("Beleg 2: unbekannt, ob gedruckt")
            await notice.get_by_role("link", name="Ansehen").click()
            await page.get_by_role("button", name="Kopie drucken").click()
            await expect(page.locator(".paper.printed")).to_contain_text("Kopie: Gedruckt")
            await expect(notice).to_have_count(0)


async def test_a_printer_without_paper_is_named_and_the_receipt_waits(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        await eventually(lambda: bool(counter.printer.papers), "the Startbeleg is printed")
        counter.printer.trouble = PaperOut("roll is at its end")
        async with tablet(browser, counter.address) as till:
            await sell(till.page, receipt.id)
            await expect(till.page.locator(".paper.due")).to_contain_text("Wartet auf den Drucker")
            chip = till.page.locator(".chip", has_text="Drucker")
            await expect(chip).to_contain_text("gestört")
            notice = till.page.locator("#strip .notice")
            await expect(notice).to_contain_text("Drucker counter: Papier ist aus")
            await expect(notice).to_contain_text("Papier einlegen.")


async def test_an_outage_of_the_card_is_said_plainly_and_selling_goes_on(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        counter.shop.soft[0].damaged = True
        async with tablet(browser, counter.address) as till:
            await sell(till.page, receipt.id)
            await expect(till.page.locator("#seal")).to_have_text(
                "Sicherheitseinrichtung ausgefallen"
            )
            notice = till.page.locator("#strip .notice")
            await expect(notice).to_contain_text("Signaturkarte ausgefallen seit 10:00")
            await expect(notice).to_contain_text("Weiter kassieren")


async def test_a_latched_register_says_why_it_cannot_complete(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        counter.shop.register().latch = "journal_behind: the mirror is ahead"
        async with tablet(browser, counter.address) as till:
            notice = till.page.locator("#strip .notice")
            await expect(notice).to_contain_text("Kasse K1 ist gesperrt")
            await expect(notice).to_contain_text("Techniker")
            await expect(notice).to_contain_text("journal_behind: the mirror is ahead")


async def test_a_receipt_nobody_knows_leads_back_to_the_list(
    browser: Browser, tmp_path: Path
) -> None:
    expected = ("Failed to load resource: the server responded with a status of 404",)
    async with (
        Counter(tmp_path) as counter,
        tablet(browser, counter.address, expected=expected) as till,
    ):
        await till.page.goto("/#receipt/0190-nothing")
        await expect(till.page.locator(".empty h2")).to_have_text("Diesen Beleg gibt es nicht")
        await till.page.get_by_role("link", name="Zu den offenen Belegen").click()
        await expect(till.page.locator(".empty h2")).to_have_text("Kein offener Beleg")
