"""``python -m simulators.printer``: the same as ``bonbridge simulate printer``."""

from __future__ import annotations

import argparse
import sys

from simulators.printer.main import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m simulators.printer")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
