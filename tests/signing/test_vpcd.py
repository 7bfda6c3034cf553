"""Framing of the vpcd protocol on bad wires, and the direct transport with hostile cards."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator

import pytest

from drivers.signing.faults import (
    CardAbsent,
    CardAddressInvalid,
    CardCommunication,
    CardReaderUnavailable,
    SigningTimeout,
)
from drivers.signing.transport import checked_answer
from drivers.signing.vpcd import VpcdAddress, VpcdTransport
from drivers.signing.vpcd_framing import MAX_BODY_BYTES, FrameReader, encode
from simulators.card.card import DEFAULT_ATR

BODIES = [b"\x04", b"\x90\x00", bytes(range(256)), b"x" * MAX_BODY_BYTES, b"\x00\x00"]
STREAM = b"".join(encode(body) for body in BODIES)


def read_all(pieces: list[bytes]) -> list[bytes]:
    reader = FrameReader()
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (body := reader.next()) is not None:
            found.append(body)
    assert len(reader) == 0
    return found


def test_messages_glued_together_come_apart() -> None:
    assert read_all([STREAM]) == BODIES


def test_messages_one_byte_at_a_time_come_together() -> None:
    short = b"".join(encode(body) for body in BODIES[:3])
    assert read_all([bytes([byte]) for byte in short]) == BODIES[:3]


def test_messages_cut_anywhere_come_together() -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)
    for _ in range(50):
        cuts = sorted(source.sample(range(1, len(STREAM)), source.randrange(1, 12)))
        ends = [*cuts, len(STREAM)]
        pieces = [STREAM[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
        assert read_all(pieces) == BODIES


def test_a_message_cut_short_is_never_handed_out() -> None:
    whole = encode(b"\x90\x00")
    for length in range(len(whole)):
        reader = FrameReader()
        reader.feed(whole[:length])
        assert reader.next() is None


def test_an_empty_message_means_card_gone() -> None:
    reader = FrameReader()
    reader.feed(b"\x00\x00")
    with pytest.raises(CardCommunication):
        reader.next()


@pytest.mark.parametrize("body", [b"", b"x" * (MAX_BODY_BYTES + 1)])
def test_a_message_that_has_no_length_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 65535"):
        encode(body)


@pytest.mark.parametrize("answer", [b"", b"\x90"])
def test_an_answer_without_a_status_word_is_a_fault(answer: bytes) -> None:
    with pytest.raises(CardCommunication):
        checked_answer(answer)


def test_addresses_are_understood() -> None:
    assert VpcdAddress.parse("vpcd:127.0.0.1:35963") == VpcdAddress("127.0.0.1", 35963)
    assert VpcdAddress.parse("vpcd::0") == VpcdAddress("127.0.0.1", 0)
    assert VpcdAddress.parse("vpcd:[::1]:1") == VpcdAddress("::1", 1)


@pytest.mark.parametrize(
    "address",
    ["", "vpcd", "vpcd:", "vpcd:host", "vpcd:host:", "vpcd:h:x", "tcp:h:1", "vpcd:h:65536"],
)
def test_bad_addresses_are_refused(address: str) -> None:
    with pytest.raises(CardAddressInvalid):
        VpcdAddress.parse(address)


class ScriptedCard:
    """A card at the other end of the wire that sends the given pieces, one per question."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Send bytes whether they were asked for or not: they wait in the reader's socket."""
        self.socket.sendall(data)

    def answer_later(self, data: bytes, piece: int) -> threading.Thread:
        """Answer the next question by ``data`` in pieces of ``piece`` bytes, from a thread."""

        def run() -> None:
            self.socket.recv(65536)
            for start in range(0, len(data), piece):
                self.socket.sendall(data[start : start + piece])

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def close(self) -> None:
        """Leave the reader."""
        self.socket.close()


@pytest.fixture
def reader() -> Iterator[VpcdTransport]:
    transport = VpcdTransport(VpcdAddress("127.0.0.1", 0), answer_timeout_s=5.0)
    yield transport
    transport.close()


