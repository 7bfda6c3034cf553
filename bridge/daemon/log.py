"""The daemon's log: one stream, short, fit for journald and for a terminal."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

logger = logging.getLogger(__name__)

CHATTY = ("asyncio", "httpcore", "httpx", "uvicorn", "websockets")
"""Libraries whose log is of use only when something is wrong."""

_SYSLOG = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6}
"""Priorities of syslog(3)."""
_DEBUG = 7


class PlainFormatter(logging.Formatter):
    """Time, level and message; what comes from outside cannot begin a line of its own."""

    def __init__(self, layout: str = "%(asctime)s %(levelname)s %(message)s") -> None:
        super().__init__(layout)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the message as one line; control characters are shown, not obeyed."""
        return _visible(super().formatMessage(record))


class JournaldFormatter(PlainFormatter):
    """The message with its priority before each line (sd-daemon(3)); journald adds the time."""

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines, a traceback's, too, each with the priority."""
        mark = f"<{_SYSLOG.get(record.levelno, _DEBUG)}>"
        return "\n".join(f"{mark}{line}" for line in super().format(record).splitlines())


def set_up_log(environ: Mapping[str, str], stream: TextIO) -> None:
    """Send the log of all rooms and libraries, warnings and unhandled errors to ``stream``."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JournaldFormatter() if to_journald(environ, stream) else PlainFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread


def to_journald(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether the stream is the one that systemd connected with its journal (systemd.exec(5))."""
    given = environ.get("JOURNAL_STREAM")
    if not given:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return given == f"{found.st_dev}:{found.st_ino}"


def log_unhandled_of_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what an event loop's callback or task left unhandled.

    Not as the loop's own handler does it, whose message repeats the callback's arguments: they
    may be secrets. The traceback says where it was.
    """
    message = "a callback failed" if "handle" in context else context.get("message")
    logger.error("event loop: %s", message, exc_info=context.get("exception"))


def _unhandled(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logger.critical("unhandled error", exc_info=(kind, error, trace))


def _unhandled_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = "a thread" if args.thread is None else args.thread.name
        trace = (args.exc_type, args.exc_value, args.exc_traceback)
        logger.critical("%s ended by an unhandled error", name, exc_info=trace)


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
