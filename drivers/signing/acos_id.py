"""Signing unit for RKSV signature cards: ACOS-ID and, by one row of a table, CardOS 5.3.

Two commands per signature (VERIFY, COMPUTE DIGITAL SIGNATURE) in one transaction. After a lost
card, a reset, or a PIN state gone between the two, the unit connects anew, makes sure that it is
the same card, and tries exactly once more. A PIN the card refused is never sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from drivers.contract.clock import Clock, SystemClock
from drivers.contract.fault import Fault
from drivers.contract.signing import UnitRecord
from drivers.signing import status_words
from drivers.signing.atr import CARD_TYPES, CardType, recognise
from drivers.signing.certificate import (
    certificate_serial,
    field_11,
    public_key,
    signature_is_right,
    subject_public_key_info,
)
from drivers.signing.conversation import Conversation, WrongPin
from drivers.signing.deadline import Deadline
from drivers.signing.faults import (
    CardCommunication,
    CardGone,
    CardNotActivated,
    CardNotRead,
    CardSignatureWrong,
    CardSwapped,
    CardUnexpectedStatus,
    SigningTimeout,
)
from drivers.signing.pin import PinEntry, PinSource, pin_block
from drivers.signing.transport import CardTransport, checked_answer
from drivers.signing.worker import CardThread

logger = logging.getLogger(__name__)
T = TypeVar("T")

DIGEST_BYTES = 32

_STATE_LOST = frozenset(
    f"{status_word:04X}"
    for status_word in (
        status_words.SECURITY_NOT_SATISFIED,
        # assumed: what a card answers after a silent reset, when its signing folder is no longer
        # selected; only 6982 is documented
        status_words.CONDITIONS_NOT_SATISFIED,
        status_words.REFERENCE_NOT_FOUND,
    )
)


@dataclass(frozen=True, slots=True)
class CardDetails:
    """What a status page shows of the card. ``cin`` is the card's number, lower-case hex."""

    atr: bytes
    card_type: CardType
    cin: str


@dataclass(frozen=True, slots=True)
class _Identity:
    """One card: what must be the same after every reconnect."""

    details: CardDetails
    record: UnitRecord
    key: EllipticCurvePublicKey

    def is_same_card(self, other: _Identity) -> bool:
        return (
            self.details.cin == other.details.cin
            and self.record.certificate == other.record.certificate
        )


