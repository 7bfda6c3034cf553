"""The box restarts, answers get lost, pages are reloaded: nothing is lost and nothing is twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.web_pages.boxes import SEMMEL, Counter, eventually
from tests.web_pages.browser import Tablet, tablet

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOST = ("Failed to load resource: net::ERR", "Failed to load resource: the server responded")


def keys_sent(page: Page, action: str) -> list[str]:
    """Return the list that collects the idempotency keys of an action."""
    found: list[str] = []

    def sent(request: Request) -> None:
        if request.url.endswith(f"/{action}"):
            found.append(request.headers["idempotency-key"])

    page.on("request", sent)
    return found


async def ready_to_complete(till: Tablet, receipt_id: str) -> None:
    """Open a receipt's cash panel with the exact amount."""
    await till.page.goto(f"/#receipt/{receipt_id}")
    await till.page.get_by_role("button", name="Bar kassieren").click()
    await till.page.get_by_role("button", name="Passend").click()


async def test_a_restart_of_the_box_is_told_and_survived(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        await counter.push(SEMMEL, reference="Tisch 4")
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            await expect(page.locator(".receipt-card")).to_have_count(1)
            await counter.hang_up()
            await expect(page.locator(".lost")).to_contain_text("Keine Verbindung zur Box.")
            await expect(page.get_by_role("button", name="Neuer Beleg")).to_be_disabled()
            await expect(page.locator(".receipt-card")).to_have_count(1)
            await counter.push(SEMMEL, reference="Tisch 5")
            await counter.serve()
            await page.get_by_role("button", name="Jetzt versuchen").click()
            await expect(page.locator(".lost")).to_have_count(0, timeout=20_000)
            await expect(page.locator(".receipt-card")).to_have_count(2)
            await expect(page.locator("#toasts")).to_contain_text("Die Verbindung ist wieder da.")
            await expect(page.get_by_role("button", name="Neuer Beleg")).to_be_enabled()


async def test_the_page_comes_back_by_itself_and_keeps_what_was_typed(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_label("Bezeichnung").fill("Blumenstrauß")
            await counter.hang_up()
            await expect(page.locator(".lost")).to_be_visible()
            await counter.serve()
            await expect(page.locator(".lost")).to_have_count(0, timeout=20_000)
            await expect(page.get_by_label("Bezeichnung")).to_have_value("Blumenstrauß")
            await counter.push(reference="danach")
            await expect(page.locator(".toast", has_text="danach")).to_be_visible()


async def test_a_reload_in_the_middle_keeps_the_receipt(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_role("button", name="Menge erhöhen: Semmel").click()
            await expect(page.locator("#total")).to_have_text("€ 1,35")
            await page.reload()
            await expect(page.locator("#total")).to_have_text("€ 1,35")
            await expect(page.locator(".notice")).to_have_count(0)


async def test_a_double_tap_completes_once(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            keys = keys_sent(till.page, "complete")
            await ready_to_complete(till, receipt.id)
            await till.page.get_by_role("button", name="Abschließen").dblclick()
            await expect(till.page.locator("h1")).to_have_text("Abgeschlossen")
            assert len(set(keys)) == 1
            assert len(counter.completed()) == 1


async def test_an_answer_that_got_lost_is_asked_for_under_the_same_key(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            keys = keys_sent(page, "complete")

            async def lose_the_answer(route: Route) -> None:
                await route.fetch()
                await route.abort("connectionreset")

            await page.route("**/complete", lose_the_answer, times=1)
            await ready_to_complete(till, receipt.id)
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator("h1")).to_have_text("Abgeschlossen", timeout=20_000)
            await expect(page.locator("#number")).to_have_text("2")
            await expect(page.locator(".notice")).to_have_count(0)
            assert len(keys) > 1
            assert len(set(keys)) == 1
            assert len(counter.completed()) == 1


async def test_a_reload_while_completing_asks_again_under_the_same_key(
    browser: Browser, tmp_path: Path
) -> None:
    """The command never reached the box; the page was reloaded before it could tell."""
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            keys = keys_sent(page, "complete")
            stuck = asyncio.Event()

            async def swallow(route: Route) -> None:
                if stuck.is_set():
                    await route.continue_()
                stuck.set()

            await page.route("**/complete", swallow)
            await ready_to_complete(till, receipt.id)
            await page.get_by_role("button", name="Abschließen").click()
            await asyncio.wait_for(stuck.wait(), 20)
            await expect(page.locator("dialog .pay")).to_have_text("Wird abgeschlossen …")
            assert not counter.completed()
            await page.reload()
            await expect(page.locator("h1")).to_have_text("Abgeschlossen", timeout=20_000)
            assert len(keys) == 2
            assert len(set(keys)) == 1
            assert len(counter.completed()) == 1


async def test_a_reload_after_the_box_has_completed_shows_the_end_and_sends_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            keys = keys_sent(page, "complete")

            async def never_answer(route: Route) -> None:
                await route.fetch()

            await page.route("**/complete", never_answer)
            await ready_to_complete(till, receipt.id)
            await page.get_by_role("button", name="Abschließen").click()
            await eventually(lambda: bool(counter.completed()), "the box completes")
            await page.reload()
            await expect(page.locator("h1")).to_have_text("Abgeschlossen")
            assert len(keys) == 1
            assert await page.evaluate("Object.keys(sessionStorage).length") == 0


async def test_an_old_attempt_is_not_carried_out_when_the_page_comes_back_late(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page
            body = f'{{"rev":{receipt.rev},"payments":[],"total_cents":90}}'
            await page.evaluate(
                """([id, body]) => sessionStorage.setItem(`bonbridge.complete.${id}`,
                JSON.stringify({ key: "k".repeat(32), body: JSON.parse(body),
                                 at: Date.now() - 3600_000 }))""",
                [receipt.id, body],
            )
            await page.goto(f"/#receipt/{receipt.id}")
            await expect(page.locator(".notice.told")).to_contain_text(
                "Der Beleg wurde nicht abgeschlossen."
            )
            assert not counter.completed()


async def test_the_box_restarts_while_completing(browser: Browser, tmp_path: Path) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page
            await ready_to_complete(till, receipt.id)

            async def too_late(route: Route) -> None:
                await counter.hang_up()
                await route.continue_()

            await page.route("**/complete", too_late, times=1)
            await page.get_by_role("button", name="Abschließen").click()
            await expect(page.locator("dialog")).to_contain_text(
                "Die Antwort der Box steht noch aus."
            )
            assert not counter.completed()
            await counter.serve()
            await expect(page.locator("h1")).to_have_text("Abgeschlossen", timeout=20_000)
            assert len(counter.completed()) == 1


async def test_a_session_that_has_ended_leads_to_the_sign_in(
    browser: Browser, tmp_path: Path
) -> None:
    expected = ("Failed to load resource",)
    async with (
        Counter(tmp_path, open_loopback=False) as counter,
        tablet(browser, counter.address, expected=expected) as till,
    ):
        await till.sign_in()
        await expect(till.page.locator("h1")).to_have_text("Offene Belege")
        await counter.hang_up()
        await counter.serve()
        await expect(till.page.locator("h1")).to_have_text("Anmelden", timeout=20_000)


async def test_an_edit_whose_answer_got_lost_is_not_blamed_on_another_device(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address, expected=LOST) as till:
            page = till.page

            async def lose_the_answer(route: Route) -> None:
                await route.fetch()
                await route.abort("connectionreset")

            await page.route("**/lines/1", lose_the_answer, times=1)
            await page.goto(f"/#receipt/{receipt.id}")
            await page.get_by_role("button", name="Menge erhöhen: Semmel").click()
            await expect(page.locator(".notice.told")).to_contain_text(
                "Die Verbindung war unterbrochen."
            )
            await expect(page.locator("#total")).to_have_text("€ 1,35")
            assert counter.shop.receipt(receipt.id).lines[0].quantity == 3000


async def test_an_answer_that_is_none_is_shown_and_the_page_goes_on(
    browser: Browser, tmp_path: Path
) -> None:
    async with Counter(tmp_path) as counter:
        receipt = await counter.push(SEMMEL)
        async with tablet(browser, counter.address) as till:
            page = till.page

            async def nonsense(route: Route) -> None:
                await route.fulfill(status=200, content_type="application/json", body="{")

            await page.route("**/lines/1", nonsense, times=1)
            await page.goto(f"/#receipt/{receipt.id}")
            more = page.get_by_role("button", name="Menge erhöhen: Semmel")
            await more.click()
            await expect(page.locator(".notice.failed")).to_contain_text("unerwartet geantwortet")
            await more.click()
            await expect(page.locator("#total")).to_have_text("€ 1,35")
            await expect(page.locator(".notice.failed")).to_have_count(0)


async def test_a_page_left_open_over_night_loads_itself_anew(
    browser: Browser, tmp_path: Path
) -> None:
    """Tax rates and scripts are those of the day and of the version that the box runs."""
    async with Counter(tmp_path) as counter, tablet(browser, counter.address) as till:
        await expect(till.page.locator(".empty")).to_be_visible()
        await till.page.evaluate("window.yesterday = true")
        counter.shop.clock.advance(24 * 3600)
        async with till.page.expect_event("load"):
            await counter.push(SEMMEL)
        await expect(till.page.locator(".receipt-card")).to_have_count(1)
        assert await till.page.evaluate("window.yesterday") is None
