"""A cloud's own words, made fit for log and status page: short, harmless, without our secrets."""

from __future__ import annotations

import re
from collections import deque

from bridge.config.credentials import Secret

_UNFIT = re.compile(r"[^A-Za-z0-9 .,:;/()'*_-]")

LENGTH = 200
"""Characters that are shown."""

REMEMBERED = 4
"""Latest secrets that are taken out: a cloud that is broken may repeat an old one."""


class Discretion:
    """Knows the tokens that a cloud must not make the box repeat."""

    def __init__(self) -> None:
        self._secrets: deque[Secret] = deque(maxlen=REMEMBERED)

    def learn(self, secret: Secret) -> None:
        """Take a secret out of what is said from now on."""
        if all(secret.reveal() != known.reveal() for known in self._secrets):
            self._secrets.append(secret)

    def sayable(self, text: object) -> str:
        """Return what may be said of a text."""
        said = str(text)
        for secret in self._secrets:
            said = said.replace(secret.reveal(), "***")
        return _UNFIT.sub("?", said[:LENGTH])
