"""How the simulator is made, in a test or as a program."""

from __future__ import annotations

import random

from simulators.vendors.kassomat.books import Books
from simulators.vendors.kassomat.surface import KassomatSurface
from simulators.vendors.kit import Option, SimClock, run_program

EMAIL = "inhaber@laden.example"
PASSWORD = "simulated-password"  # noqa: S105 - of the simulated account

FASTEST_S, SLOWEST_S = 3.0, 15.0
"""What the vendor says of ELSTER's answers."""


def make(
    clock: SimClock,
    *,
    email: str = EMAIL,
    password: str = PASSWORD,
    paid: bool = True,
    pending_s: float = 0.0,
    seed: int = 1,
) -> KassomatSurface:
    """Return the vendor with one registered account, whose cashbook has no sender data yet.

    ``paid``: it has a package, so that real returns are possible. ``pending_s``: seconds for which
    a return is pending; 0: 3 to 15, at random. ``seed`` makes ids, tokens and that time.
    """
    if pending_s < 0:
        message = "pending_s is 0 or more"
        raise ValueError(message)

    def books() -> Books:
        chance = random.Random(seed)
        made = Books(clock, chance, lambda: pending_s or chance.uniform(FASTEST_S, SLOWEST_S))
        made.register(email=email, password=password, paid=paid, demo=False)
        return made

    return KassomatSurface(clock, books)


main = run_program(
    make,
    name="kassomat",
    text="kassomat: VAT returns to a simulated ELSTER.",
    options=(
        Option("email", EMAIL, "e-mail address of the registered account"),
        Option("password", PASSWORD, "its password"),
        Option("paid", True, "the account has no package: every return is a test"),
        Option("pending_s", 0.0, "seconds for which a return is pending; 0: 3 to 15"),
        Option("seed", 1, "start of the random numbers: ids, tokens, times"),
    ),
)
register = main.register
