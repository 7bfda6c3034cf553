"""``bonbridge apdu``: what a smart card's answer means, for a technician."""

from __future__ import annotations

import argparse
import json
import re
import sys

from drivers.signing.status_words import explain

_STATUS_WORD = re.compile(r"[0-9A-Fa-f]{4}")


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the command ``apdu`` with its one action ``explain``."""
    parser = subparsers.add_parser("apdu", help="explain answers of smart cards")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    action = actions.add_parser("explain", help="explain a status word, for example 63C2")
    action.add_argument("status_word", nargs="+", metavar="SW", help="four hex digits")
    action.set_defaults(run=run_explain)


def run_explain(args: argparse.Namespace) -> int:
    """Print the meaning as JSON and return 0; return 2 for anything but a status word."""
    given = " ".join(args.status_word)
    digits = re.sub(r"[\s:]", "", given).removeprefix("0x")
    if not _STATUS_WORD.fullmatch(digits):
        print(f"{given!r} is not a status word: four hex digits, like 63C2", file=sys.stderr)
        return 2
    meaning = explain(int(digits, 16))
    answer = {
        "sw": digits.upper(),
        "name": meaning.name,
        "text_de": meaning.text.de,
        "text_en": meaning.text.en,
        "advice_de": meaning.advice.de,
        "advice_en": meaning.advice.en,
    }
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    return 0