class AcosIdUnit:
    """``SigningUnit`` on a card transport.

    ``pin``: the digits, a function that fetches them, or ``None``. ``pin_refused=True`` starts
    with the PIN latched, as the box remembered it. ``vda`` is the provider id of the suite
    (``AT1`` A-Trust). Times in seconds: ``connect_timeout_s`` bounds the wait for a card,
    ``sign_timeout_s``, ``read_timeout_s`` and ``close_timeout_s`` bound the whole request,
    whatever the layers below do. ``check_signatures`` verifies every signature before it is
    handed out.
    """

    def __init__(
        self,
        name: str,
        transport: CardTransport,
        *,
        vda: str,
        pin: PinSource,
        pin_refused: bool = False,
        connect_timeout_s: float = 2.0,
        sign_timeout_s: float = 10.0,
        read_timeout_s: float = 20.0,
        close_timeout_s: float = 2.0,
        check_signatures: bool = True,
        card_types: tuple[CardType, ...] = CARD_TYPES,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self._transport = transport
        self._vda = vda
        self._pin = PinEntry(pin, refused=pin_refused)
        self._connect_timeout_s = connect_timeout_s
        self._sign_timeout_s = sign_timeout_s
        self._read_timeout_s = read_timeout_s
        self._close_timeout_s = close_timeout_s
        self._check_signatures = check_signatures
        self._card_types = card_types
        self._clock = clock or SystemClock()
        self._thread = CardThread(name)
        self._closed = False
        # Below: written by the card's thread only.
        self._identity: _Identity | None = None
        self._connected: CardType | None = None
        self._atr = b""
        self._ready = False
        self._swapped: CardSwapped | None = None
        self._lost = False

    def __repr__(self) -> str:
        return f"AcosIdUnit(name={self.name!r}, vda={self._vda!r}, pin={self._pin!r})"

    @property
    def details(self) -> CardDetails | None:
        """The card last read, ``None`` before the first ``read``."""
        return self._identity.details if self._identity else None

    @property
    def pin_is_refused(self) -> bool:
        """Whether the PIN is latched: no signature until ``enter_pin``."""
        return self._pin.refused

    def enter_pin(self, digits: str) -> None:
        """Take the PIN a person entered; ends the latch. Raises ``PinMalformed``, changing nothing.

        Sends nothing to the card: the next signature shows whether the PIN is right.
        """
        pin_block(digits)
        self._pin = PinEntry(digits)

    async def read(self) -> UnitRecord:
        """Connect, read certificate and card number, and take this card as the unit's own.

        Spends no PIN try. Raises ``CardAbsent``, ``CardNotRecognised``, ``CardNotActivated``,
        ``CardCommunication``, ``CardUnexpectedStatus``, ``SigningTimeout``, ``UnitClosed``.
        """
        return await self._run(self._read, self._read_timeout_s)

    async def sign(self, digest: bytes) -> bytes:
        """Return r‖s, 64 bytes, for a 32-byte SHA-256.

        Raises the faults of ``read`` and ``PinRefused``, ``PinBlocked``, ``PinMissing``,
        ``PinMalformed``, ``CardSwapped``, ``CardNotRead``, ``CardSignatureWrong``;
        ``ValueError`` for a digest of another length.
        """
        if len(digest) != DIGEST_BYTES:
            raise ValueError(f"a SHA-256 has {DIGEST_BYTES} bytes, not {len(digest)}")
        return await self._run(partial(self._sign, bytes(digest)), self._sign_timeout_s)

    async def probe(self) -> None:
        """Ask by SELECT alone whether the card answers. Raises the faults of ``read``.

        After a swap it raises ``CardSwapped`` until ``read``, after a refused PIN ``PinRefused``
        until ``enter_pin``: the unit cannot sign, and must not be taken for one that is back.
        """
        await self._run(self._probe, self._sign_timeout_s)

    async def close(self) -> None:
        """Give up card and reader, end the thread. May be called twice; waits a bounded time."""
        if self._closed:
            return
        self._closed = True
        closing = asyncio.wrap_future(self._thread.submit(self._transport.close))
        self._thread.stop()
        done, _ = await asyncio.wait({closing}, timeout=self._close_timeout_s)
        if done:
            closing.result()
        else:
            logger.warning("%s: the reader hangs, its thread is left behind", self.name)

    async def _run(self, job: Callable[[Deadline], T], timeout_s: float) -> T:
        future = self._thread.submit(partial(job, Deadline(self._clock, timeout_s)))
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise SigningTimeout(f"no answer from the card within {timeout_s:g} s") from None

    # Everything below runs in the card's thread.

    def _read(self, deadline: Deadline) -> UnitRecord:
        self._forget_connection()
        identity = self._identify(deadline)
        self._identity = identity
        self._swapped = None
        self._ready = True
        return identity.record

    def _probe(self, deadline: Deadline) -> None:
        self._pin.check_not_refused()
        self._refuse_after_swap()
        try:
            card_type = self._connected or self._connect(deadline)
            with self._transport.transaction():
                self._conversation(card_type, deadline).select_signing_folder()
        except Fault as fault:
            self._lose(fault)
            raise

    def _sign(self, digest: bytes, deadline: Deadline) -> bytes:
        entry = self._pin
        block = entry.block()
        entry.in_doubt = False
        self._refuse_after_swap()
        if self._identity is None:
            raise CardNotRead("the certificate was not read yet")
        try:
            return self._sign_once(self._identity, digest, entry, block, deadline)
        except (CardCommunication, CardUnexpectedStatus) as fault:
            if not self._may_try_again(fault, entry):
                raise
            logger.info("%s: %s; connecting anew and signing once more", self.name, fault)
        return self._sign_once(self._identity, digest, entry, block, deadline)

    def _sign_once(
        self, own: _Identity, digest: bytes, entry: PinEntry, block: bytes, deadline: Deadline
    ) -> bytes:
        try:
            if not self._ready:
                self._reopen(own, deadline)
            with self._transport.transaction():
                conversation = self._conversation(own.details.card_type, deadline)
                entry.in_doubt = not entry.proven
                conversation.verify(block)
                entry.proven, entry.in_doubt = True, False
                signature = conversation.sign(digest)
            if self._check_signatures and not signature_is_right(own.key, digest, signature):
                raise CardSignatureWrong("the signature does not fit the card's certificate")
        except WrongPin as refused:
            entry.in_doubt = False
            fault = entry.refuse(refused.tries)
            logger.warning("%s: %s", self.name, fault)
            raise fault from None
        except Fault as fault:
            self._lose(fault)
            raise
        return signature

    def _may_try_again(self, fault: Fault, entry: PinEntry) -> bool:
        if isinstance(fault, CardUnexpectedStatus):
            return fault.facts.get("sw") in _STATE_LOST
        # The lost answer to a first VERIFY may have been "wrong PIN": sending it again at once
        # could spend a second try. After one success the PIN is known to be right.
        return isinstance(fault, CardGone) or not entry.in_doubt

    def _reopen(self, own: _Identity, deadline: Deadline) -> None:
        found = self._identify(deadline)
        if not found.is_same_card(own):
            self._swapped = CardSwapped(
                f"card {found.details.cin} is in the reader instead of {own.details.cin}",
                expected_cin=own.details.cin,
                found_cin=found.details.cin,
                found_serial=found.record.serial,
            )
            raise self._swapped
        self._ready = True

    def _identify(self, deadline: Deadline) -> _Identity:
        """Connect and read who the card is; leaves the signing folder selected."""
        try:
            card_type = self._connect(deadline)
            with self._transport.transaction():
                conversation = self._conversation(card_type, deadline)
                certificate = conversation.read_certificate()
                cin = conversation.read_cin()
                conversation.select_signing_folder()
            serial = certificate_serial(certificate)
            if serial <= 0:
                raise CardNotActivated(f"the certificate's serial number is {serial}", cin=cin)
            key = public_key(certificate)
        except Fault as fault:
            self._lose(fault)
            raise
        if self._lost:
            self._lost = False
            logger.info("%s: card %s is back", self.name, cin)
        record = UnitRecord(
            vda=self._vda,
            serial=field_11(serial),
            certificate=certificate,
            issuers=(),
            public_key=subject_public_key_info(key),
        )
        return _Identity(CardDetails(self._atr, card_type, cin), record, key)

    def _connect(self, deadline: Deadline) -> CardType:
        deadline.check()
        self._atr = self._transport.connect(min(self._connect_timeout_s, deadline.remaining()))
        self._connected = recognise(self._atr, self._card_types)
        return self._connected

    def _conversation(self, card_type: CardType, deadline: Deadline) -> Conversation:
        def transmit(command: bytes) -> bytes:
            deadline.check()
            return checked_answer(self._transport.transmit(command))

        return Conversation(transmit, card_type.family)

    def _refuse_after_swap(self) -> None:
        if self._swapped is not None:
            raise CardSwapped(self._swapped.detail, **self._swapped.facts)

    def _lose(self, fault: Fault) -> None:
        """After any fault the next request connects anew and looks who is there."""
        self._forget_connection()
        if not self._lost:
            self._lost = True
            logger.warning("%s: %s", self.name, fault)

    def _forget_connection(self) -> None:
        self._connected = None
        self._ready = False
