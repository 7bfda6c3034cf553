"""A box with a link, to be killed: ``python -m tests.cloud.child DIRECTORY URL``.

An operator completes every receipt that the cloud opens. Time stands still: the one connection
that it makes ends with its life.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from bridge.model import events
from bridge.till.faults import Refused
from tests.cloud.box import linked
from tests.till.harness import Shop


async def complete(shop: Shop, receipt_id: str) -> None:
    """Complete a receipt, unless it was withdrawn or completed meanwhile."""
    receipt = shop.register().open.get(receipt_id)
    if receipt is not None:
        with contextlib.suppress(Refused):
            await shop.complete(receipt, key=f"complete-{receipt.id}")


async def complete_all(shop: Shop) -> None:
    """Complete what is open and what is opened, for ever."""
    begin = shop.journal.last_seq
    for receipt_id in list(shop.register().open):
        await complete(shop, receipt_id)
    async for event in shop.journal.follow(begin):
        if event.kind == events.OPENED and event.receipt is not None:
            await complete(shop, event.receipt)


async def main(directory: Path, url: str) -> None:
    async with Shop(directory) as shop, linked(shop, url):
        await complete_all(shop)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
