"""Tells the cloud how devices and registers are: state, not history, so without numbers."""

from __future__ import annotations

from bridge.cloud.envelope import DEVICE_CHANGED, LATCH_CHANGED
from bridge.cloud.here import Here
from bridge.cloud.sender import Send
from bridge.health import Part

_REGISTER = "register"
_CLOUD = "cloud"


async def send_state(here: Here, send: Send) -> None:
    """Send every part once, then whenever its level or its fault changes, for ever.

    Links to clouds are left out, and registers that the cloud may not use. Raises what the
    connection raises.
    """
    told: dict[str, tuple[str, str]] = {}
    # A cloud that reads slowly gets the latest state of each part, not all that were in between.
    changes = here.board.changes()
    for part in here.board.parts():
        await _tell(here, part, told, send)
    async for part in changes:
        await _tell(here, part, told, send)


async def _tell(here: Here, part: Part, told: dict[str, tuple[str, str]], send: Send) -> None:
    state = str(part.level), "" if part.fault is None else part.fault.code
    if told.get(part.name) == state or not _concerns(here, part):
        return
    told[part.name] = state
    kind = LATCH_CHANGED if part.kind == _REGISTER else DEVICE_CHANGED
    await send(here.frame(kind, part.as_body()))


def _concerns(here: Here, part: Part) -> bool:
    if part.kind == _REGISTER:
        return part.name.partition(":")[2] in here.peer.registers
    return part.kind != _CLOUD
