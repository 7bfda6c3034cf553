"""Working on one receipt: lines, amounts, discount, cash."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.till.harness import line
from tests.web_pages.boxes import KAFFEE, SEMMEL, Counter, eventually
from tests.web_pages.browser import tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def type_digits(page: Page, digits: str) -> None:
    """Tap keys of the pad that is in sight, as a finger would."""
    pad = page.locator("dialog[open] .digits, body:not(:has(dialog[open])) .digits")
    for digit in digits:
        await pad.get_by_role("button", name=digit, exact=True).click()


async def look_at(page: Page, receipt_id: str) -> None:
    """Open a receipt from the list."""
    await page.locator(f"a[href='#receipt/{receipt_id}']").click()
    await expect(page.locator(".sale")).to_be_visible()


async def test_quantity_steps_reach_the_till_however_fast_they_are_tapped(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            more = till.page.get_by_role("button", name="Menge erhöhen: Semmel")
            for _ in range(7):
                await more.click(no_wait_after=True)
            await till.page.get_by_role("button", name="Menge verringern: Semmel").click()
            await expect(till.page.locator("#total")).to_have_text("€ 3,60")
            await eventually(
                lambda: counter.shop.receipt(receipt.id).lines[0].quantity == 8000,
                "eight rolls in the till",
            )


async def test_the_last_piece_is_taken_away_by_removing_the_line_only(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(KAFFEE, SEMMEL)
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            less = till.page.get_by_role("button", name="Menge verringern: Großer Brauner")
            await expect(less).to_be_disabled()
            await till.page.get_by_role("button", name="Entfernen: Großer Brauner").click()
            await expect(till.page.locator(".line")).to_have_count(1)
            await expect(till.page.locator("#total")).to_have_text("€ 0,90")


async def test_a_quantity_with_decimals_is_typed(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Käse", 2490, "reduced1"))
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            await till.page.get_by_role("button", name="Menge ändern: Käse").click()
            await type_digits(till.page, "0,35")
            await till.page.get_by_role("button", name="Übernehmen").click()
            await expect(till.page.locator("dialog")).to_have_count(0)
            await expect(till.page.locator("#total")).to_have_text("€ 8,72")
            assert counter.shop.receipt(receipt.id).lines[0].quantity == 350


async def test_a_price_is_changed_and_all_else_of_the_line_stays(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        special = line("Torte", 4000, "reduced1", article="4711", discount_percent="10")
        receipt = await counter.push(special)
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            await expect(till.page.locator(".line-rate")).to_have_text("10 % · Rabatt 10 %")
            await till.page.get_by_role("button", name="Preis ändern: Torte").click()
            await expect(till.page.get_by_role("textbox", name="Einzelpreis")).to_be_focused()
            await till.page.keyboard.type("12.50")
            await till.page.keyboard.press("Enter")
            await expect(till.page.locator("#total")).to_have_text("€ 11,25")
            changed = counter.shop.receipt(receipt.id).lines[0]
            assert changed.unit_cents == 1250
            assert (changed.article, changed.discount, changed.quantity) == ("4711", 1000, 1000)


async def test_a_number_that_is_none_is_refused_and_nothing_changes(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            await till.page.get_by_role("button", name="Preis ändern: Semmel").click()
            await till.page.keyboard.type("12,3,4")
            await till.page.keyboard.press("Enter")
            await expect(till.page.locator(".wrong")).to_have_text(
                "Bitte einen Betrag wie 12,50 eingeben."
            )
            await till.page.keyboard.press("Escape")
            await expect(till.page.locator("dialog")).to_have_count(0)
            assert counter.shop.receipt(receipt.id) == receipt


async def test_a_free_amount_is_sold_from_nothing_to_the_change(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        page = till.page
        await page.get_by_role("button", name="Neuer Beleg").click()
        cash = page.get_by_role("button", name="Bar kassieren")
        await expect(cash).to_be_disabled()
        await expect(page.locator("#why")).to_have_text("Noch keine Position eingegeben.")
        await type_digits(page, "12,5")
        await page.get_by_role("radio", name="10 %").check()
        await page.get_by_role("button", name="Hinzufügen").click()
        await expect(page.locator(".line-name")).to_have_text("Diverses")
        await expect(page.get_by_label("Betrag", exact=True)).to_have_value("")
        await page.get_by_label("Bezeichnung").fill("Blumenstrauß")
        await type_digits(page, "30")
        await page.get_by_role("button", name="Hinzufügen").click()
        await expect(page.locator("#total")).to_have_text("€ 42,50")
        await cash.click()
        await page.get_by_role("button", name="€ 50").click()
        await expect(page.locator("#change")).to_have_text("€ 7,50")
        await page.get_by_role("button", name="Abschließen").click()
        await expect(page.locator("h1")).to_have_text("Abgeschlossen")
        await expect(page.locator("#change")).to_have_text("€ 7,50")
        await expect(page.locator("#number")).to_have_text("2")
        await expect(page.locator("#seal")).to_have_text("Signiert")
        (sold,) = counter.completed()
        assert [(each["text"], each["cents"], each["rate"]) for each in sold["lines"]] == [
            ("Diverses", 1250, "reduced1"),
            ("Blumenstrauß", 3000, "reduced1"),
        ]
        assert sold["payments"] == [{"n": 3, "kind": "cash", "cents": 4250, "given_cents": 5000}]


async def test_cash_is_counted_note_by_note_and_says_what_is_missing(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 7990, "normal"))
        async with tablet(browser, counter.address) as till:
            page = till.page
            await look_at(page, receipt.id)
            await page.get_by_role("button", name="Bar kassieren").click()
            complete = page.get_by_role("button", name="Abschließen")
            why = page.locator("#cash-why")
            await expect(complete).to_be_disabled()
            await expect(why).to_have_text("Bitte eingeben, was gegeben wurde.")
            await page.get_by_role("button", name="€ 50").click()
            await expect(why).to_have_text("Es fehlen noch € 29,90.")
            await expect(complete).to_be_disabled()
            await page.get_by_role("button", name="€ 20").click()
            await page.get_by_role("button", name="€ 10", exact=True).click()
            await expect(page.locator("#change")).to_have_text("€ 0,10")
            await expect(complete).to_be_enabled()
            await page.get_by_role("button", name="Passend").click()
            await expect(page.locator("#change")).to_have_text("€ 0,00")
            await complete.click()
            await expect(page.locator(".result-change")).to_have_text("Kein Rückgeld")


async def test_a_discount_is_given_and_taken_back(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 8000, "normal"))
        async with tablet(browser, counter.address) as till:
            page = till.page
            await look_at(page, receipt.id)
            await page.get_by_role("button", name="Rabatt").click()
            await type_digits(page, "12,5")
            await page.get_by_role("button", name="Übernehmen").click()
            await expect(page.locator("#total")).to_have_text("€ 70,00")
            await expect(page.locator(".extra")).to_have_text("Rabatt 12,5 %-10,00")
            await page.get_by_role("button", name="Rabatt").click()
            await page.get_by_role("radio", name="in Euro").check()
            await type_digits(page, "5")
            await page.get_by_role("button", name="Übernehmen").click()
            await expect(page.locator("#total")).to_have_text("€ 75,00")
            await page.get_by_role("button", name="Rabatt").click()
            await page.get_by_role("button", name="Rabatt entfernen").click()
            await expect(page.locator("#total")).to_have_text("€ 80,00")


async def test_a_refusal_of_the_till_is_shown_with_advice(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        expected = ("Failed to load resource: the server responded with a status of 422",)
        async with tablet(browser, counter.address, expected=expected) as till:
            page = till.page
            await look_at(page, receipt.id)
            await page.get_by_role("button", name="Rabatt").click()
            await page.get_by_role("radio", name="in Euro").check()
            await type_digits(page, "5")
            await page.get_by_role("button", name="Übernehmen").click()
            notice = page.locator("dialog .notice")
            await expect(notice).to_contain_text("Der Rabatt übersteigt den Betrag")
            await expect(notice).to_contain_text("Rabatt verkleinern.")
            await expect(page.locator("dialog")).to_be_visible()


async def test_money_goes_out_when_goods_come_back(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 7990, "normal", quantity="-1.000"))
        async with tablet(browser, counter.address) as till:
            page = till.page
            await look_at(page, receipt.id)
            await expect(page.locator(".foot-total")).to_have_text("Auszuzahlen€ 79,90")
            await page.get_by_role("button", name="Bar auszahlen").click()
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator(".result-change")).to_have_text("Auszuzahlen€ 79,90")
            assert counter.completed()[0]["total"] == -7990


async def test_what_was_paid_already_is_taken_off(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 8000, "normal"))
        await counter.shop.do(
            "pay",
            receipt=receipt.id,
            rev=receipt.rev,
            key="paid-in-part",
            payment={"kind": "cash", "cents": 3000},
        )
        async with tablet(browser, counter.address) as till:
            page = till.page
            await expect(page.locator(".badge.paying")).to_have_text("wird bezahlt")
            await look_at(page, receipt.id)
            await expect(page.locator(".foot-total")).to_have_text("Zu zahlen€ 50,00")
            await page.get_by_role("button", name="Entfernen: Jacke").click()
            await expect(page.locator("#why")).to_contain_text("Noch keine Position")
            await page.get_by_role("button", name="Zurückgeben").click()
            await expect(page.locator("#total")).to_have_text("€ 0,00")


async def test_a_receipt_that_was_paid_whole_is_completed_without_more_cash(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(line("Jacke", 8000, "normal"))
        await counter.shop.do(
            "pay", receipt=receipt.id, rev=receipt.rev, key="paid-whole", payment={"kind": "cash"}
        )
        async with tablet(browser, counter.address) as till:
            await look_at(till.page, receipt.id)
            await till.page.get_by_role("button", name="Abschließen").click()
            await expect(till.page.locator("h1")).to_have_text("Abgeschlossen")
            assert len(counter.completed()[0]["payments"]) == 1


async def test_the_pad_takes_the_keyboard_and_enter(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await till.page.get_by_role("button", name="Neuer Beleg").click()
        await till.page.get_by_label("Betrag", exact=True).focus()
        await till.page.keyboard.type("3,20")
        await till.page.keyboard.press("Enter")
        await expect(till.page.locator("#total")).to_have_text("€ 3,20")
        await expect(till.page.get_by_label("Betrag", exact=True)).to_be_focused()
