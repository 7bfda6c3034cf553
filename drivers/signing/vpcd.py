"""Direct transport: the reader's side of the vpcd protocol, without a PC/SC service.

Listens like the virtual reader vpcd; a card (simulator) is the TCP client. Never used with real
cards. The PIN crosses the connection in clear, so it listens on the loopback interface unless
told otherwise.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from drivers.contract.clock import Clock, SystemClock
from drivers.contract.fault import Fault
from drivers.signing.deadline import Deadline
from drivers.signing.faults import (
    CardAbsent,
    CardAddressInvalid,
    CardCommunication,
    CardGone,
    CardReaderUnavailable,
    SigningTimeout,
)
from drivers.signing.transport import checked_answer
from drivers.signing.vpcd_framing import Control, FrameReader, encode

LOOPBACK = "127.0.0.1"
_RECEIVE_BYTES = 65536
_MIN_WAIT_S = 0.001  # a socket time-out of 0 would mean "do not block at all"


@dataclass(frozen=True, slots=True)
class VpcdAddress:
    """Listening address; port 0 lets the system choose one."""

    host: str
    port: int

    @classmethod
    def parse(cls, address: str) -> VpcdAddress:
        """Read ``vpcd:HOST:PORT`` (empty host = loopback). Raises ``CardAddressInvalid``."""
        scheme, _, rest = address.partition(":")
        host, colon, port = rest.rpartition(":")
        if scheme != "vpcd" or not colon or not (port.isascii() and port.isdigit()):
            raise CardAddressInvalid(f"{address!r} is not of the form vpcd:HOST:PORT")
        if int(port) > 0xFFFF:
            raise CardAddressInvalid(f"port {port} in {address!r} is above 65535")
        return cls(host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port))


class VpcdTransport:
    """``CardTransport`` over one listening socket and at most one card.

    ``answer_timeout_s`` bounds every wait for the answer to one message. While the connected
    card is alive, another one waits in the queue of the listening socket; once it is dead, the
    next ``connect`` takes the waiting one.
    """

    def __init__(
        self,
        address: VpcdAddress,
        *,
        answer_timeout_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._address = address
        self._answer_timeout_s = answer_timeout_s
        self._clock = clock or SystemClock()
        self._listener: socket.socket | None = None
        self._card: socket.socket | None = None
        self._frames = FrameReader()

    def listen(self) -> tuple[str, int]:
        """Open the listening socket if needed; return its host and port.

        Raises ``CardReaderUnavailable``, for example when the port is taken.
        """
        if self._listener is None:
            self._listener = self._open_listener()
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def connect(self, timeout_s: float) -> bytes:
        """See ``CardTransport.connect``. A card that does not tell its ATR is passed over."""
        self.listen()
        deadline = Deadline(self._clock, timeout_s)
        while True:
            if self._card is None or not self._is_alive():
                self._accept(deadline)
            try:
                return self._power_up(min(self._answer_timeout_s, deadline.remaining()))
            except (CardCommunication, SigningTimeout) as fault:
                self._drop()
                if deadline.remaining() <= 0.0:
                    raise CardAbsent("no card told its ATR in time") from fault

    def transmit(self, command: bytes) -> bytes:
        """See ``CardTransport.transmit``.

        Raises ``CardGone``, ``CardCommunication``, ``SigningTimeout``.
        """
        if self._card is not None and not self._is_alive():
            self._drop()
        try:
            return checked_answer(self._converse(encode(command), self._answer_timeout_s))
        except Fault:
            self._drop()
            raise

    def reset(self) -> None:
        """See ``CardTransport.reset``. Raises ``CardCommunication``, ``SigningTimeout``."""
        try:
            self._converse(
                encode(bytes([Control.RESET])) + encode(bytes([Control.ATR])),
                self._answer_timeout_s,
            )
        except Fault:
            self._drop()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nothing to lock: the listening socket gives the card to this transport alone."""
        yield

    def close(self) -> None:
        """Close card and listening socket; the card may connect again to a new transport."""
        self._drop()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _open_listener(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._address.host, self._address.port))
            listener.listen(1)
        except OSError as error:
            listener.close()
            raise CardReaderUnavailable(
                f"cannot listen on {self._address.host}:{self._address.port}: {error.strerror}"
            ) from error
        return listener

    def _accept(self, deadline: Deadline) -> None:
        self._drop()
        listener = self._listener
        if listener is None:
            raise CardReaderUnavailable("the transport was closed")
        listener.settimeout(max(_MIN_WAIT_S, deadline.remaining()))
        try:
            card, _ = listener.accept()
        except TimeoutError:
            raise CardAbsent("no card connected to the virtual reader in time") from None
        except OSError as error:
            raise CardReaderUnavailable(f"cannot accept a card: {error.strerror}") from error
        card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._card = card

    def _power_up(self, timeout_s: float) -> bytes:
        return self._converse(
            encode(bytes([Control.POWER_ON])) + encode(bytes([Control.ATR])), timeout_s
        )

    def _converse(self, outgoing: bytes, timeout_s: float) -> bytes:
        """Send ``outgoing`` in one piece and return the one message that answers it."""
        card = self._card
        if card is None:
            raise CardGone("no card is connected")
        deadline = Deadline(self._clock, timeout_s)
        try:
            card.settimeout(max(_MIN_WAIT_S, timeout_s))
            card.sendall(outgoing)
            while (answer := self._frames.next()) is None:
                # Linux clears QUICKACK by itself. Without it a peer that writes length and body
                # apart waits about 40 ms for our delayed acknowledgement.
                card.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                card.settimeout(max(_MIN_WAIT_S, deadline.remaining()))
                received = card.recv(_RECEIVE_BYTES)
                if not received:
                    raise CardCommunication("the card closed the connection")
                self._frames.feed(received)
        except TimeoutError:
            raise SigningTimeout(f"the card gave no answer within {timeout_s:g} s") from None
        except OSError as error:
            raise CardCommunication(f"the connection broke: {error.strerror}") from error
        return answer

    def _is_alive(self) -> bool:
        """Whether the connected card is there and in step: nothing unasked for has arrived."""
        card = self._card
        if card is None or len(self._frames):
            return False
        try:
            card.settimeout(0)
            card.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False  # closed by the card, or bytes that answer nothing

    def _drop(self) -> None:
        self._frames = FrameReader()
        if self._card is not None:
            with suppress(OSError):
                self._card.shutdown(socket.SHUT_RDWR)
            self._card.close()
            self._card = None
