"""``python -m simulators.cloud``: the same as ``bonbridge simulate cloud``."""

from __future__ import annotations

import argparse
import sys

from simulators.cloud.main import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m simulators.cloud")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
