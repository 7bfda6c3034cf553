"""Options and fixtures of all tests."""

from __future__ import annotations

import zlib
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
    """Begin with what takes longest, mix the other files (browsers, processes, mere sums) so that
    no kind meets itself on all workers, and leave what is marked ``proofs`` to ``make proofs``."""
    items.sort(key=_turn)
    if config.getoption("--proofs"):
        return
    left_out = [each for each in items if each.get_closest_marker("proofs") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each not in left_out]


def _turn(item: pytest.Item) -> tuple[bool, int]:
    file = item.nodeid.partition("::")[0]
    return not file.startswith(LONGEST_FIRST), zlib.crc32(file.encode())
