"""The API as the box serves it: behind the guard, on the box's own server."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import httpx

from bridge.config import Secret
from bridge.config.schema import WebSettings
from bridge.web.app import make_app
from tests.till.harness import new_key
from tests.web_api.desk import PATIENCE_S, desk, line, served

TOKENS = {"warehouse": "till-token-0123456789", "office": "office-token-0123456789"}


async def test_a_program_with_a_token_sells_follows_and_exports(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        entries = [
            {"name": "warehouse", "role": "till", "token": "w"},
            {"name": "office", "role": "backoffice", "token": "o"},
        ]
        web = WebSettings.model_validate({"token": entries})
        config = it.parts.config.model_copy(update={"web": web})
        app = make_app(
            dataclasses.replace(it.parts, config=config),
            {name: Secret(token) for name, token in TOKENS.items()},
        )
        async with (
            served(app) as address,
            httpx.AsyncClient(base_url=f"{address}/v1", timeout=PATIENCE_S) as client,
        ):
            assert (await client.get("/receipts")).status_code == 401
            client.headers["authorization"] = f"Bearer {TOKENS['warehouse']}"
            async with client.stream("GET", "/events") as events:
                body = {"register_id": "K1", "lines": [line()]}
                opened = await client.post("/receipts", json=body)
                receipt = opened.json()
                assert receipt["origin"] == "api:warehouse"
                done = await client.post(
                    f"/receipts/{receipt['id']}/complete",
                    json={"payments": [{"kind": "cash"}]},
                    headers={"If-Match": '"1"', "Idempotency-Key": new_key()},
                )
                assert done.status_code == 200
                # Without a body nothing says that it is JSON, and nothing has to.
                copy = await client.post(
                    f"/receipts/{receipt['id']}/reprint", headers={"Idempotency-Key": new_key()}
                )
                assert copy.status_code == 200
                seen = []
                async for text in events.aiter_lines():
                    if text.startswith("data: {"):
                        seen.append(json.loads(text.removeprefix("data: "))["kind"])
                    if len(seen) == 3:
                        break
                assert seen == ["receipt.opened", "receipt.completed", "receipt.reprint_wanted"]
            refused = await client.get("/exports/dep7?register=K1")
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
            client.headers["authorization"] = f"Bearer {TOKENS['office']}"
            export = await client.get("/exports/dep7?register=K1")
            assert len(export.json()["Belege-Gruppe"][0]["Belege-kompakt"]) == 2
            docs = await client.get(f"{address}/docs")
            assert docs.status_code == 200
            assert "script-src 'self'" in docs.headers["content-security-policy"]
            for name in ("apidocs.js", "apidocs.css"):
                assert (await client.get(f"{address}/static/{name}")).status_code == 200
            described = (await client.get(f"{address}/openapi.json")).json()
            assert "/v1/receipts/{receipt_id}/complete" in described["paths"]
