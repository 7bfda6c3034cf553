"""Small durable values and files of one vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.vendors.engine import rows
from bridge.vendors.engine.store import Store


class VendorMemory:
    """``spec.Memory`` over the store. Calls raise ``RunsUnwritable``."""

    def __init__(self, store: Store, vendor: str) -> None:
        self._store = store
        self._vendor = vendor

    async def get(self, name: str) -> Any:
        """Return a value, ``None`` if there is none."""
        return await self._store.read(rows.value, self._vendor, name)

    async def put(self, name: str, value: Any) -> None:
        """Keep a value."""
        await self._store.write(rows.remember, self._vendor, {name: value})

    async def named(self, prefix: str) -> Mapping[str, Any]:
        """Return all values whose name begins so."""
        return await self._store.read(rows.values, self._vendor, prefix)

    async def blob(self, name: str) -> bytes | None:
        """Return a kept file, ``None`` if there is none."""
        return await self._store.read(rows.blob, self._vendor, name)

    async def put_blob(self, name: str, content: bytes) -> None:
        """Keep a file. Raises ``BlobTooLarge`` as well."""
        await self._store.write(rows.put_blob, self._vendor, name, content)
