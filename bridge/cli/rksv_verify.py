"""``bonbridge rksv verify`` and ``rksv verify-code``: strict verification of receipts.

Exit codes: 0 no error (warnings are listed), 1 at least one error, 2 unreadable (a fault's own).
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bridge.fiscal.rksv.faults import KeysUnreadable
from bridge.fiscal.rksv.finding import MOST_FINDINGS, Report
from bridge.fiscal.rksv.keys import KeyContainer, read_container
from bridge.fiscal.rksv.verify import verify_code, verify_dep


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``verify`` and ``verify-code``."""
    text = "verify a DEP export strictly, in flat memory"
    dep = subparsers.add_parser("verify", help=text, description=text)
    dep.add_argument("dep", type=Path, metavar="DEP.json")
    dep.add_argument(
        "--workers", type=_count, metavar="N", help="processes (default: one for each core)"
    )
    dep.set_defaults(run=_verify)
    text = "verify one machine-readable code by itself: QR, OCR, CSV or JWS form"
    code = subparsers.add_parser("verify-code", help=text, description=text)
    code.add_argument("code", metavar="CODE", help="in single quotes; - reads standard input")
    code.set_defaults(run=_verify_code)
    for parser in (dep, code):
        parser.add_argument("--keys", type=Path, required=True, metavar="CONTAINER.json")
        parser.add_argument(
            "--allow-future", action="store_true", help="accept receipts from after now"
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _count(text: str) -> int:
    if not text.isdecimal():
        message = f"{text!r} is not a number of processes"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _verify(args: argparse.Namespace) -> int:
    _warn_of_slow_parser()
    report = verify_dep(
        args.dep,
        _keys(args.keys),
        workers=args.workers,
        allow_future=args.allow_future,
        now=datetime.now(UTC),
    )
    return _show(report, f"{report.receipts} receipts", as_json=args.json)


def _verify_code(args: argparse.Namespace) -> int:
    code = sys.stdin.readline() if args.code == "-" else args.code
    keys = _keys(args.keys)
    report = verify_code(code, keys, allow_future=args.allow_future, now=datetime.now(UTC))
    if not args.json:
        print("One receipt by itself: whether it follows on the ones before it only a DEP can say.")
    return _show(report, "this receipt", as_json=args.json)


def _keys(path: Path) -> KeyContainer:
    try:
        with path.open("rb") as stream:
            return read_container(stream)
    except OSError as error:
        raise KeysUnreadable(f"{path}: {error.strerror}") from error


def _show(report: Report, what: str, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        for each in report.findings:
            print(f"{each.severity:7} {each.text} [{each.check}]")
        verdict = "valid" if report.valid else "NOT VALID"
        print(f"{verdict}: {what}, {report.errors} errors, {report.warnings} warnings")
        if report.errors + report.warnings > len(report.findings):
            print(f"(only the first {MOST_FINDINGS} of each are listed)")
    return 0 if report.valid else 1


def _warn_of_slow_parser() -> None:
    import ijson

    if ijson.backend == "python":
        print(
            "note: ijson has no C back-end here: reading takes many times longer", file=sys.stderr
        )
