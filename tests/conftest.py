"""Options and fixtures of all tests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Scale:
    """How long loops run: a sample in ``make test``, the whole in ``make proofs``."""

    proofs: bool

    def of(self, sample: int, proof: int) -> int:
        """Return the number of rounds."""
        return proof if self.proofs else sample


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--proofs", action="store_true", default=False, help="run the long loops of `make proofs`"
    )


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    """Whether this run is a proof, and how many rounds a loop takes."""
    return Scale(proofs=bool(request.config.getoption("--proofs")))


LONGEST_FIRST = ("tests/demo/", "tests/flow/", "tests/vendors/trial/", "tests/signing/pcsc/")
"""Folders whose files take long: begun first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and leave what is marked ``proofs`` to ``make proofs``."""
    items.sort(key=lambda each: not each.nodeid.startswith(LONGEST_FIRST))
    if config.getoption("--proofs"):
        return
    left_out = [each for each in items if each.get_closest_marker("proofs") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each not in left_out]
