"""Which card is in the reader, by its ATR (ISO/IEC 7816-3), and how its certification stands.

Sources: published list of ATRs of A-Trust cards; BMF page on the certification of RKSV cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import xor

from drivers.contract.fault import Text
from drivers.signing.faults import CardNotRecognised


class Certification(StrEnum):
    """Standing of a card type; everything but ``CURRENT`` deserves a warning on a status page."""

    CURRENT = "current"
    EXCHANGE = "exchange"
    OLD = "old"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class CardFamily:
    """Cards that take the same commands. ``pin_reference`` is P2 of VERIFY.

    ``None`` means that this driver has no commands for the family.
    """

    name: str
    pin_reference: int | None


ACOS_ID = CardFamily("ACOS-ID", 0x8A)
CARDOS_53 = CardFamily("CardOS 5.3", 0x81)
ACOS_EMV = CardFamily("ACOS EMV", None)


@dataclass(frozen=True, slots=True)
class CardType:
    """One row of the table: cards whose ATR begins with ``atr_prefix``."""

    name: str
    family: CardFamily
    atr_prefix: bytes
    certification: Certification
    warning: Text | None = None


_ACOS_ID_WARNING = Text(
    "Die Zertifizierung dieser Karte ist am 7.6.2025 ausgelaufen. Sie darf bis zum Tausch weiter "
    "verwendet werden; der Tausch muss bis Mai 2027 erfolgen.",
    "The certification of this card lapsed on 2025-06-07. It may be used until it is exchanged; "
    "the exchange is due by May 2027.",
)
_CARDOS_WARNING = Text(
    "Diese Karte muss bis spätestens Mai 2027 getauscht werden.",
    "This card must be exchanged by May 2027 at the latest.",
)
_OLD_WARNING = Text(
    "Diese Karte ist veraltet und muss getauscht werden.",
    "This card is outdated and must be exchanged.",
)
_TEST_WARNING = Text(
    "Das ist eine Testkarte: ihre Belege gelten nicht.",
    "This is a test card: its receipts are not valid.",
)


def _row(
    name: str, family: CardFamily, prefix: str, certification: Certification, warning: Text | None
) -> CardType:
    return CardType(name, family, bytes.fromhex(prefix), certification, warning)


_EXCHANGE, _OLD, _TEST = Certification.EXCHANGE, Certification.OLD, Certification.TEST

CARD_TYPES: tuple[CardType, ...] = (
    _row(
        "ACOS-ID 4.1",
        ACOS_ID,
        "3BDF97008131FE4680319052410464050401AC73D622C0F9",
        Certification.CURRENT,
        None,
    ),
    _row(
        "ACOS-ID 2.1 V2 (cold)",
        ACOS_ID,
        "3BDF96FF910131FE4680319052410264050200AC73D622C017",
        _EXCHANGE,
        _ACOS_ID_WARNING,
    ),
    _row(
        "ACOS-ID 2.1 V2 (warm)",
        ACOS_ID,
        "3BDF18FF910131FE4680319052410264050200AC73D622C099",
        _EXCHANGE,
        _ACOS_ID_WARNING,
    ),
    _row(
        "ACOS-ID 2.1 V3",
        ACOS_ID,
        "3BDF97008131FE4680319052410364050201AC73D622C0F8",
        _EXCHANGE,
        _ACOS_ID_WARNING,
    ),
    _row(
        "ACOS-ID test card",
        ACOS_ID,
        "3BDF97008131FE468031905241026405C903AC73D622C030",
        _TEST,
        _TEST_WARNING,
    ),
    _row(
        "ACOS-ID test card (cold)",
        ACOS_ID,
        "3BDF96FF918131FE468031905241026405C903AC73D622C05F",
        _TEST,
        _TEST_WARNING,
    ),
    _row(
        "ACOS-ID test card (warm)",
        ACOS_ID,
        "3BDF18FF918131FE468031905241026405C903AC73D622C0D1",
        _TEST,
        _TEST_WARNING,
    ),
    _row(
        "CardOS 5.3",
        CARDOS_53,
        "3BDF18008131FE588031B05202046405C903AC73B7B1D422",
        _EXCHANGE,
        _CARDOS_WARNING,
    ),
    _row("CardOS 5.3", CARDOS_53, "3BDF18008131FE58803190", _EXCHANGE, _CARDOS_WARNING),
    _row("ACOS EMV", ACOS_EMV, "3BBF11008131FE45455041", _OLD, _OLD_WARNING),
    _row("ACOS EMV", ACOS_EMV, "3BBF11008131FE454D4341", _OLD, _OLD_WARNING),
)


def check_character_is_right(atr: bytes) -> bool:
    """Return whether the XOR of all bytes from T0 to TCK is 0 (ISO/IEC 7816-3, 8.2.5).

    Only for cards that offer a protocol other than T=0; the others send no TCK.
    """
    return len(atr) > 2 and reduce(xor, atr[1:]) == 0


def recognise(atr: bytes, card_types: tuple[CardType, ...] = CARD_TYPES) -> CardType:
    """Return the card type of ``atr``.

    Raises ``CardNotRecognised`` (fact ``atr``, hex) for a foreign card and for a family this
    driver has no commands for.
    """
    atr_hex = atr.hex().upper()
    for card_type in card_types:
        if atr.startswith(card_type.atr_prefix):
            if card_type.family.pin_reference is None:
                raise CardNotRecognised(
                    f"{card_type.name} is an old card this box cannot use", atr=atr_hex
                )
            return card_type
    raise CardNotRecognised(f"no known signature card has the ATR {atr_hex}", atr=atr_hex)
