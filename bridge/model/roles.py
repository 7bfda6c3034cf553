"""What a caller of the box may do."""

from __future__ import annotations

from enum import StrEnum

from drivers.contract.fault import Fault, Side, Text


class Role(StrEnum):
    """What a caller may do. ``TECHNICIAN`` may all that ``BACKOFFICE`` may, and that all that
    ``TILL`` may."""

    TILL = "till"
    BACKOFFICE = "backoffice"
    TECHNICIAN = "technician"

    def may(self, needed: Role) -> bool:
        """Whether this role includes another."""
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.TILL: 1, Role.BACKOFFICE: 2, Role.TECHNICIAN: 3}


class Forbidden(Fault):
    """The caller is known but may not do this."""

    code = "forbidden"
    side = Side.OPERATOR
    title = Text("Das ist Ihnen nicht erlaubt", "You are not allowed to do this")
    advice = Text(
        "Mit einem Schlüssel der genannten Rolle anmelden.",
        "Sign in with a token of the role that is named.",
    )

    @classmethod
    def lacks(cls, who: str, role: Role, needed: Role) -> Forbidden:
        """Say which role is needed and which one the caller has."""
        return cls(f"this needs the role {needed}, {who} has {role}")
