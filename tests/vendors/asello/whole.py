"""A whole box with asello's cloud and a printer, all in this process, over real sockets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bridge.app import Box
from simulators.cloud.polling import PollLimits
from simulators.cloud.simulator import CloudOptions, CloudSimulator
from simulators.printer.simulator import PrinterSimulator
from simulators.vendors.kit.clock import SimClock
from tests.app.boxes import Shop, start_register
from tests.vendors.asello.desk import soon

BOX = "test"
"""The id of the box in ``tests.app.boxes``."""

TOKEN = "a token of these tests, long enough"

_MORE = """
[[printer]]
name = "counter"
address = "tcp:127.0.0.1:{printer}"
[[cloud]]
name = "asello"
url = "{ws}"
token = "cloud.token"
registers = ["A"]
[[vendor]]
name = "asello"
url = "{http}"
simulator = true
[vendor.secrets]
user = "asello.user"
password = "asello.password"
webhook_secret = "asello.webhook"
[web]
listen = "127.0.0.1:0"
[[web.token]]
name = "workshop"
role = "technician"
token = "web.token"
"""


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that plays together; ``url`` is the box's."""

    box: Box
    cloud: CloudSimulator
    printer: PrinterSimulator
    url: str
    folder: Path


@contextlib.asynccontextmanager
async def whole(root: Path) -> AsyncIterator[Whole]:
    """Start cloud, printer and box; the link is up and register A is started."""
    options = CloudOptions(
        data=root / "cloud",
        boxes=(BOX,),
        registers={34950: (BOX, "A")},
        polling=PollLimits(interval_s=0.0),
        redelivery_s=0.05,
    )
    (shop_folder := root / "shop").mkdir()
    (folder := root / "here").mkdir()
    async with CloudSimulator(options, clock=SimClock()) as cloud, PrinterSimulator() as printer:
        more = _MORE.format(printer=printer.port, ws=cloud.ws_url, http=cloud.http_url)
        shop = Shop(shop_folder, more=more, printer_of_a='printer = "counter"')
        login = json.loads(cloud.login_file.read_text(encoding="utf-8"))
        for name, text in (
            ("cloud.token", cloud.token_files[BOX].read_text(encoding="utf-8")),
            ("asello.user", login["userName"]),
            ("asello.password", login["password"]),
            ("asello.webhook", "webhook-secret"),
            ("web.token", TOKEN),
        ):
            shop.secret(name, text)
        box = await shop.start()
        try:
            await start_register(box, "A")
            box.front.connect_now()
            sessions = cloud.cloud.sessions
            await soon(lambda: any(each.ready for each in sessions.values()))
            assert box.front.address is not None
            yield Whole(box, cloud, printer, box.front.address.rstrip("/"), folder)
        finally:
            await box.stop()
