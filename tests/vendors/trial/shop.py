"""A shop in trouble: the daemon as a process, its card, and all five vendors as simulators."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from simulators.cloud.surface import AselloSurface
from simulators.cloud.surface import make as make_asello
from simulators.vendors.dvelop import DvelopSurface
from simulators.vendors.dvelop import make as make_dvelop
from simulators.vendors.dvelop.program import API_KEY, BUCKET
from simulators.vendors.flexi import FlexiSurface
from simulators.vendors.flexi import make as make_flexi
from simulators.vendors.kassomat import KassomatSurface
from simulators.vendors.kassomat import make as make_kassomat
from simulators.vendors.kassomat.program import EMAIL, PASSWORD
from simulators.vendors.kit import SimClock, Stage, Surface
from simulators.vendors.offercube import make as make_cube
from simulators.vendors.offercube.surface import OfferCube
from tests.daemon.processes import PIN, free_port
from tests.flow.box import TOKEN, Box, Counter
from tests.signing.process import SimulatorProcess

T = TypeVar("T")

TILL_TOKEN = "trial-till-0123456789"
REGISTER = "A"

NAMES = ("asello", "dvelop", "flexi", "kassomat", "offercube")

SECRETS: Mapping[str, Mapping[str, str]] = {
    "asello": {
        "user": "asello-user-canary",
        "password": "asello/pass word+canary",
        "webhook_secret": "asello-webhook-canary",
    },
    "dvelop": {"api_key": API_KEY},
    "flexi": {"user": "flexi-user-canary", "password": "flexi/pass word+canary"},
    "kassomat": {"email": EMAIL, "password": PASSWORD},
    "offercube": {"user": "cube-user-canary", "password": "cube/pass word+canary"},
}
"""The secrets of each vendor, which its simulator accepts."""

OPTIONS: Mapping[str, str] = {
    "asello": "print_receipts = false",
    "dvelop": f'bucket = "{BUCKET}"',
    "flexi": 'company = "demo"\nregister = "code:CASH"\ndocument_type = "code:STANDARD"',
    "kassomat": "",
    "offercube": 'tenant = "demo"\nlogin = {path = "/demo/s/login"}',
}
"""``[vendor.options]`` as TOML."""

_TOKENS = """
[[web.token]]
name = "counter"
role = "till"
token = "till.token"
[[register]]
id = "{register}"
kassen_id = "KASSE-{register}"
aes_key = "register.aes"
units = ["card"]
"""


def vendor_table(name: str, url: str) -> str:
    """Return the configuration of a vendor that is a simulator."""
    secrets = "\n".join(f'{each} = "{name}.{each}"' for each in SECRETS[name])
    return f"""
[[vendor]]
name = "{name}"
url = {json.dumps(url)}
simulator = true
[vendor.secrets]
{secrets}
[vendor.options]
{OPTIONS[name]}
"""


class TrialBox(Box):
    """``bonbridge run`` with one register and vendors at these addresses."""

    def __init__(self, root: Path, reader: int, vendors: Mapping[str, str]) -> None:
        super().__init__(root, reader, ())
        more = _TOKENS.format(register=REGISTER)
        more += "".join(vendor_table(name, url) for name, url in vendors.items())
        with self._config.open("a", encoding="utf-8") as config:
            config.write(more)
        self._secret("register.aes", base64.b64encode(b"a trial's key of thirty-two byte").decode())
        self._secret("till.token", TILL_TOKEN)
        for name in vendors:
            for secret, text in SECRETS[name].items():
                self._secret(f"{name}.{secret}", text)

    @property
    def runs_file(self) -> Path:
        """The store of runs."""
        return self.root / "data" / "vendors.db"

    def complaints(self) -> list[str]:
        """Return what the log has of defects: tracebacks, critical lines, errors of no fault."""
        words = ("Traceback", "CRITICAL", "unexpected error", "never retrieved", "never awaited")
        return [line for word in words for line in self.logged(word)]


@dataclass
class Town:
    """All vendors, each on its port; ``url`` of one is what the box is told."""

    stages: dict[str, Stage] = field(default_factory=dict)

    @property
    def flexi(self) -> FlexiSurface:
        return _the(self.stages["flexi"].surface, FlexiSurface)

    @property
    def cube(self) -> OfferCube:
        return _the(self.stages["offercube"].surface, OfferCube)

    @property
    def kassomat(self) -> KassomatSurface:
        return _the(self.stages["kassomat"].surface, KassomatSurface)

    @property
    def asello(self) -> AselloSurface:
        return _the(self.stages["asello"].surface, AselloSurface)

    @property
    def dvelop(self) -> DvelopSurface:
        return _the(self.stages["dvelop"].surface, DvelopSurface)

    @property
    def urls(self) -> dict[str, str]:
        """The addresses by vendor."""
        return {name: stage.url for name, stage in self.stages.items()}


def _the(surface: Any, kind: type[T]) -> T:
    assert isinstance(surface, kind)
    return surface


@contextlib.asynccontextmanager
async def town() -> AsyncIterator[Town]:
    """Start all vendors."""
    clock = SimClock()
    secrets = SECRETS
    surfaces: dict[str, Surface] = {
        "asello": make_asello(
            clock,
            user=secrets["asello"]["user"],
            password=secrets["asello"]["password"],
            poll_interval_s=0.0,
        ),
        "dvelop": make_dvelop(clock),
        "flexi": make_flexi(
            clock, user=secrets["flexi"]["user"], password=secrets["flexi"]["password"]
        ),
        "kassomat": make_kassomat(clock, pending_s=0.2),
        "offercube": make_cube(
            clock, user=secrets["offercube"]["user"], password=secrets["offercube"]["password"]
        ),
    }
    async with contextlib.AsyncExitStack() as stack:
        made = Town()
        for name, surface in surfaces.items():
            made.stages[name] = await stack.enter_async_context(Stage(surface, clock))
        yield made


@dataclass(frozen=True)
class Shop:
    """``operator`` sells, ``box`` is the daemon, ``card`` its card."""

    box: TrialBox
    operator: Counter
    card: SimulatorProcess


@contextlib.asynccontextmanager
async def shop(
    root: Path, vendors: Mapping[str, str], *, patient: bool = False
) -> AsyncIterator[Shop]:
    """Open a shop whose register is started; the box is stopped in order at the end, unless it has
    ended before."""
    reader = free_port()
    async with contextlib.AsyncExitStack() as stack:
        card = await asyncio.to_thread(
            SimulatorProcess, reader, root / "card.json", "--pin", PIN, "--delay-ms", "5"
        )
        stack.callback(card.kill)
        box = TrialBox(root, reader, vendors)
        operator = Counter(box.url, patient=patient)
        stack.push_async_callback(operator.close)
        stack.push_async_callback(_stop, box)
        await box.start()
        await operator.start_register(REGISTER)
        yield Shop(box, operator, card)


async def _stop(box: Box) -> None:
    if box.is_running:
        assert await box.stop() == 0, box.log.read_text(encoding="utf-8")


def bearer(token: str = TOKEN) -> dict[str, str]:
    """Return the header by which a program signs in."""
    return {"Authorization": f"Bearer {token}"}
