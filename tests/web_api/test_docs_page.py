"""The page of the API's description, in a real browser, under the box's own rules for pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import async_playwright
from starlette.types import Message, Receive, Scope, Send

import bridge.web
from bridge.web.api.added_docs import describe_added
from bridge.web.gates import Gates
from tests.web_api.description import operations
from tests.web_api.desk import desk, served
from tests.web_api.fake_vendors import FakeVendors
from tests.web_api.test_description import described

CHROMIUM = Path("/usr/bin/chromium")

RULES = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"frame-ancestors 'none'; base-uri 'none'"
)
"""As strict as the guard's, or stricter."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def test_the_page_of_the_api_needs_to_know_who_reads_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        it.caller = None
        assert (await it._http.get("/docs")).status_code == 401


async def test_the_page_of_the_api_names_nothing_foreign_and_nothing_inline(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        page = (await it._http.get("/docs")).text
    assert "//" not in re.sub(r"<!doctype.*?>", "", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|style=", page)
    static = Path(bridge.web.__file__).parent / "static"
    script = (static / "apidocs.js").read_text(encoding="utf-8")
    assert "innerHTML" not in script


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium")
async def test_a_browser_shows_every_operation_and_breaks_no_rule(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:

        async def ruled(scope: Scope, receive: Receive, send: Send) -> None:
            async def with_rules(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = [*message["headers"], (b"content-security-policy", RULES)]
                    message = {**message, "headers": headers}
                await send(message)

            await it.app(scope, receive, with_rules)

        describe_added(it.framework, Gates(FakeVendors().routes()))
        wanted = {what["operationId"] for _, _, what in operations(await described(it))}
        async with served(ruled) as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=ARGUMENTS, chromium_sandbox=False
            )
            page = await browser.new_page(viewport={"width": 360, "height": 800})
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            await page.goto(f"{address}/docs")
            await page.wait_for_selector("details#completeReceipt")
            shown = await page.eval_on_selector_all("details", "all => all.map(each => each.id)")
            assert set(shown) == wanted
            await page.click("#openReceipt summary")
            text = await page.inner_text("#openReceipt")
            for word in (
                "lines[].unit_cents",
                "Idempotency-Key",
                "register_unknown",
                "taxes[].net",
            ):
                assert word in text
            await page.click("#flexiXml summary")
            text = await page.inner_text("#flexiXml")
            for word in ("Class: keyed", "Body: application/xml", "X-Allow-Duplicate", "202"):
                assert word in text
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360
            assert not [each for each in said if "favicon" not in each]
            await page.screenshot(path=tmp_path / "docs.png", full_page=False)
            await browser.close()
