"""How often and when to try again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.vendors.engine import faults
from bridge.vendors.engine.auth import LoginFailing
from bridge.vendors.engine.circuit import Circuit
from bridge.vendors.engine.faults import TooMany
from bridge.vendors.engine.limiter import Limiter
from bridge.vendors.engine.policy import Case, case_of, pause, retry_after_s, tries_allowed
from bridge.vendors.engine.spec import Kind, Limit
from drivers.contract.fault import Fault
from tests.till.harness import FakeClock

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("case", "first", "second", "cap"),
    [
        (Case.NOT_SENT, 1, 2, 60),
        (Case.BUSY, 30, 60, 600),
        (Case.GATEWAY, 2, 4, 300),
        (Case.FAILING, 5, 10, 300),
    ],
)
def test_pauses_double_up_to_their_cap_and_are_random_over_their_whole_length(
    case: Case, first: float, second: float, cap: float
) -> None:
    assert [pause(case, tries, None, 1.0) for tries in (1, 2, 1000)] == [first, second, cap]
    assert pause(case, 3, None, 0.0) == 0.0
    assert pause(case, 1, None, 0.5) == first / 2


def test_what_the_vendor_asks_for_always_wins_up_to_an_hour() -> None:
    assert pause(Case.NOT_SENT, 1, 900, 0.5) == 900
    assert pause(Case.BUSY, 1, 0, 0.5) == 0
    assert pause(Case.BUSY, 1, 86_400, 0.5) == 3600


def test_nothing_that_may_have_acted_is_repeated_without_proof() -> None:
    for case in (Case.GATEWAY, Case.FAILING, Case.LOST, Case.BROKEN):
        assert tries_allowed(case, Kind.ONCE) == 0
        assert all(tries_allowed(case, kind) for kind in (Kind.READ, Kind.UPSERT, Kind.KEYED))
    for kind in (Kind.READ, Kind.UPSERT, Kind.KEYED, Kind.ONCE):
        assert tries_allowed(Case.NOT_SENT, kind) is None
        assert tries_allowed(Case.BUSY, kind) == 8
        assert tries_allowed(Case.FINAL, kind) == 0


def test_an_operation_may_say_how_often_a_500_is_repeated() -> None:
    assert tries_allowed(Case.FAILING, Kind.KEYED) == 3
    assert tries_allowed(Case.FAILING, Kind.KEYED, 1) == 1
    assert tries_allowed(Case.GATEWAY, Kind.KEYED, 1) == 5


@pytest.mark.parametrize(
    ("fault", "case"),
    [
        (faults.VendorUnreachable(), Case.NOT_SENT),
        (faults.VendorPaused(), Case.NOT_SENT),
        (LoginFailing(), Case.NOT_SENT),
        (faults.VendorBusy(), Case.BUSY),
        (faults.VendorFailing(vendor_status=502), Case.GATEWAY),
        (faults.VendorFailing(vendor_status=503), Case.GATEWAY),
        (faults.VendorFailing(vendor_status=504), Case.GATEWAY),
        (faults.VendorFailing(vendor_status=500), Case.FAILING),
        (faults.VendorFailing(vendor_status=599), Case.FAILING),
        (faults.AnswerLost(), Case.LOST),
        (faults.VendorBroken(), Case.BROKEN),
        (faults.VendorRejected(), Case.FINAL),
        (faults.VendorSetup(), Case.FINAL),
        (faults.VendorAuthFailed(), Case.FINAL),
        (faults.CallInvalid(), Case.FINAL),
    ],
)
def test_each_fault_has_its_row(fault: Fault, case: Case) -> None:
    assert case_of(fault) is case


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "86400"}, 3600),
        ({"retry-after": "9" * 400}, 3600),
        ({"retry-after": "Sat, 21 Nov 2026 09:01:30 GMT"}, 90),
        ({"retry-after": "Sat, 21 Nov 2026 08:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT"}, 3600),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 99 Nov 2026 99:00:00 GMT"}, None),
        (
            {
                "retry-after": "Tue, 01 Jan 2030 00:00:20 GMT",
                "date": "Tue, 01 Jan 2030 00:00:00 GMT",
            },
            20,
        ),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


def test_a_date_that_nothing_can_be_compared_with_says_nothing() -> None:
    assert retry_after_s({"retry-after": "Sat, 21 Nov 2026 09:01:30 GMT"}, None) is None


# The circuit


def test_five_failures_in_a_row_open_the_circuit_for_a_minute() -> None:
    clock = FakeClock()
    circuit = Circuit(clock)
    for _ in range(4):
        circuit.failed()
    circuit.worked()
    for _ in range(4):
        circuit.failed()
    assert circuit.closed
    circuit.failed()
    assert not any(circuit.allows(kind) for kind in Kind)
    assert circuit.opens_at == clock.monotonic() + 60
    clock.advance(59)
    assert not circuit.allows(Kind.READ)


def test_then_one_read_is_the_trial() -> None:
    clock = FakeClock()
    circuit = Circuit(clock)
    for _ in range(5):
        circuit.failed()
    clock.advance(60)
    assert not circuit.allows(Kind.ONCE)
    assert circuit.allows(Kind.READ)
    assert not circuit.allows(Kind.READ), "one"
    circuit.failed()
    clock.advance(59)
    assert not circuit.allows(Kind.READ)
    clock.advance(1)
    assert circuit.allows(Kind.READ)
    circuit.worked()
    assert circuit.closed
    assert all(circuit.allows(kind) for kind in Kind)


def test_a_trial_that_never_reports_makes_way_for_another() -> None:
    clock = FakeClock()
    circuit = Circuit(clock, probes=frozenset({Kind.UPSERT}))
    for _ in range(5):
        circuit.failed()
    clock.advance(60)
    assert not circuit.allows(Kind.READ)
    assert circuit.allows(Kind.UPSERT)
    clock.advance(60)
    assert circuit.allows(Kind.UPSERT)


# The limiter


def test_a_burst_passes_then_calls_pass_evenly() -> None:
    clock = FakeClock()
    limiter = Limiter(Limit(per_minute=20, burst=5), clock)
    for _ in range(5):
        limiter.take()
    with pytest.raises(TooMany) as caught:
        limiter.take()
    assert caught.value.facts["retry_after"] == 3
    clock.advance(3)
    limiter.take()
    with pytest.raises(TooMany):
        limiter.take()


def test_no_60_seconds_ever_have_more_than_the_limit() -> None:
    clock = FakeClock()
    limiter = Limiter(Limit(per_minute=20, burst=5), clock)
    passed: list[float] = []
    for _ in range(4000):
        clock.advance(0.1)
        try:
            limiter.take()
        except TooMany:
            continue
        passed.append(clock.monotonic())
    within = [sum(1 for each in passed if start <= each < start + 60 - 1e-6) for start in passed]
    assert max(within) == 20
    assert len(passed) >= 20 * 6


def test_who_waits_as_told_passes() -> None:
    clock = FakeClock()
    limiter = Limiter(Limit(per_minute=20, burst=5), clock)
    for _ in range(60):
        try:
            limiter.take()
        except TooMany as fault:
            clock.advance(fault.facts["retry_after"])
            limiter.take()
