"""The card unit passes the contract through the real PC/SC service."""

from __future__ import annotations

from tests.signing.contract import SigningUnitContract


class TestCardThroughPcscd(SigningUnitContract):
    """All of it, on the unit of ``conftest``."""
