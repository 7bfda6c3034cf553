"""``smartcard.scard``, loaded when it is needed, with its traps taken out.

Every call blocks and releases the interpreter lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from drivers.signing.pcsc_codes import Code
from drivers.signing.pcsc_faults import CardSupportMissing

# Values of pcsc-lite's ``pcsclite.h``; the binding has them under the same names.
SCOPE_USER: Final = 0
SHARE_SHARED: Final = 2
SHARE_DIRECT: Final = 3
SHARE_EXCLUSIVE: Final = 1
PROTOCOL_T0_OR_T1: Final = 3
LEAVE_CARD: Final = 0
RESET_CARD: Final = 1
UNPOWER_CARD: Final = 2


class CallFailed(Exception):
    """A call ended with ``code`` instead of success. Never leaves the driver."""

    def __init__(self, code: int) -> None:
        super().__init__(f"0x{code:08X}")
        self.code = code


def load_scard() -> Any:
    """Return the module ``smartcard.scard``. Raises ``CardSupportMissing``."""
    try:
        from smartcard import scard
    except ImportError as error:
        raise CardSupportMissing(f"pyscard cannot be loaded: {error}") from error
    return scard


def call(function: Callable[..., Any], *arguments: Any) -> tuple[int, list[Any]]:
    """Call a function of the binding; return its code, unsigned, and what else it returned.

    After any code but 0 nothing else is returned: with a dead service the binding hands out
    unrelated memory as "response".
    """
    try:
        returned = function(*arguments)
    except SystemError:
        # The binding's way of telling that the service died under the call.
        return Code.E_NO_SERVICE, []
    code, *rest = returned if isinstance(returned, list) else [returned]
    code &= 0xFFFFFFFF
    return code, [] if code else rest


def require(result: tuple[int, list[Any]]) -> list[Any]:
    """Return what a ``call`` returned with success. Raises ``CallFailed``."""
    code, rest = result
    if code:
        raise CallFailed(code)
    return rest
