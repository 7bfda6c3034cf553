"""The ``bonbridge`` command: finds the command, runs it, turns faults into plain lines.

Exit codes: 0 done, 1 failed (or the fault's own ``exit_code``), 2 not understood, 130 interrupted,
141 nobody reads the output any more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from bridge.cli.report import language_of, print_fault
from bridge.cli.table import Command, run_table
from drivers.contract.fault import Fault

INTERRUPTED = 130
BROKEN_PIPE = 141

COMMANDS = (
    Command("run", "bridge.cli.run", "the daemon: run the box until it is told to stop"),
    Command("demo", "bridge.cli.demo", "the whole chain on simulators: no hardware, no root"),
    Command("check-config", "bridge.cli.check_config", "check a configuration file"),
    Command("devices", "bridge.cli.devices", "what is configured and what is plugged in"),
    Command("doctor", "bridge.cli.doctor", "look at everything the box needs, say what to do"),
    Command("rksv", "bridge.cli.rksv", "Austria: verify and export a DEP, replay a scenario"),
    Command("journal", "bridge.cli.journal", "look after the journal: verify, count, rebuild"),
    Command("apdu", "bridge.cli.apdu", "explain status words of signature cards"),
    Command("escpos", "bridge.cli.escpos", "render a printer's bytes as a picture"),
    Command("simulate", "bridge.cli.simulate", "run a simulated device as a program"),
    Command("bench", "bridge.cli.bench", "measure speed and cost"),
)

_DESCRIPTION = (
    "The box under the counter: lawful receipts, printers, card terminals, scanners, a cloud link."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``argv`` is without the program's name."""
    try:
        code = run_table(
            COMMANDS,
            sys.argv[1:] if argv is None else argv,
            prog="bonbridge",
            description=_DESCRIPTION,
            version=_version,
        )
        sys.stdout.flush()
    except Fault as fault:
        print_fault(fault, sys.stderr, language_of(os.environ))
        return int(getattr(fault, "exit_code", 1))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return BROKEN_PIPE
    except SystemExit as end:  # argparse: help, usage errors
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return code


def _version() -> str:
    """Return name and version of the installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"bonbridge {version('bonbridge')}"
    except PackageNotFoundError:
        return "bonbridge (not installed: run from a source tree)"


def _discard_stdout() -> None:
    """Send what is still buffered nowhere, so that the interpreter's exit stays quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
