"""Paying a vendor's open invoice at the till: found, put on the receipt, paid, reported."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.web_pages.boxes import SEMMEL, Counter, eventually
from tests.web_pages.browser import tablet
from tests.web_pages.settle_counter import settling

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = ("Failed to load resource: the server responded with a status of",)


async def ask(page: Page) -> Locator:
    """Open the dialog and return it."""
    await page.get_by_role("button", name="Rechnung bezahlen").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Rechnungsnummer")).to_be_focused()
    return dialog


async def scan(page: Page, number: str) -> None:
    """Type a number and Enter, as a scanner does."""
    await page.keyboard.type(number)
    await page.keyboard.press("Enter")


async def test_an_invoice_is_scanned_paid_and_reported(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        page = till.page
        dialog = await ask(page)
        await scan(page, "FV1")
        card = dialog.locator(".invoice")
        await expect(card).to_contain_text("Rechnung FV1")
        await expect(card).to_contain_text("Müller & Sohn")
        await expect(card.locator(".pairs dd")).to_have_text(
            ["Müller & Sohn", "€\u00a01.000,00", "€\u00a01.000,00"]
        )
        amount = dialog.get_by_label("Betrag")
        await expect(amount).to_be_focused()
        await expect(amount).to_have_value("1000,00")
        # Nothing is opened before it is known that there is something to pay.
        assert not s.box.open_receipts()
        await page.keyboard.press("Enter")
        await expect(page.locator(".line-name")).to_have_text("Zahlung Rechnung FV1")
        await expect(page.locator(".line-invoice")).to_have_text("Rechnung FV1 · ABRA Flexi")
        await expect(page.locator("#total")).to_have_text("€\u00a01.000,00")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("button", name="Bar kassieren").click()
        await page.get_by_role("button", name="Passend").click()
        await page.get_by_role("button", name="Abschließen").click()
        facts = page.locator(".result-facts")
        await expect(facts).to_contain_text("Rechnung FV1 · ABRA Flexi")
        await expect(page.locator(".result")).to_contain_text("von selbst an ABRA Flexi")
        await eventually(lambda: s.invoice("FV1").open == 0, "Flexi knows of the payment")
        (sale,) = s.box.completed()
        assert sale["lines"][0]["settles"] == {
            "vendor": "flexi",
            "invoice": "FV1",
            "kind": "issued",
        }
        assert sale["totals"] == {"zero": 100_000}


async def test_part_of_an_invoice_is_paid_beside_other_things(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        page = till.page
        receipt = await s.box.push(SEMMEL)
        await page.locator(f"a[href='#receipt/{receipt.id}']").click()
        dialog = await ask(page)
        await scan(page, "FV-GREW")
        await expect(dialog.locator(".badge")).to_have_text("teilweise bezahlt")
        # The first digit replaces the open amount.
        await page.keyboard.type("50,5")
        await expect(dialog).to_contain_text("Teilzahlung: €\u00a0149,50 bleiben offen.")
        await page.keyboard.press("Enter")
        await expect(page.locator(".line-name")).to_have_text(
            ["Semmel", "Zahlung Rechnung FV-GREW"]
        )
        assert [each.cents for each in s.lines()] == [90, 5050]
        # One piece of a fixed amount: it can only be removed.
        line = page.locator(".line").nth(1)
        await expect(line.get_by_role("button")).to_have_count(1)
        await line.get_by_role("button", name="Entfernen: Zahlung Rechnung FV-GREW").click()
        await expect(page.locator(".line")).to_have_count(1)


async def test_more_than_is_open_cannot_be_taken(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        page = till.page
        dialog = await ask(page)
        await scan(page, "FV3")
        await expect(dialog.get_by_label("Betrag")).to_be_focused()
        add = dialog.get_by_role("button", name="Auf den Beleg")
        for wrong, told in (
            ("300,01", "Offen sind nur €\u00a0300,00. Bitte nicht mehr kassieren."),
            ("0", "Bitte einen Betrag wie 12,50 eingeben."),
            ("-5", "Bitte einen Betrag wie 12,50 eingeben."),
            ("viel", "Bitte einen Betrag wie 12,50 eingeben."),
        ):
            await dialog.get_by_label("Betrag").fill(wrong)
            await expect(add).to_be_disabled()
            await expect(dialog.locator("#settle-why")).to_have_text(told)
        await dialog.get_by_label("Betrag").fill("300")
        await expect(add).to_be_enabled()
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        assert not s.box.open_receipts()


async def test_what_cannot_be_paid_is_said_and_the_next_number_is_taken(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=REFUSED) as till:
        s.invoice("FV2").paid = Decimal("600.00")
        s.invoice("FV4").currency = "CZK"
        page = till.page
        dialog = await ask(page)
        for number, badge, told in (
            ("FV2", "bezahlt", "schon bezahlt"),
            ("FV-STORNO", "storniert", "ist storniert"),
            ("FV-LOCKED", "offen", "in ABRA Flexi gesperrt"),
            ("FV4", "offen", "lautet auf CZK"),
            ("NIE-GESEHEN", None, "ABRA Flexi kennt keine Rechnung NIE-GESEHEN"),
            ("x:1", None, "ABRA Flexi kennt keine Rechnung x:1"),
        ):
            # The number before is marked, so that it is replaced.
            await scan(page, number)
            await expect(dialog.get_by_role("alert")).to_contain_text(told)
            await expect(dialog.locator(".invoice .badge")).to_have_text([badge] if badge else [])
            await expect(dialog.get_by_role("button", name="Auf den Beleg")).to_be_disabled()
            await expect(dialog.get_by_label("Betrag")).to_have_count(0)
            await page.keyboard.press("Enter")
            await expect(dialog.get_by_label("Rechnungsnummer")).to_be_focused()
        await scan(page, "FV1")
        await expect(dialog.get_by_label("Betrag")).to_have_value("1000,00")
        assert not s.box.open_receipts()


async def test_digits_are_the_number_on_the_invoice(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        # 1130 is Flexi's own number of another invoice.
        s.invoice("FV3").kod = "1130"
        dialog = await ask(till.page)
        await scan(till.page, "1130")
        await expect(dialog.get_by_label("Betrag")).to_have_value("300,00")
        await dialog.get_by_role("button", name="Auf den Beleg").click()
        await expect(till.page.locator(".line-name")).to_have_text("Zahlung Rechnung 1130")
        assert s.invoice("1130").id == 1132


async def test_a_number_goes_to_the_vendor_as_it_is(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=REFUSED) as till:
        s.invoice("FV3").kod = "Ö-17 $&?#%"
        dialog = await ask(till.page)
        await scan(till.page, "2026/17")
        await expect(dialog.get_by_role("alert")).to_be_visible()
        assert s.stage.log[0].target.endswith("/code:2026%2F17.json")
        await scan(till.page, " Ö-17 $&?#% ")
        await expect(dialog.get_by_label("Betrag")).to_have_value("300,00")
        await till.page.keyboard.press("Enter")
        await expect(till.page.locator(".line-name")).to_have_text("Zahlung Rechnung Ö-17 $&?#%")


async def test_without_a_number_nothing_is_asked(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        dialog = await ask(till.page)
        for number in ("", "  ", "..", "/"):
            await dialog.get_by_label("Rechnungsnummer").fill(number)
            await till.page.keyboard.press("Enter")
            await expect(dialog.get_by_role("alert")).to_have_text(
                "Bitte die Rechnungsnummer eingeben."
            )
        assert not s.stage.log


async def test_the_same_invoice_comes_on_a_receipt_once(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        page = till.page
        await ask(page)
        await scan(page, "FV1")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Auf den Beleg").click()
        await expect(page.locator(".line")).to_have_count(1)
        await ask(page)
        await scan(page, "code:FV1")
        await expect(dialog.get_by_role("alert")).to_contain_text("steht schon auf dem Beleg")
        await expect(dialog.get_by_role("button", name="Auf den Beleg")).to_be_disabled()
        assert len(s.lines()) == 1


async def test_while_flexi_is_gone_the_amount_is_typed_and_its_report_waits(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=REFUSED) as till:
        page = till.page
        dialog = await ask(page)
        await scan(page, "FV1")
        await expect(dialog.get_by_label("Betrag")).to_have_value("1000,00")
        await s.stage.down()
        await dialog.get_by_label("Rechnungsnummer").fill("FV2")
        await page.keyboard.press("Enter")
        alert = dialog.get_by_role("alert")
        await expect(alert).to_contain_text("ABRA Flexi: Der Anbieter ist nicht erreichbar")
        await expect(alert).to_contain_text("Die Rechnung wurde nicht geprüft.")
        await expect(dialog.get_by_label("Betrag")).to_be_focused()
        await expect(dialog.get_by_label("Betrag")).to_have_value("")
        await dialog.get_by_label("Betrag").fill("600")
        await dialog.get_by_role("button", name="Auf den Beleg").click()
        await expect(page.locator("#total")).to_have_text("€\u00a0600,00")
        await page.get_by_role("button", name="Bar kassieren").click()
        await page.get_by_role("button", name="Passend").click()
        await page.get_by_role("button", name="Abschließen").click()
        await expect(page.locator("h1")).to_have_text("Abgeschlossen")
        # The report waits until Flexi is back.
        run = await s.ordered()
        assert run.state == "queued"
        assert (run.summary["invoice"], run.summary["amount"]) == ("code:FV2", "600.00")


async def test_who_looks_again_gets_the_answer_that_is_there_now(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=REFUSED) as till:
        await s.stage.down()
        dialog = await ask(till.page)
        await scan(till.page, "FV2")
        await expect(dialog.get_by_role("alert")).to_be_visible()
        await s.stage.up()
        await dialog.get_by_role("button", name="Noch einmal suchen").click()
        await expect(dialog.get_by_label("Betrag")).to_have_value("600,00")


async def test_no_answer_at_all_is_said_and_the_amount_is_typed(
    browser: Browser, tmp_path: Path
) -> None:
    lost = ("Failed to load resource: net::ERR",)
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=lost) as till:
        await till.page.route("**/invoices/**", lambda route: route.abort())
        dialog = await ask(till.page)
        await scan(till.page, "FV2")
        alert = dialog.get_by_role("alert")
        await expect(alert).to_contain_text("ABRA Flexi ist gerade nicht erreichbar.")
        await dialog.get_by_label("Betrag").fill("12,5")
        await dialog.get_by_role("button", name="Auf den Beleg").click()
        await expect(till.page.locator("#total")).to_have_text("€\u00a012,50")


async def test_another_number_makes_what_was_found_void(browser: Browser, tmp_path: Path) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        dialog = await ask(till.page)
        await scan(till.page, "FV1")
        await expect(dialog.locator(".invoice")).to_be_visible()
        await dialog.get_by_label("Rechnungsnummer").press_sequentially("0")
        await expect(dialog.locator(".invoice")).to_have_count(0)
        await expect(dialog.get_by_role("button", name="Rechnung suchen")).to_be_enabled()
        assert len(s.stage.log) == 1


async def test_an_answer_that_comes_late_counts_for_its_own_number_only(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        s.stage.fault("delay", delay_s=1.0)
        dialog = await ask(till.page)
        await scan(till.page, "FV1")
        await expect(dialog.get_by_role("button", name="Wird gesucht …")).to_be_disabled()
        await dialog.get_by_label("Rechnungsnummer").fill("FV3")
        await till.page.keyboard.press("Enter")
        await expect(dialog.locator(".invoice-head strong")).to_have_text("Rechnung FV3")
        await eventually(lambda: len(s.stage.log) == 2, "both questions were asked")
        await expect(dialog.get_by_label("Betrag")).to_have_value("300,00")


async def test_a_vendor_without_look_up_is_told_number_and_amount(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        settling(tmp_path, vendors=("flexi", "offercube")) as s,
        tablet(browser, s.box.address) as till,
    ):
        page = till.page
        dialog = await ask(page)
        await dialog.get_by_label("offer-cube").check()
        await expect(dialog).to_contain_text("Nummer der Rechnung in offer-cube")
        await expect(dialog.get_by_label("Rechnungsnummer")).to_be_focused()
        await scan(page, "18")
        # A scanner's Enter leads on to the amount.
        await expect(dialog.get_by_label("Betrag")).to_be_focused()
        assert not s.box.open_receipts()
        for key in ("4", "2"):
            await dialog.locator(".digits").get_by_role("button", name=key, exact=True).click()
        await dialog.get_by_role("button", name="Auf den Beleg").click()
        await expect(page.locator(".line-invoice")).to_have_text("Rechnung 18 · offer-cube")
        (line,) = s.lines()
        assert (line.cents, line.settles and line.settles.vendor) == (4200, "offercube")
        assert not s.stage.log
        # The vendor that was chosen last comes first the next time.
        await ask(page)
        await expect(dialog.locator("input[value=offercube]")).to_be_checked()


async def test_where_no_vendor_settles_nothing_of_it_is_shown(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path, settles=()) as s, tablet(browser, s.box.address) as till:
        receipt = await s.box.push(SEMMEL)
        await till.page.locator(f"a[href='#receipt/{receipt.id}']").click()
        await expect(till.page.locator(".foot-tools")).to_be_visible()
        await expect(till.page.get_by_role("button", name="Rechnung bezahlen")).to_have_count(0)
    async with Counter(tmp_path / "bare") as bare, tablet(browser, bare.address) as till:
        await expect(till.page.get_by_role("button", name="Neuer Beleg")).to_be_visible()
        await expect(till.page.get_by_role("button", name="Rechnung bezahlen")).to_have_count(0)


async def test_an_english_page_puts_the_line_in_the_language_of_the_receipts(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address, language="en") as till:
        await till.page.get_by_role("button", name="Pay an invoice").click()
        dialog = till.page.get_by_role("dialog")
        await expect(dialog.get_by_label("Invoice number")).to_be_focused()
        await scan(till.page, "FV1")
        await expect(dialog.get_by_label("Amount")).to_have_value("1000.00")
        await expect(dialog.locator(".badge")).to_have_text("open")
        await dialog.get_by_role("button", name="Put on the receipt").click()
        await expect(till.page.locator(".line-name")).to_have_text("Zahlung Rechnung FV1")
        await expect(till.page.locator(".line-invoice")).to_have_text("Invoice FV1 · ABRA Flexi")


async def test_texts_of_the_vendor_are_shown_as_texts(browser: Browser, tmp_path: Path) -> None:
    canary = "<img src=x onerror=window.pwned=1>"
    async with settling(tmp_path) as s, tablet(browser, s.box.address, expected=REFUSED) as till:
        page = till.page
        invoice = s.invoice("FV1")
        invoice.kod, invoice.name = canary, f"\"'>{canary}{{{{7*7}}}}{{vendor}}"
        dialog = await ask(page)
        await scan(page, f"{canary}!")
        await expect(dialog.get_by_role("alert")).to_contain_text(f"keine Rechnung {canary}!")
        await scan(page, canary)
        await expect(dialog.locator(".invoice")).to_contain_text(invoice.name)
        await page.keyboard.press("Enter")
        await expect(page.locator(".line-invoice")).to_contain_text(canary)
        assert await page.evaluate("window.pwned") is None
        assert await page.locator("img, script:not([src])").count() == 0


async def test_a_receipt_that_another_device_changed_closes_the_dialog(
    browser: Browser, tmp_path: Path
) -> None:
    async with settling(tmp_path) as s, tablet(browser, s.box.address) as till:
        receipt = await s.box.push(SEMMEL)
        await till.page.locator(f"a[href='#receipt/{receipt.id}']").click()
        dialog = await ask(till.page)
        await scan(till.page, "FV1")
        await expect(dialog.locator(".invoice")).to_be_visible()
        await s.box.shop.do("add_line", receipt=receipt.id, rev=receipt.rev, line=SEMMEL)
        await expect(till.page.locator(".notice.told")).to_contain_text("Ein anderes Gerät")
        await expect(dialog).to_have_count(0)
        assert all(each.settles is None for each in s.lines())
