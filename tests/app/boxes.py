"""A box in a temporary directory, with a simulated card by function call."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from bridge.app import Box, Makers, make_printer
from bridge.config import Config, Secret, SigningUnitSettings, credentials_for, parse_config
from bridge.model.commands import parse_command
from bridge.till.register import Done
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.signing import SigningUnit
from drivers.signing.acos_id import AcosIdUnit
from simulators.card.function_transport import FunctionTransport
from simulators.card.slot import CardSlot
from tests.signing.cards import PIN, make_slot

CONFIG = """
[box]
id = "test"
country = "at"
data_dir = "{root}/data"
mirror_dir = "{root}/mirror"
credentials_dir = "{root}/credentials"
[shop]
name = "Testladen"
address = ["Gasse 1"]
[[register]]
id = "A"
kassen_id = "KASSE-A"
aes_key = "a.aes"
units = ["card"]
{printer_of_a}
[[register]]
id = "B"
kassen_id = "KASSE-B"
aes_key = "b.aes"
units = ["card"]
[[signing_unit]]
name = "card"
kind = "acos-id"
address = "vpcd:127.0.0.1:35963"
vda = "AT100"
pin = "card.pin"
[rksv]
probe_interval_s = 3600.0
"""


class Shop:
    """A directory with configuration and secrets, a card, and boxes started on them."""

    def __init__(
        self,
        root: Path,
        pin: str = PIN,
        clock: Clock | None = None,
        more: str = "",
        printer_of_a: str = "",
    ) -> None:
        """``more`` is added to the configuration, ``printer_of_a`` to the first register."""
        self.root = root
        self._more = more
        self._printer_of_a = printer_of_a
        self.clock = clock or SystemClock()
        self.slot: CardSlot = make_slot()
        self.transport = FunctionTransport(self.slot)
        (root / "credentials").mkdir(mode=0o700)
        for number, name in enumerate(("a.aes", "b.aes")):
            self.secret(name, base64.b64encode(bytes([number]) * 32).decode())
        self.secret("card.pin", pin)

    def secret(self, name: str, text: str) -> None:
        """Write a credential."""
        path = self.root / "credentials" / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    @property
    def config(self) -> Config:
        """The configuration."""
        text = CONFIG.format(root=self.root, printer_of_a=self._printer_of_a)
        return parse_config(text + self._more)

    async def start(self) -> Box:
        """Start a box."""
        config = self.config
        credentials = credentials_for(config.box.credentials_dir, {})
        box = Box(config, credentials, self.clock, Makers(self._unit, make_printer))
        await box.start()
        return box

    def _unit(self, settings: SigningUnitSettings, pin: Secret, refused: bool) -> SigningUnit:
        return AcosIdUnit(
            settings.name,
            self.transport,
            vda=settings.vda,
            pin=pin.reveal,
            pin_refused=refused,
            connect_timeout_s=0.2,
        )


async def do(box: Box, **command: Any) -> Done:
    """Have a command carried out."""
    return await box.till.execute(parse_command(json.dumps(command)))


async def start_register(box: Box, register: str) -> None:
    """Make a register's Startbeleg."""
    await do(
        box,
        type="register_receipt",
        register_id=register,
        kind="start",
        key=f"startbeleg-{register}",
    )


async def sell(box: Box, register: str, key: str, cents: int = 100) -> Done:
    """Open and complete a receipt of one line."""
    line = {"text": "Semmel", "unit_cents": cents, "rate": "reduced1"}
    opened = await do(box, type="open", register_id=register, lines=[line])
    return await do(
        box,
        type="complete",
        receipt=opened.event.receipt,
        rev=1,
        key=key,
        payments=[{"kind": "cash"}],
    )
