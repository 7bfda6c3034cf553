"""A stand-in for ``smartcard.scard`` that answers as told: for what no real service does on
command."""

from __future__ import annotations

from typing import Any

from drivers.signing.pcsc import PcscAddress, PcscTransport

CARD = 0x20
READER = "Reader 00 00"
ATR = [0x3B, 0x00]


class ScriptedScard:
    """Each function does what a well service with a card does, unless ``answers`` has another
    answer for its name: a list is used up one by one, an exception is raised."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def function(*arguments: Any) -> Any:
            how = arguments[-1] if name in {"SCardReconnect", "SCardDisconnect"} else None
            self.calls.append(name if how is None else f"{name} {how}")
            if waiting := self.answers.get(name):
                answer = waiting.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer
            return self._well(name, arguments)

        return function

    def count(self, call: str) -> int:
        """How often a function was called."""
        return self.calls.count(call)

    @staticmethod
    def _well(name: str, arguments: tuple[Any, ...]) -> Any:
        answers: dict[str, Any] = {
            "SCardEstablishContext": [0, 7],
            "SCardListReaders": [0, [READER]],
            "SCardConnect": [0, 9, 2],
            "SCardReconnect": [0, 2],
            "SCardStatus": [0, READER, 0, 2, ATR],
            "SCardTransmit": [0, [0x90, 0x00]],
        }
        if name == "SCardGetStatusChange":
            return [0, [(reader, CARD, ATR) for reader, _ in arguments[2]]]
        return answers.get(name, 0)


def scripted() -> tuple[ScriptedScard, PcscTransport]:
    """The stand-in and a transport on it, not connected."""
    scard = ScriptedScard()
    return scard, PcscTransport(PcscAddress(READER), load=lambda: scard)
