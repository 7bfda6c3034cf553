"""Cards in real readers, through the PC/SC service ``pcscd`` (module ``smartcard.scard`` only).

One context stays open: a service started on demand leaves when nobody talks to it. After the
service died every handle stays dead, so the next ``connect`` begins with a new context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Any

from drivers.contract.clock import Clock, SystemClock
from drivers.signing.deadline import Deadline
from drivers.signing.faults import CardCommunication, CardGone, CardReaderUnavailable
from drivers.signing.pcsc_address import PcscAddress
from drivers.signing.pcsc_codes import CONTEXT_DEAD, Code, command_fault, name_of, service_fault
from drivers.signing.pcsc_faults import CardAccessDenied, CardServiceDown
from drivers.signing.pcsc_library import LEAVE_CARD, RESET_CARD, CallFailed, call, load_scard
from drivers.signing.pcsc_readers import establish
from drivers.signing.pcsc_search import CardSearch, OpenCard, power
from drivers.signing.transport import checked_answer

__all__ = ["PcscAddress", "PcscTransport"]

_SERVICE_AGAIN_S = 0.1
"""Between two tries to reach a service that is not there."""

_CANCEL_AGAIN_S = 0.05
"""Between two tries to end a wait in another thread: the first may come before the wait."""


class PcscTransport:
    """``CardTransport`` to the card in one reader.

    The card is shared with other programs but for the time of a transaction. ``load`` returns the
    binding; ``clock`` counts time-outs. A call into a service that hangs does not return: whoever
    uses the transport must not wait for it without a limit.
    """

    def __init__(
        self,
        address: PcscAddress,
        *,
        clock: Clock | None = None,
        load: Callable[[], Any] = load_scard,
    ) -> None:
        self._address = address
        self._clock = clock or SystemClock()
        self._load = load
        self._scard: Any = None
        self._context: int | None = None
        self._card: OpenCard | None = None
        self._connecting = Lock()
        self._closing = Event()
        self._search = CardSearch(address, self._closing)

    def __repr__(self) -> str:
        return f"PcscTransport({self._address})"

    def connect(self, timeout_s: float) -> bytes:
        """See ``CardTransport.connect``. The card is reset, unless another program just did it.

        Waits for the service and the reader as well. Raises ``CardAbsent`` (``CardMute``) and
        ``CardReaderUnavailable`` with its leaves.
        """
        with self._connecting:
            deadline = Deadline(self._clock, timeout_s)
            self._disconnect()
            if self._scard is None:
                self._scard = self._load()
            while True:
                try:
                    if self._context is None:
                        self._context = establish(self._scard)
                    self._card = self._search.find(self._scard, self._context, deadline)
                except CallFailed as failed:
                    self._release()
                    fault = service_fault(failed.code)
                except (CardServiceDown, CardAccessDenied) as refused:
                    # A service that dies while it is asked looks like one that refuses the user.
                    fault = refused
                else:
                    return self._card.atr
                if deadline.remaining() <= 0.0:
                    raise fault
                if self._closing.wait(min(_SERVICE_AGAIN_S, deadline.remaining())):
                    raise CardReaderUnavailable("the transport was closed")

    def transmit(self, command: bytes) -> bytes:
        """See ``CardTransport.transmit``.

        Raises ``CardGone``, ``CardCommunication``, ``SigningTimeout``.
        """
        card = self._connected()
        code, rest = call(self._scard.SCardTransmit, card.handle, card.protocol, list(command))
        if code:
            self._give_up(code)
            raise command_fault(code)
        try:
            return checked_answer(bytes(rest[0]))
        except CardCommunication:
            self._give_up(code)
            raise

    def reset(self) -> None:
        """See ``CardTransport.reset``. Raises ``CardGone``, ``CardCommunication``."""
        card = self._connected()
        try:
            power(self._scard, card.handle, RESET_CARD)
        except CallFailed as failed:
            self._give_up(failed.code)
            raise CardCommunication(f"the card cannot be reset: {name_of(failed.code)}") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See ``CardTransport.transaction``: waits while another program has one.

        Raises ``CardGone``.
        """
        card = self._connected()
        code, _ = call(self._scard.SCardBeginTransaction, card.handle)
        if code:
            self._give_up(code)
            raise CardGone(f"the card cannot be locked: {name_of(code)}")
        try:
            yield
        finally:
            if self._card is card:
                code, _ = call(self._scard.SCardEndTransaction, card.handle, LEAVE_CARD)
                if code:
                    # Closing the handle frees the card for the others in any case.
                    self._give_up(code)

    def close(self) -> None:
        """See ``CardTransport.close``. Ends a ``connect`` that waits in another thread."""
        self._closing.set()
        while not self._connecting.acquire(timeout=_CANCEL_AGAIN_S):
            if (context := self._context) is not None:
                call(self._scard.SCardCancel, context)
        try:
            self._release()
        finally:
            self._closing.clear()
            self._connecting.release()

    def _connected(self) -> OpenCard:
        if self._card is None:
            raise CardGone("no card is connected")
        return self._card

    def _give_up(self, code: int) -> None:
        """Let go of the card after a call ended with ``code``."""
        if self._card is not None:
            self._search.lost(self._card, reset_by_another=code == Code.W_RESET_CARD)
        if code in CONTEXT_DEAD:
            self._release()
        else:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._card is not None:
            call(self._scard.SCardDisconnect, self._card.handle, LEAVE_CARD)
            self._card = None

    def _release(self) -> None:
        self._disconnect()
        if self._context is not None:
            call(self._scard.SCardReleaseContext, self._context)
            self._context = None
