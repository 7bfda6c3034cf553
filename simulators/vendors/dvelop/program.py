"""How the simulator is made, in a test or as a program."""

from __future__ import annotations

from simulators.vendors.dvelop import assumed
from simulators.vendors.dvelop.access import Access
from simulators.vendors.dvelop.masterdata import MasterData
from simulators.vendors.dvelop.surface import DvelopSurface
from simulators.vendors.kit import Option, SimClock, run_program

API_KEY = "simulated-api-key"
BUCKET = "masterdata"


def make(
    clock: SimClock,
    *,
    api_key: str = API_KEY,
    buckets: str = BUCKET,
    job_delay_s: float = 0.0,
    per_minute: int = assumed.SINGLES_PER_MINUTE,
    retry_after: bool = False,
    strict: bool = False,
    session_only: bool = False,
    batch_status: int = assumed.BATCH_STATUS,
) -> DvelopSurface:
    """Return the vendor. ``buckets`` are ids, separated by commas."""
    names = [name for name in buckets.split(",") if name]
    if not names:
        message = "at least one bucket is needed"
        raise ValueError(message)
    return DvelopSurface(
        clock,
        Access(clock, api_key, session_only=session_only),
        MasterData(clock, names, job_delay_s=job_delay_s, strict=strict),
        per_minute=per_minute,
        retry_after=retry_after,
        batch_status=batch_status,
    )


main = run_program(
    make,
    name="dvelop",
    text="d.velop smart invoice: master data API, jobs, log-in.",
    options=(
        Option("api_key", API_KEY, "the API key that is accepted"),
        Option("buckets", BUCKET, "ids of the master data buckets, separated by commas"),
        Option("job_delay_s", 0.0, "seconds until a list is worked off"),
        Option("per_minute", assumed.SINGLES_PER_MINUTE, "single records a minute before 429"),
        Option("retry_after", False, "send Retry-After with 429"),
        Option("strict", False, "refuse what the vendor's pages contradict themselves about"),
        Option("session_only", False, "accept the API key for the log-in only"),
        Option("batch_status", assumed.BATCH_STATUS, "status of the answer to a list"),
    ),
)
register = main.register
