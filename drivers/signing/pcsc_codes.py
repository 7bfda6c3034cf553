"""Return codes of PC/SC and what they mean for a command, a connection and the service.

Names and values: PC/SC Workgroup, part 5; pcsc-lite ``pcsclite.h``. Which code comes when was
measured with pcscd 1.9.9; what surely happened before the card saw a command is the order of
checks in its ``SCardTransmit``.
"""

from __future__ import annotations

from enum import IntEnum

from drivers.contract.fault import Fault
from drivers.signing.faults import (
    CardAbsent,
    CardCommunication,
    CardGone,
    CardReaderUnavailable,
    SigningTimeout,
)
from drivers.signing.pcsc_faults import (
    CardAccessDenied,
    CardMute,
    CardReaderInUse,
    CardServiceDown,
)


class Code(IntEnum):
    """The return codes this driver tells apart, as unsigned 32-bit numbers."""

    SUCCESS = 0
    F_INTERNAL_ERROR = 0x80100001
    E_CANCELLED = 0x80100002
    E_INVALID_HANDLE = 0x80100003
    F_WAITED_TOO_LONG = 0x80100007
    E_UNKNOWN_READER = 0x80100009
    E_TIMEOUT = 0x8010000A
    E_SHARING_VIOLATION = 0x8010000B
    E_NO_SMARTCARD = 0x8010000C
    E_PROTO_MISMATCH = 0x8010000F
    F_COMM_ERROR = 0x80100013
    E_NOT_TRANSACTED = 0x80100016
    E_READER_UNAVAILABLE = 0x80100017
    E_NO_SERVICE = 0x8010001D
    E_SERVICE_STOPPED = 0x8010001E
    E_NO_ACCESS = 0x80100027
    E_NO_READERS_AVAILABLE = 0x8010002E
    W_UNRESPONSIVE_CARD = 0x80100066
    W_UNPOWERED_CARD = 0x80100067
    W_RESET_CARD = 0x80100068
    W_REMOVED_CARD = 0x80100069
    W_SECURITY_VIOLATION = 0x8010006A


CONTEXT_DEAD = frozenset(
    {Code.E_NO_SERVICE, Code.E_SERVICE_STOPPED, Code.E_INVALID_HANDLE, Code.F_COMM_ERROR}
)
"""After these the context never works again, whatever ``SCardIsValidContext`` says."""

_NEVER_SENT = frozenset(
    {
        Code.E_INVALID_HANDLE,
        Code.E_SHARING_VIOLATION,
        Code.E_PROTO_MISMATCH,
        Code.W_RESET_CARD,
        Code.W_REMOVED_CARD,
    }
)
"""The service checks these before it hands a command to the reader. Any other code may also come
from the reader's driver, after the card has seen the command."""

_NO_ANSWER = frozenset({Code.E_TIMEOUT, Code.F_WAITED_TOO_LONG})

# assumed: what a service built with polkit answers to a user it refuses. Seen here only when the
# service was killed while a context was asked for
_REFUSED = frozenset({Code.E_NO_ACCESS, Code.W_SECURITY_VIOLATION})

_MUTE = frozenset({Code.W_UNRESPONSIVE_CARD, Code.W_UNPOWERED_CARD, Code.E_PROTO_MISMATCH})

_CARD_AWAY = frozenset({Code.E_NO_SMARTCARD, Code.W_REMOVED_CARD, Code.W_RESET_CARD})


def name_of(code: int) -> str:
    """Return a code as it is searched for, for example ``SCARD_W_RESET_CARD (0x80100068)``."""
    try:
        return f"SCARD_{Code(code).name} (0x{code:08X})"
    except ValueError:
        return f"PC/SC code 0x{code:08X}"


def command_fault(code: int) -> Fault:
    """Return the fault for a command that did not come back with success."""
    if code in _NEVER_SENT:
        return CardGone(f"the command was not sent: {name_of(code)}")
    if code in _NO_ANSWER:
        return SigningTimeout(f"the reader gave up waiting for the card: {name_of(code)}")
    return CardCommunication(f"the command failed: {name_of(code)}")


def reader_fault(code: int, reader: str) -> Fault:
    """Return the fault for a card in ``reader`` that cannot be connected."""
    facts = f"{reader}: {name_of(code)}"
    if code in _CARD_AWAY:
        return CardAbsent(facts)
    if code in _MUTE:
        return CardMute(facts)
    if code == Code.E_SHARING_VIOLATION:
        return CardReaderInUse(facts)
    return service_fault(code, facts)


def service_fault(code: int, facts: str = "") -> Fault:
    """Return the fault for a service that does not do as asked; ``facts`` default to the code."""
    facts = facts or name_of(code)
    if code in CONTEXT_DEAD:
        return CardServiceDown(facts)
    if code in _REFUSED:
        return CardAccessDenied(facts)
    return CardReaderUnavailable(facts)
