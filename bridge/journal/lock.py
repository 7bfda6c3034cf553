"""One daemon per journal: an advisory lock on a file of its own.

Never on the database file: closing a second descriptor of it would drop SQLite's own locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from bridge.journal.faults import JournalLocked, JournalUnwritable


class JournalLock:
    """Held from construction to ``release``; the kernel releases it when the process dies.

    Raises ``JournalLocked`` and ``JournalUnwritable``.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            message = f"{path}: {error.strerror}"
            raise JournalUnwritable(message) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip()
            os.close(self._fd)
            message = f"{path} is held by process {holder or 'unknown'}"
            raise JournalLocked(message) from error
        except OSError as error:
            os.close(self._fd)
            message = f"{path} cannot be locked: {error.strerror}"
            raise JournalUnwritable(message) from error
        # The number only informs: a full disk must not keep the box from starting.
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._fd)
