"""The whole web application on a real till and a real socket."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.config import Secret, parse_config
from bridge.devices.registry import Device
from bridge.fiscal.rksv.code import qr_code
from bridge.health import HealthBoard
from bridge.web.app import make_app
from bridge.web.parts import WebParts
from bridge.web.server import WebServer
from tests.till.harness import Shop
from tests.web_guard.wire import TOKENS, serving

CONFIG = """
[box]
id = "test"
country = "at"
language = "en"
data_dir = "{root}/data"
mirror_dir = "{root}/mirror"
[shop]
name = "Testladen"
address = ["Gasse 1"]
[[register]]
id = "K1"
kassen_id = "KASSE-K1"
aes_key = "k1.aes"
units = ["card"]
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:35963"
vda = "AT100"
pin = "card.pin"
[web]
listen = "127.0.0.1:0"
origins = ["https://till.example"]
open_loopback = {loopback}
"""

TOKEN = """
[[web.token]]
name = "{role}"
role = "{role}"
token = "{role}.token"
"""


class BrokenDevices:
    """Devices with a defect in their program."""

    def listed(self) -> Sequence[Device]:
        message = "the secret of the defect"
        raise ZeroDivisionError(message)

    async def test(self, name: str, test: str) -> Mapping[str, Any]:
        raise NotImplementedError(name, test)


@dataclass
class WebBox:
    """A shop, its web application on a socket, and the parts it was given."""

    shop: Shop
    parts: WebParts
    server: WebServer


@contextlib.asynccontextmanager
async def web_box(
    folder: Path, *, loopback: bool = False, file: Path | None = None
) -> AsyncIterator[WebBox]:
    """Run the whole: guard, API and pages, with a token for each role."""
    text = CONFIG.format(root=folder, loopback=str(loopback).lower())
    text += "".join(TOKEN.format(role=role) for role in TOKENS)
    async with Shop(folder) as shop:
        parts = WebParts(
            config=parse_config(text),
            version="1.2.3",
            clock=shop.clock,
            journal=shop.journal,
            till=shop.till,
            board=HealthBoard(shop.clock),
            devices=BrokenDevices(),
            code_of=qr_code,
        )
        app = make_app(parts, {name: Secret(token) for name, token in TOKENS.items()})
        async with serving(app, file=file) as server:
            yield WebBox(shop, parts, server)
