"""Operations with faults: a sample in ``make test``, all of them in ``make proofs``."""

from __future__ import annotations

import pytest

from tests.vendors.rules.bench import struck


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each function of a module's ``STRUCK`` its operations and faults."""
    of_module: dict[str, tuple[tuple[str, ...], int]] = getattr(metafunc.module, "STRUCK", {})
    if metafunc.function.__name__ not in of_module:
        return
    faults, sample = of_module[metafunc.function.__name__]
    count = len(faults) if metafunc.config.getoption("--proofs") else sample
    metafunc.parametrize(("subject", "operation", "fault"), struck(faults, count))
