"""The API with vendors as the box serves it: behind the guard, on the box's own server."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from bridge.config import Secret
from bridge.config.schema import WebSettings
from bridge.model.exchange import Vendors
from bridge.web.app import make_app
from tests.web_api.desk import PATIENCE_S, desk, served
from tests.web_api.fake_vendors import FakeVendors

TOKENS = {role: f"{role}-token-0123456789" for role in ("till", "backoffice", "technician")}


FRIEND = "https://till.example"
"""A page of another origin that may call."""


class VendorBox:
    """A box with vendors, or ``None``; calls go over a real socket."""

    def __init__(self, vendors: Vendors | None, client: httpx.AsyncClient) -> None:
        self.vendors = vendors
        self._client = client

    async def call(
        self, method: str, path: str, body: Any = None, *, role: str | None = "till", **more: Any
    ) -> httpx.Response:
        """Send a request to a path below ``/v1``; ``role`` ``None``: without a token."""
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers["authorization"] = f"Bearer {TOKENS[role]}"
        if isinstance(body, bytes):
            more["content"] = body
            headers.setdefault("content-type", "application/json")
        elif body is not None:
            more["json"] = body
        return await self._client.request(method, f"/v1{path}", headers=headers, **more)

    async def description(self) -> dict[str, Any]:
        """Return what the box says of its API."""
        answer = await self._client.get(
            "/openapi.json", headers={"authorization": f"Bearer {TOKENS['till']}"}
        )
        found: dict[str, Any] = answer.json()
        return found


@contextlib.asynccontextmanager
async def vendor_box(folder: Path, vendors: Vendors | None) -> AsyncIterator[VendorBox]:
    """Serve a shop's API with these vendors."""
    async with desk(folder) as it:
        entries = [{"name": role, "role": role, "token": role} for role in TOKENS]
        web = WebSettings.model_validate({"token": entries, "origins": [FRIEND]})
        parts = dataclasses.replace(
            it.parts, config=it.parts.config.model_copy(update={"web": web}), vendors=vendors
        )
        app = make_app(parts, {role: Secret(token) for role, token in TOKENS.items()})
        async with (
            served(app) as address,
            httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client,
        ):
            yield VendorBox(vendors, client)


@contextlib.asynccontextmanager
async def with_flexi(folder: Path) -> AsyncIterator[tuple[VendorBox, FakeVendors]]:
    """Serve a shop's API with the vendors of the tests."""
    vendors = FakeVendors()
    async with vendor_box(folder, vendors) as box:
        yield box, vendors
