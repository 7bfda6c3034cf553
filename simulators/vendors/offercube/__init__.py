"""Simulator of offer-cube's web service: invoices that are sent and paid."""

from __future__ import annotations

from simulators.vendors.kit import Option, SimClock, run_program
from simulators.vendors.offercube.surface import OfferCube


def make(
    clock: SimClock,
    tenant: str = "demo",
    sid: str = "sim-session-0001",
    user: str = "box",
    password: str = "sim-password",  # noqa: S107 - the simulator's own
) -> OfferCube:
    """Return the simulator. Its log-in (``/{tenant}/s/login``) is its own invention."""
    return OfferCube(clock, tenant, sid, user, password)


main = run_program(
    make,
    name="offercube",
    text="offer-cube: invoices sent and paid.",
    options=(
        Option("tenant", "demo", "part of all addresses after the server"),
        Option("sid", "sim-session-0001", "a session that lasts until it is ended"),
        Option("user", "box", "user of the invented log-in"),
        Option("password", "sim-password", "its password"),
    ),
)
register = main.register
