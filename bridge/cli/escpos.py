"""``bonbridge escpos render``: what a printer's bytes look like on paper, for a technician."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the command ``escpos`` with its one action ``render``."""
    parser = subparsers.add_parser("escpos", help="render a printer's bytes as a picture")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    action = actions.add_parser("render", help="draw a file of ESC/POS bytes as PNG")
    action.add_argument("file", type=Path, metavar="FILE", help="the bytes sent to the printer")
    action.add_argument("--out", type=Path, required=True, metavar="PNG")
    action.add_argument("--columns", type=int, choices=(48, 42, 32), default=48)
    action.set_defaults(run=run_render)


def run_render(args: argparse.Namespace) -> int:
    """Draw all papers of the file into one picture and print what is on them as JSON.

    Return 0, or 2 if the file cannot be read or the picture not be written. Bytes that are no
    known command are listed under ``unknown``, with a warning on standard error.
    """
    from simulators.printer.parser import parse
    from simulators.printer.render import render_all, to_png
    from simulators.printer.typesetter import typeset

    try:
        papers = typeset(parse(args.file.read_bytes()), args.columns)
        args.out.write_bytes(to_png(render_all(papers)))
    except OSError as error:
        print(f"escpos render: {error}", file=sys.stderr)
        return 2
    unknown = [each.hex() for paper in papers for each in paper.unknown]
    answer = {
        "papers": len(papers),
        "texts": [paper.texts for paper in papers],
        "codes": [paper.codes for paper in papers],
        "notes": [paper.notes for paper in papers],
        "unknown": unknown,
    }
    print(json.dumps(answer, ensure_ascii=False, indent=2))
    if unknown:
        print(f"warning: {len(unknown)} unknown sequences", file=sys.stderr)
    return 0
