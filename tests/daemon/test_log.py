"""The log: priorities for journald, one line per message, unhandled errors without values."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.daemon.log import (
    JournaldFormatter,
    PlainFormatter,
    log_unhandled_of_loop,
    set_up_log,
    to_journald,
)
from tests.house.source import ROOT

SECRET = "canary-907341"


def record(message: str, level: int = logging.INFO, **options: Any) -> logging.LogRecord:
    return logging.LogRecord("test", level, __file__, 1, message, (), options.get("exc_info"))


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The stream of a log that was set up, and everything put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook, logging.raiseExceptions
    stream = io.StringIO()
    set_up_log({}, stream)
    yield stream
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, logging.raiseExceptions = hooks
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(
    ("level", "mark"),
    [
        (logging.CRITICAL, "<2>"),
        (logging.ERROR, "<3>"),
        (logging.WARNING, "<4>"),
        (logging.INFO, "<6>"),
        (logging.DEBUG, "<7>"),
        (25, "<7>"),
    ],
)
def test_journald_is_told_the_priority(level: int, mark: str) -> None:
    assert JournaldFormatter().format(record("text", level)) == f"{mark}text"


def test_each_line_of_a_traceback_has_the_priority() -> None:
    try:
        int("a defect")
    except ValueError:
        text = JournaldFormatter().format(record("text", logging.ERROR, exc_info=sys.exc_info()))
    lines = text.splitlines()
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


@pytest.mark.parametrize("formatter", [PlainFormatter(), JournaldFormatter()])
def test_what_comes_from_outside_cannot_forge_a_line_or_steer_a_terminal(
    formatter: logging.Formatter,
) -> None:
    text = formatter.format(record("name\n<0>all is lost\r\x1b[2J\u2028end ü €"))
    assert len(text.splitlines()) == 1
    assert "\\n<0>all is lost\\r\\x1b[2J\\u2028end ü €" in text


def test_priorities_are_for_the_stream_of_journald_only(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        assert to_journald({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}, file)
        assert not to_journald({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"}, file)
        assert not to_journald({}, file)
    assert not to_journald({"JOURNAL_STREAM": "1:1"}, io.StringIO())


def test_libraries_speak_up_only_when_something_is_wrong(stream: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET /")
    logging.getLogger("websockets.client").info("handshake")
    logging.getLogger("uvicorn.error").warning("trouble")
    logging.getLogger("bridge.app").info("ready")
    lines = stream.getvalue().splitlines()
    assert [line.split()[2:] for line in lines] == [["WARNING", "trouble"], ["INFO", "ready"]]


def test_a_warning_of_python_goes_to_the_log(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("used wrongly", UserWarning, "a file", 1)
    assert "UserWarning: used wrongly" in stream.getvalue()


def test_an_unhandled_error_of_a_thread_is_logged_under_its_name(stream: io.StringIO) -> None:
    def broken() -> None:
        raise KeyError("a defect")

    thread = threading.Thread(target=broken, name="card-1")
    thread.start()
    thread.join()
    text = stream.getvalue()
    assert "CRITICAL card-1 ended by an unhandled error" in text
    assert "KeyError: 'a defect'" in text


async def test_an_error_in_a_callback_is_logged_without_the_callbacks_arguments(
    stream: io.StringIO,
) -> None:
    def broken(_secret: str) -> None:
        raise KeyError("a defect")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_unhandled_of_loop)
    loop.call_soon(broken, SECRET)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loop.set_exception_handler(None)
    assert "KeyError: 'a defect'" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_an_unhandled_error_ends_the_process_with_a_traceback_that_has_no_values() -> None:
    script = (
        "import sys\n"
        "from bridge.daemon.log import set_up_log\n"
        "set_up_log({}, sys.stderr)\n"
        "def use(pin):\n"
        "    raise MemoryError\n"
        "use(sys.stdin.read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        input=SECRET,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "CRITICAL unhandled error" in done.stderr
    assert "MemoryError" in done.stderr
    assert SECRET not in done.stderr
