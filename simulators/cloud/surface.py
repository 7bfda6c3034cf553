"""The cloud's REST side as the kit of vendors' simulators sees it: asello."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.types import ASGIApp

from drivers.contract.clock import Clock
from simulators.cloud import ids
from simulators.cloud.api import Api
from simulators.cloud.assumed import DEFAULT_CASH_REGISTER, POLL_INTERVAL_S
from simulators.cloud.cloud import Cloud
from simulators.cloud.polling import PollGuard, PollLimits
from simulators.cloud.secret_files import Login
from simulators.cloud.store import Store
from simulators.cloud.switches import Switches
from simulators.cloud.webhooks import WebhookSender

if TYPE_CHECKING:
    from simulators.cloud.session import BoxSession

NAME = "asello"

# The documented example of a webhook.
GOLDEN_DOCUMENT = 9420657
GOLDEN_DELIVERY = "642f2a88afc54fb5b3dc5e93a48dad6a"
GOLDEN_ECHO = "4acbe33406244d109888260d2c61b844"
GOLDEN_REQUEST = "|4ec68e80deb0ed459e52320821cc4d63.b25b135c_b25b135d_21."

_BOX = "demo-box"


class AselloSurface:
    """``app`` answers the REST calls of a cloud."""

    name = NAME

    def __init__(self, cloud: Cloud, api: Api) -> None:
        self.cloud = cloud
        self._api = api

    @property
    def app(self) -> ASGIApp:
        return self._api.app

    def reset(self) -> None:
        """Forget receipts, documents, webhooks, who has signed in and who reads too often. What is
        agreed with boxes stays: their links go on."""
        self._forget(1)

    def golden(self) -> None:
        """Forget all that, and let the next document, echo check and delivery bear the ids of the
        documented example."""
        self._forget(GOLDEN_DOCUMENT)
        given = self.cloud.webhooks.ids
        given.give(ids.DELIVERY, GOLDEN_DELIVERY)
        given.give(ids.ECHO, GOLDEN_ECHO)
        given.give(ids.REQUEST, GOLDEN_REQUEST)

    def _forget(self, next_document: int) -> None:
        self._api.forget()
        self.cloud.webhooks.ids.forget()
        self.cloud.store.forget(next_document)


def make(
    clock: Clock,
    *,
    user: str = "asello-user",
    password: str = "asello-password",  # noqa: S107 - of the simulator, in its documentation
    cash_register: int = DEFAULT_CASH_REGISTER,
    box_connected: bool = True,
    poll_interval_s: float = POLL_INTERVAL_S,
) -> AselloSurface:
    """Return the REST side alone, in memory: no box can connect and no webhook is delivered.

    ``box_connected``: commands are taken as if a box were there, which never reports. For a cloud
    with boxes and webhooks there is ``simulator.CloudSimulator``.
    """
    switches = Switches()
    store = Store(None)
    webhooks = WebhookSender(store, switches, clock)
    cloud = Cloud(store, switches, clock, {cash_register: (_BOX, None)}, webhooks)
    with store.transaction():
        cloud.streams.add_box(_BOX)
    if box_connected:
        cloud.sessions[_BOX] = cast("BoxSession", _SilentBox())
    guard = PollGuard(PollLimits(interval_s=poll_interval_s), clock)
    return AselloSurface(cloud, Api(cloud, Login(user, password), guard))


class _SilentBox:
    """Stands for the session of a box that takes every command and reports nothing."""

    ready = True

    def wake(self) -> None:
        """Nobody sends."""
