"""Commands that the cloud sends past its own program, as no decent one does."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.flow.box import BOX
from tests.flow.link import Link
from tests.flow.waiting import until

LIFE = timedelta(minutes=5)


def bread(**changes: Any) -> dict[str, Any]:
    """Return a line of ``receipt.open``, with some fields as given."""
    return {"text": "Semmel", "quantity": "1.000", "unit_cents": 49, "rate": "reduced1", **changes}


def raw_command(kind: str, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return a numbered frame."""
    now = datetime.now(UTC)
    return {
        "v": 1,
        "id": str(uuid.uuid4()),
        "type": kind,
        "seq": seq,
        "ts": now.isoformat(),
        "exp": (now + LIFE).isoformat(),
        "data": data,
    }


def taken(link: Link) -> list[int]:
    """Return the numbers of the cloud's stream that the box has taken, in its order."""
    assert link.box is not None
    return [
        row["body"]["seq"]
        for row in link.box.rows()
        if row["kind"] == "cloud.taken" and row["body"]["peer"] == link.name
    ]


async def send_raw(link: Link, kind: str, data: dict[str, Any]) -> str:
    """Have the cloud send one command with the next number; return its id.

    The cloud does not know of it afterwards, as if it had been restored: the link has to be made
    anew before its program is used again.
    """

    async def all_acknowledged() -> bool:
        box = (await link.state())["boxes"][BOX]
        return bool(box["acked"] >= box["given"])

    await until(all_acknowledged, "every command is acknowledged")
    frame = raw_command(kind, 1 + max(taken(link), default=0), data)
    await link.do("send_raw", text=json.dumps(frame))
    return str(frame["id"])


async def result_of(link: Link, message: str) -> dict[str, Any]:
    """Wait for the result of a command, which comes once."""

    async def look() -> dict[str, Any] | None:
        found = [each["data"] for each in await link.frames() if each["re"] == message]
        assert len(found) <= 1
        return found[0] if found else None

    return await until(look, "the result of a command has come")
