"""How long the link waits, by what happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.cloud import faults
from bridge.cloud.policy import CloudPolicy, wish_of
from bridge.config.faults import CredentialMissing
from drivers.contract.fault import Fault

HOUR = 3600.0
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

RANGES: dict[str, tuple[Fault | None, int, float, float]] = {
    "lost, first try": (faults.CloudLost(), 0, 0, 30),
    "lost, later": (faults.CloudLost(), 3, 0, 60),
    "restarting, first try": (faults.CloudRestarting(), 0, 0, 30),
    "restarting, later": (faults.CloudRestarting(), 1, 0, 60),
    "ended expectedly": (None, 0, 0, 30),
    "no name": (faults.CloudNameUnknown(), 5, 0, 60),
    "server error": (faults.CloudFailed(), 1, 0, 60),
    "401": (faults.CloudUnauthorized(), 0, 300, 900),
    "403": (faults.CloudForbidden(), 9, 300, 900),
    "404": (faults.CloudPathUnknown(), 0, 300, 900),
    "1008": (faults.CloudRefuses(), 0, 300, 900),
    "wrong protocol": (faults.CloudSubprotocolMissing(), 0, 300, 900),
    "update needed": (faults.CloudVersionRefused(), 0, 300, 900),
    "no credential": (CredentialMissing("x"), 0, 300, 900),
    "busy without a wish": (faults.CloudBusy(), 0, 30, 60),
    "busy for long": (faults.CloudBusy(), 30, 30, 630),
    "busy with a wish": (faults.CloudBusy("", retry_after_s=120.0), 0, 120, 150),
    "busy with the longest wish": (faults.CloudBusy("", retry_after_s=HOUR), 0, HOUR, HOUR + 30),
    "revoked": (faults.CloudRevoked(), 0, HOUR, HOUR + 30),
    "cloned": (faults.CloudIdentityCloned(), 0, 60, 120),
    "cloned for long": (faults.CloudIdentityCloned(), 30, 60, 660),
}


@pytest.mark.parametrize("case", RANGES, ids=str)
def test_pauses_are_spread_over_their_whole_range(case: str) -> None:
    fault, tries, low, high = RANGES[case]
    policy = CloudPolicy(lambda: False)
    assert policy(tries, fault, 0.0) == low
    assert policy(tries, fault, 1.0) == high
    assert low < policy(tries, fault, 0.5) < high


@pytest.mark.parametrize(
    "fault",
    [faults.CloudLost(), faults.CloudRestarting(), faults.CloudUnreachable(), None],
    ids=str,
)
def test_a_person_who_waits_need_not_wait_for_a_lost_link(fault: Fault | None) -> None:
    policy = CloudPolicy(lambda: True)
    assert policy(0, fault, 1.0) == 0
    assert policy(7, fault, 1.0) == 0
    assert policy.first(1.0) == 0


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (faults.CloudUnauthorized(), 300),
        (faults.CloudBusy("", retry_after_s=200.0), 200),
        (faults.CloudRevoked(), HOUR),
        (faults.CloudIdentityCloned(), 60),
        (faults.CloudStreamBroken(), 0.1),
    ],
    ids=lambda value: str(value),
)
def test_a_person_who_waits_hurries_nothing_that_hurry_makes_worse(
    fault: Fault, least: float
) -> None:
    assert CloudPolicy(lambda: True)(0, fault, 0.9) >= least


def test_the_very_first_try_is_spread_over_half_a_minute() -> None:
    policy = CloudPolicy(lambda: False)
    assert [policy.first(chance) for chance in (0.0, 0.5, 1.0)] == [0, 15, 30]


def test_an_expired_token_is_read_anew_at_once_but_only_once() -> None:
    policy = CloudPolicy(lambda: False)
    expired = faults.CloudTokenExpired()
    assert policy(3, expired, 0.5) == 0
    assert policy(4, expired, 0.0) == 300
    assert policy(5, expired, 1.0) == 900
    # Healthy in between: the token lived for a while.
    assert policy(0, expired, 0.5) == 0
    assert policy(1, expired, 0.0) == 300


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 120 ", 120),
        ("86400", HOUR),
        ("9" * 5000, HOUR),
        ("Sat, 21 Nov 2026 09:02:00 GMT", 120),
        ("Sat, 21 Nov 2026 08:00:00 GMT", 0),
        ("Sat, 21 Nov 2099 09:00:00 GMT", HOUR),
        ("Sat, 99 Nov 2026 09:00:00 GMT", None),
        ("Sat, 21 Nov 2026 09:00:00", None),
    ],
)
def test_a_wish_is_read_in_both_forms_and_capped(value: str | None, seconds: float | None) -> None:
    assert wish_of(value, NOW) == seconds
