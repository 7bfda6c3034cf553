"""``python -m simulators.card``: the same as ``bonbridge simulate card``."""

from __future__ import annotations

import argparse
import sys

from simulators.card.main import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m simulators.card")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
