"""Fault switches of the simulated card, changeable while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """What shall go wrong. Counts say how many times from now on; 0 is never.

    ``delay_ms``: time each signature takes. ``fail_next_signatures``: answered ``6F00``.
    ``die_in_apdu``: in the n-th APDU from now (1 = the next) the card does its work and closes
    the line without an answer. ``pulled``: no card in the reader. ``other_card``: a card with
    another key and number is in the reader. ``atr``: another ATR, hex, empty = the real one.
    ``short_answers``: signatures answered by one byte. ``cut_signatures``: signatures one byte
    too short. ``wrong_signatures``: one bit flipped. ``security_lost``: signatures answered
    ``6982``. ``reset_between``: the card is reset between VERIFY and the signature.
    """

    delay_ms: int = 0
    fail_next_signatures: int = 0
    die_in_apdu: int = 0
    pulled: bool = False
    other_card: bool = False
    atr: str = ""
    short_answers: int = 0
    cut_signatures: int = 0
    wrong_signatures: int = 0
    security_lost: int = 0
    reset_between: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            wanted = type(field.default)
            if type(value) is not wanted:
                raise ValueError(f"{field.name} takes {wanted.__name__}, not {value!r}")
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{field.name} is negative")
        bytes.fromhex(self.atr)


class FaultSwitches:
    """The settings in force, shared by the card's thread and the control channel."""

    def __init__(self, settings: FaultSettings | None = None) -> None:
        self._settings = settings or FaultSettings()
        self._lock = Lock()

    @property
    def settings(self) -> FaultSettings:
        """The settings as they are now."""
        return self._settings

    def change(self, changes: Mapping[str, Any]) -> FaultSettings:
        """Set some switches. Raises ``ValueError`` for an unknown name or a wrong value."""
        known = {field.name for field in fields(FaultSettings)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}; there are {sorted(known)}")
        with self._lock:
            self._settings = self._with(changes)
            return self._settings

    def take(self, name: str) -> bool:
        """Use up one of a count; return whether there was one."""
        with self._lock:
            left = int(getattr(self._settings, name))
            if left > 0:
                self._settings = self._with({name: left - 1})
            return left > 0

    def take_last(self, name: str) -> bool:
        """Count down; return whether this was the one that makes it 0."""
        return self.take(name) and int(getattr(self._settings, name)) == 0

    def _with(self, changes: Mapping[str, Any]) -> FaultSettings:
        return FaultSettings(**{**asdict(self._settings), **changes})
