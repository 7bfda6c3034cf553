"""How the simulator is made, in a test or as a program."""

from __future__ import annotations

from simulators.vendors.flexi import assumed
from simulators.vendors.flexi.surface import FlexiSurface
from simulators.vendors.kit import Option, SimClock, run_program

COMPANY = "demo"
USER = "admin"
PASSWORD = "flexi-secret"  # noqa: S105 - of the simulator, in its documentation


def make(
    clock: SimClock,
    *,
    company: str = COMPANY,
    user: str = USER,
    password: str = PASSWORD,
    reading: str = assumed.READING,
    nested_errors: bool = False,
    licensed: bool = True,
    first_delay_s: float = 0.0,
) -> FlexiSurface:
    """Return the vendor, with the data of the examples."""
    return FlexiSurface(
        clock,
        company=company,
        user=user,
        password=password,
        reading=reading,
        nested_errors=nested_errors,
        licensed=licensed,
        first_delay_s=first_delay_s,
    )


main = run_program(
    make,
    name="flexi",
    text="ABRA Flexi: cash payments of invoices over its REST API.",
    options=(
        Option("company", COMPANY, "id of the only company"),
        Option("user", USER, "user of the REST service"),
        Option("password", PASSWORD, "its password"),
        Option("reading", assumed.READING, "how castka is read", choices=("A", "B")),
        Option("nested_errors", False, "put error elements into an errors element"),
        Option("licensed", True, "answer as if the write API were not licensed"),
        Option("first_delay_s", 0.0, "seconds that the first request takes"),
    ),
)
register = main.register
