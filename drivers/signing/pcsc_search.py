"""Finding the one card that is meant, and opening it, within a time.

The service learns of a card's coming and going from the reader, sometimes late. Resetting the
card at once shows whether it is alive, but a reset that fails, ours or another program's, makes
pcscd (1.9.9) note the reader as empty or its card as mute until the next card comes or goes, even
if the same card is back already. So its word is not all: the card is powered up in spite of it
after a failure of ours, until pcscd counts a coming or going, and once more when the time is over.
Not earlier, because pcscd powers up a card again when it learns late of its coming.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import Any

from drivers.contract.fault import Fault
from drivers.signing.deadline import Deadline
from drivers.signing.faults import CardAbsent, CardReaderUnavailable
from drivers.signing.pcsc_address import PcscAddress, ambiguous
from drivers.signing.pcsc_codes import CONTEXT_DEAD, reader_fault
from drivers.signing.pcsc_faults import CardReaderInUse, CardReaderNotFound
from drivers.signing.pcsc_library import (
    LEAVE_CARD,
    PROTOCOL_T0_OR_T1,
    RESET_CARD,
    SHARE_DIRECT,
    SHARE_SHARED,
    UNPOWER_CARD,
    CallFailed,
    call,
    require,
)
from drivers.signing.pcsc_readers import Readers, ReaderState, await_change, look

_LOOK_AGAIN_S = 1.0
"""Longest wait for a change without looking anew: a reader plugged in between looking and waiting
is not reported."""

_IN_DOUBT_S = 0.2
"""The same while the service's word on the reader is doubted."""

_REST_S = 0.02
"""Pause before looking anew, so that a reader that changes without end costs no core."""


@dataclass(frozen=True, slots=True)
class OpenCard:
    """An open handle, the protocol its card speaks, and where it is."""

    handle: int
    protocol: int
    atr: bytes
    reader: ReaderState


class CardSearch:
    """Opens the card at ``address``. ``closing`` ends a search from another thread."""

    def __init__(self, address: PcscAddress, closing: Event) -> None:
        self._address = address
        self._closing = closing
        self._doubted: tuple[str, int] | None = None
        self._reset = True

    def lost(self, card: OpenCard, *, reset_by_another: bool) -> None:
        """Note that a card was given up after a failure.

        Two programs that answer each other's reset by a reset would never come to an end: the
        next ``find`` leaves the card as the other program has reset it.
        """
        self._doubted = (card.reader.name, card.reader.changes)
        self._reset = not reset_by_another

    def find(self, scard: Any, context: int, deadline: Deadline) -> OpenCard:
        """Wait for a card and open it, reset. It looks at least once, whatever the deadline.

        Raises ``CallFailed`` for a service that does not do as asked, ``CardAbsent`` and
        ``CardReaderUnavailable`` with their leaves.
        """
        while True:
            last = deadline.remaining() <= 0.0
            readers = look(scard, context)
            try:
                return self._open_one(scard, context, readers, insist=last)
            except (CardAbsent, CardReaderUnavailable):
                if last:
                    raise
            doubted = any(map(self._is_doubted, readers.states))
            longest = _IN_DOUBT_S if doubted else _LOOK_AGAIN_S
            await_change(scard, context, readers, min(longest, deadline.remaining()))
            if self._closing.wait(min(_REST_S, deadline.remaining())):
                raise CardReaderUnavailable("the transport was closed")

    def _open_one(self, scard: Any, context: int, readers: Readers, *, insist: bool) -> OpenCard:
        """Open the card that is meant, or raise what is in the way."""
        state = self._choose(readers, insist=insist)
        if state.exclusive:
            raise CardReaderInUse(f"{state.name}: another program has the card for itself")
        card = self._open(scard, context, state)
        self._doubted = None
        self._reset = True
        return card

    def _choose(self, readers: Readers, *, insist: bool) -> ReaderState:
        """Return the reader that is meant and has, or may have, a card.

        ``insist``: it may have one whatever the service says, if only one reader is meant.
        """
        names = self._address.candidates(readers.names)
        if not names:
            there = ", ".join(readers.names) or "none"
            raise CardReaderNotFound(
                f"no reader fits {self._address}; there: {there}", readers=readers.names
            )
        meant = [state for state in readers.states if state.name in names]
        holding = [state for state in meant if state.card_present]
        if len(holding) > 1:
            raise ambiguous("several readers hold a card", [each.name for each in holding])
        possible = meant if insist and len(meant) == 1 else list(filter(self._is_doubted, meant))
        for state in (*holding, *possible):
            return state
        raise CardAbsent(f"no card in {', '.join(names)}")

    def _is_doubted(self, state: ReaderState) -> bool:
        return self._doubted == (state.name, state.changes)

    def _open(self, scard: Any, context: int, state: ReaderState) -> OpenCard:
        """Open the card in one reader, in spite of the service if it says there is none."""
        answers = state.card_present and not state.mute
        mode = SHARE_SHARED if answers else SHARE_DIRECT
        code, rest = call(scard.SCardConnect, context, state.name, mode, PROTOCOL_T0_OR_T1)
        if code:
            raise _failure(code, state.name)
        handle, protocol = rest
        try:
            if not answers:
                protocol = power(scard, handle, UNPOWER_CARD)
            elif self._reset:
                protocol = power(scard, handle, RESET_CARD)
            *_, atr = require(call(scard.SCardStatus, handle))
        except CallFailed as failed:
            call(scard.SCardDisconnect, handle, LEAVE_CARD)
            if state.card_present:
                self._doubted = (state.name, state.changes)
            raise _failure(failed.code, state.name) from None
        return OpenCard(handle, protocol, bytes(atr), state)


def power(scard: Any, handle: int, how: int) -> int:
    """Reset (``RESET_CARD``) a card or switch it off and on; return the protocol it then speaks.

    Waits while another program has a transaction. Raises ``CallFailed``.
    """
    arguments = (handle, SHARE_SHARED, PROTOCOL_T0_OR_T1, how)
    (protocol,) = require(call(scard.SCardReconnect, *arguments))
    return int(protocol)


def _failure(code: int, reader: str) -> Fault | CallFailed:
    return CallFailed(code) if code in CONTEXT_DEAD else reader_fault(code, reader)
