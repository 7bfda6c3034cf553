"""What a vendor's simulator is."""

from __future__ import annotations

from typing import Protocol

from starlette.types import ASGIApp


class Surface(Protocol):
    """A vendor as seen from outside.

    ``app`` answers whatever is not one of the kit's control routes; its own switches may be routes
    below ``/_sim/`` too: those are neither logged nor struck by faults.
    """

    name: str

    @property
    def app(self) -> ASGIApp: ...

    def reset(self) -> None:
        """Forget everything that happened."""
        ...

    def golden(self) -> None:
        """Forget everything and hold the data of the vendor's own examples."""
        ...
