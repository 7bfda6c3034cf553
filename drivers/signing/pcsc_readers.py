"""Readers as the PC/SC service sees them: their names, what is in them, and waiting for change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivers.signing.pcsc_codes import CONTEXT_DEAD, Code, service_fault
from drivers.signing.pcsc_library import SCOPE_USER, CallFailed, call, load_scard, require

LIST_CHANGES = "\\\\?PnP?\\Notification"
"""The name of no reader: its state changes when one is plugged in or out."""

_CHANGED = 0x0002
_PRESENT = 0x0020
_EXCLUSIVE = 0x0080
_MUTE = 0x0200


@dataclass(frozen=True, slots=True)
class ReaderState:
    """One reader. ``atr`` is the card's, upper-case hex, empty without a card.

    ``exclusive``: another program has the card for itself. ``mute``: what is in the reader does
    not answer. ``changes`` counts cards that came or went. ``flags`` is the state as the service
    wants it back to tell what changed since.
    """

    name: str
    card_present: bool
    atr: str
    exclusive: bool
    mute: bool
    changes: int
    flags: int


@dataclass(frozen=True, slots=True)
class Readers:
    """All readers at one moment; ``list_flags`` is the state of the list itself."""

    states: tuple[ReaderState, ...]
    list_flags: int

    @property
    def names(self) -> list[str]:
        """Their names, in the service's order."""
        return [state.name for state in self.states]


def establish(scard: Any) -> int:
    """Open a context at the service. Raises ``CardServiceDown``, ``CardAccessDenied``."""
    code, rest = call(scard.SCardEstablishContext, SCOPE_USER)
    if code:
        raise service_fault(code)
    return int(rest[0])


def look(scard: Any, context: int) -> Readers:
    """Return all readers and what is in them now, at once. Raises ``CallFailed``."""
    code, rest = call(scard.SCardListReaders, context, [])
    if code not in {Code.SUCCESS, Code.E_NO_READERS_AVAILABLE}:
        raise CallFailed(code)
    names: list[str] = rest[0] if rest else []
    if not names:
        return Readers((), 0)
    asked = [(name, 0) for name in (LIST_CHANGES, *names)]
    (seen,) = require(call(scard.SCardGetStatusChange, context, 0, asked))
    (_, list_flags, _), *states = seen
    return Readers(tuple(_state(*state) for state in states), list_flags & ~_CHANGED)


def await_change(scard: Any, context: int, readers: Readers, seconds: float) -> None:
    """Wait for a reader to come or go, or for a change in one of ``readers``.

    Returns whatever ended the wait, also a cancellation: look anew. Raises ``CallFailed`` when
    the service is gone.
    """
    states = ((each.name, each.flags) for each in readers.states)
    asked = [(LIST_CHANGES, readers.list_flags), *states]
    code, _ = call(scard.SCardGetStatusChange, context, 1 + int(seconds * 1000), asked)
    if code in CONTEXT_DEAD:
        raise CallFailed(code)


def reader_names() -> list[ReaderState]:
    """Return every reader PC/SC lists, with what is in it; disturbs no card.

    Blocks for some milliseconds. Raises ``CardSupportMissing``, ``CardServiceDown``,
    ``CardAccessDenied``, ``CardReaderUnavailable``.
    """
    scard = load_scard()
    context = establish(scard)
    try:
        return list(look(scard, context).states)
    except CallFailed as failed:
        raise service_fault(failed.code) from None
    finally:
        call(scard.SCardReleaseContext, context)


def _state(name: str, flags: int, atr: list[int]) -> ReaderState:
    return ReaderState(
        name,
        card_present=bool(flags & _PRESENT),
        atr=bytes(atr).hex().upper(),
        exclusive=bool(flags & _EXCLUSIVE),
        mute=bool(flags & _MUTE),
        changes=flags >> 16,
        flags=flags & ~_CHANGED,
    )
