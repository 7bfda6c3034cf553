"""A box in a process of its own that sends one order and is killed meanwhile."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.vendors.engine.service import PASSWORD, find
from tests.vendors.harness import counter


async def main(folder: str, url: str, what: str, id_: str) -> None:
    given = {"secrets": {"password": PASSWORD}, "find": find}
    async with counter(Path(folder), "post", url, **given) as box:  # type: ignore[arg-type] # - as in desks
        await box.call("POST", f"/{what}", body={"id": id_}, key=f"key-{id_}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
