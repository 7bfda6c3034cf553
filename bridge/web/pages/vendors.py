"""The pages about vendors' services: open questions first, then how each is, then all orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from bridge.model.exchange import RunView, Vendors, VendorView
from bridge.model.roles import Role
from bridge.web.api.runs import STATES
from bridge.web.caller import Caller, caller_of, require
from bridge.web.faults import PathUnknown
from bridge.web.pages import box_state
from bridge.web.pages.language import page_language
from bridge.web.pages.rendering import Renderer
from bridge.web.pages.run_words import Fact, Trouble, Words
from bridge.web.pages.setup import live_setup, page_setup
from bridge.web.parts import WebParts
from bridge.web.problems import status_of
from drivers.contract.fault import Fault

MOST: Final = 50
"""Runs that the page shows."""

NOT_TOLD_TWICE: Final = frozenset({"queued", "unknown", "last_error"})
"""Facts of a vendor that the page says in words of its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A vendor as the page shows it."""

    name: str
    title: str
    level: str
    level_text: str
    phase: str
    since: str
    waits: str
    questions: str
    fault: Trouble | None
    facts: tuple[Fact, ...]


def router(parts: WebParts, renderer: Renderer) -> APIRouter:
    """Return ``/vendors``, ``/vendors/runs/{id}`` and the parts of them that change."""
    pages = APIRouter(include_in_schema=False)
    default = parts.config.box.language

    async def board(request: Request, language: str) -> dict[str, Any]:
        words = renderer.texts(language)
        views = () if parts.vendors is None else parts.vendors.vendors(language)
        told = Words(views, words, language, box_state.today_of(parts.clock))
        vendor, state = request.query_params.get("vendor"), request.query_params.get("state")
        wanted = vendor if any(each.name == vendor for each in views) else None
        stage = state if state in STATES else None
        questions: Sequence[RunView] = ()
        runs: Sequence[RunView] = ()
        if parts.vendors is not None:
            find = parts.vendors.runs
            questions = await find(vendor=None, state="unknown", limit=MOST, language=language)
            runs = await find(vendor=wanted, state=stage, limit=MOST, language=language)
        return {
            "vendors": [_shown(each, told, words) for each in views],
            "questions": [told.shown(each) for each in questions],
            "runs": [told.shown(each) for each in runs],
            "states": STATES,
            "wanted": {"vendor": wanted, "state": stage},
            "most": MOST,
        }

    async def one(request: Request, language: str) -> dict[str, Any]:
        vendors = _vendors(parts)
        run = await vendors.run(request.path_params["run"], language)
        words, today = renderer.texts(language), box_state.today_of(parts.clock)
        return {"run": Words(vendors.vendors(language), words, language, today).shown(run)}

    def page(
        template: str, find: Callable[[Request, str], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            language = page_language(request, default)
            words = renderer.texts(language)
            try:
                caller = require(request, Role.BACKOFFICE)
                found = await find(request, language)
            except Fault as fault:
                response = renderer.page(
                    "refused.html",
                    language,
                    page_setup(words, language),
                    shop=parts.config.shop.name,
                    caller=caller_of(request),
                    fault=Trouble.of(fault.as_problem(language)),
                )
                response.status_code = status_of(fault)
                return response
            return renderer.page(
                template,
                language,
                live_setup(parts, words, language),
                shop=parts.config.shop.name,
                caller=caller,
                **found,
            )

        return show

    def fragment(
        template: str, find: Callable[[Request, str], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            require(request, Role.BACKOFFICE)
            language = page_language(request, default)
            return renderer.fragment(template, language, **await find(request, language))

        return show

    pages.add_api_route("/vendors", page("vendors.html", board))
    pages.add_api_route("/vendors/board", fragment("vendors_board.html", board))
    pages.add_api_route("/vendors/runs/{run}", page("vendors_run.html", one))
    pages.add_api_route("/vendors/runs/{run}/board", fragment("vendors_run_board.html", one))
    return pages


def may_see(parts: WebParts, caller: Caller) -> bool:
    """Whether there are vendors, and this caller may look at them."""
    return parts.vendors is not None and caller.role.may(Role.BACKOFFICE)


def _vendors(parts: WebParts) -> Vendors:
    if parts.vendors is None:
        raise PathUnknown
    return parts.vendors


def _shown(view: VendorView, told: Words, words: Mapping[str, str]) -> Shown:
    facts = {name: value for name, value in view.facts.items() if name not in NOT_TOLD_TWICE}
    return Shown(
        name=view.name,
        title=view.title,
        level=view.level,
        level_text=words[f"level.{view.level}"],
        phase=words.get(f"phase.{view.phase}", view.phase),
        since=told.time(view.since) if view.since else "",
        waits=_counted("queued", view.queued, words),
        questions=_counted("unknown", view.unknown, words) if view.unknown else "",
        fault=Trouble.of(view.fault),
        facts=told.facts(facts),
    )


def _counted(name: str, count: int, words: Mapping[str, str]) -> str:
    ending = {0: "none", 1: "one"}.get(count, "many")
    return words[f"{name}_{ending}"].format(count=count)
