"""The card's end of the vpcd protocol: connects to a reader and comes back for ever.

Works with the real virtual reader driver and with the box's direct transport. A plain thread
with a blocking socket: that is what keeps an exchange at some 50 µs.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock, Thread

from drivers.signing.faults import CardCommunication
from drivers.signing.vpcd_framing import Control, FrameReader, encode
from simulators.card.card import CardDied
from simulators.card.slot import CardSlot

RETRY_S = 0.05
CONNECT_TIMEOUT_S = 2.0
_RECEIVE_BYTES = 65536


class VpcdClient:
    """Keeps ``slot`` in the reader at ``host``:``port`` until ``stop``."""

    def __init__(self, slot: CardSlot, host: str, port: int, *, retry_s: float = RETRY_S) -> None:
        self._slot = slot
        self._address = (host, port)
        self._retry_s = retry_s
        self._stopping = Event()
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._reset_wanted = Event()
        self._thread = Thread(target=self._run, name="card-simulator", daemon=True)

    def start(self) -> None:
        """Start the card's thread."""
        self._thread.start()

    def stop(self) -> None:
        """Pull the card, end the thread, and save the card's counters."""
        self._stopping.set()
        self.hang_up()
        self._thread.join()
        self._slot.own.save()

    def hang_up(self) -> None:
        """Break the line; the card connects again unless it is pulled."""
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def reset_card(self) -> None:
        """Reset the card before its next command, without a word to the reader."""
        self._reset_wanted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._slot.pulled:
                # A reader that goes away ends one stay, never the card.
                with suppress(OSError, CardDied, CardCommunication):
                    self._stay_in_reader()
            self._stopping.wait(self._retry_s)

    def _stay_in_reader(self) -> None:
        with socket.create_connection(self._address, CONNECT_TIMEOUT_S) as connection:
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._socket = connection
            try:
                # A switch may have been set between the question and the connection.
                if not self._stopping.is_set() and not self._slot.pulled:
                    self._slot.insert()
                    self._serve(connection)
            finally:
                with self._lock:
                    self._socket = None

    def _serve(self, connection: socket.socket) -> None:
        frames = FrameReader()
        while True:
            while (message := frames.next()) is not None:
                answer = self._answer(message)
                if answer is not None:
                    connection.sendall(encode(answer))
            # Linux clears the flag by itself. Without it the reader's second write of a message
            # waits 44 ms for our delayed acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            received = connection.recv(_RECEIVE_BYTES)
            if not received:
                return
            frames.feed(received)

    def _answer(self, message: bytes) -> bytes | None:
        card = self._slot.card
        if len(message) > 1:
            if self._reset_wanted.is_set():
                self._reset_wanted.clear()
                card.reset()
            return card.process(message)
        if message[0] == Control.ATR:
            return card.atr
        if message[0] in {Control.POWER_OFF, Control.POWER_ON, Control.RESET}:
            card.reset()
        return None
