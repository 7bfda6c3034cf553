"""Published and shared test data with known answers, kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def vectors(*parts: str) -> Path:
    """Return a path below the vectors directory; skip the test with a reason if it is absent.

    The directory is ``$BONBRIDGE_VECTORS``, by default ``../shared/vectors`` beside the checkout.
    """
    base = Path(os.environ.get("BONBRIDGE_VECTORS", ROOT.parent / "shared" / "vectors"))
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"test vectors not present: {path}")
    return path