def connected(reader: VpcdTransport) -> ScriptedCard:
    _, port = reader.listen()
    card = ScriptedCard(port)
    thread = card.answer_later(encode(DEFAULT_ATR), 100)
    assert reader.connect(10.0) == DEFAULT_ATR
    thread.join()
    return card


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
def test_an_answer_arrives_whole_however_it_is_cut(reader: VpcdTransport, piece: int) -> None:
    card = connected(reader)
    answer = bytes(range(200)) + b"\x90\x00"
    thread = card.answer_later(encode(answer), piece)
    assert reader.transmit(b"\x00\xb0\x00\x00\x00") == answer
    thread.join()
    card.close()


def test_no_card_is_absent(reader: VpcdTransport) -> None:
    with pytest.raises(CardAbsent):
        reader.connect(0.01)


def test_a_command_without_a_connection_is_a_fault(reader: VpcdTransport) -> None:
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x00")
    with pytest.raises(CardCommunication):
        reader.reset()


@pytest.mark.parametrize("left_behind", [b"", b"\x00", b"\x00\x04\x90", b"\x00\x00"])
def test_a_card_that_dies_in_a_command_is_a_fault(
    reader: VpcdTransport, left_behind: bytes
) -> None:
    card = connected(reader)

    def die() -> None:
        card.socket.recv(65536)
        card.socket.sendall(left_behind)
        card.close()

    thread = threading.Thread(target=die)
    thread.start()
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x00")
    thread.join()
    successor = connected(reader)  # what the dead card left behind is not mixed into its answers
    successor.close()


def test_a_one_byte_answer_is_a_fault(reader: VpcdTransport) -> None:
    card = connected(reader)
    thread = card.answer_later(encode(b"\x90"), 10)
    with pytest.raises(CardCommunication, match="1 of at least 2"):
        reader.transmit(b"\x00\xa4\x00\x00")
    thread.join()
    card.close()


def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    reader = VpcdTransport(VpcdAddress("127.0.0.1", 0), answer_timeout_s=0.05)
    card = connected(reader)
    with pytest.raises(SigningTimeout):
        reader.transmit(b"\x00\xa4\x00\x00")
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x01")
    card.close()
    reader.close()


def test_bytes_nobody_asked_for_end_the_connection(reader: VpcdTransport) -> None:
    card = connected(reader)
    card.send(encode(b"\x90\x00"))
    # The peek of the reader sees them once they have crossed the loopback interface.
    assert reader._card is not None
    reader._card.settimeout(10)
    reader._card.recv(1, socket.MSG_PEEK)
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x00")
    card.close()


def test_two_answers_glued_end_the_connection_at_the_next_command(reader: VpcdTransport) -> None:
    card = connected(reader)
    thread = card.answer_later(encode(b"\x90\x00") + encode(b"\x69\x82"), 100)
    assert reader.transmit(b"\x00\xa4\x00\x00") == b"\x90\x00"
    thread.join()
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x01")
    card.close()


def test_a_new_card_replaces_a_dead_one_only_at_connect(reader: VpcdTransport) -> None:
    first = connected(reader)
    first.close()
    second = ScriptedCard(reader.listen()[1])
    with pytest.raises(CardCommunication):
        reader.transmit(b"\x00\xa4\x00\x00")
    thread = second.answer_later(encode(b"\x3b\x00"), 1)
    assert reader.connect(10.0) == b"\x3b\x00"
    thread.join()
    second.close()


def test_a_living_card_is_not_replaced(reader: VpcdTransport) -> None:
    first = connected(reader)
    second = ScriptedCard(reader.listen()[1])
    thread = first.answer_later(encode(b"\x3b\x01"), 10)
    assert reader.connect(10.0) == b"\x3b\x01"
    thread.join()
    first.close()
    second.close()


def test_a_card_that_left_before_it_was_asked_is_passed_over(reader: VpcdTransport) -> None:
    _, port = reader.listen()
    ScriptedCard(port).close()
    second = ScriptedCard(port)
    thread = second.answer_later(encode(b"\x3b\x00"), 10)
    assert reader.connect(10.0) == b"\x3b\x00"
    thread.join()
    second.close()


def test_a_taken_port_is_a_fault_and_a_closed_one_is_free_at_once(reader: VpcdTransport) -> None:
    card = connected(reader)
    host, port = reader.listen()
    second = VpcdTransport(VpcdAddress(host, port))
    with pytest.raises(CardReaderUnavailable):
        second.connect(0.01)
    reader.close()
    assert second.listen() == (host, port)
    second.close()
    card.close()
