"""Verifies DEPs in a process of its own: ``python -m … KEYS WORKERS DEP…``.

Prints one JSON line per DEP: receipts, seconds, and whether it is valid. The first one finds the
workers not yet started and serves to start them.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bridge.fiscal.rksv.keys import read_container
from bridge.fiscal.rksv.verify import verify_dep, worker_pool


def main() -> None:
    """Run with the arguments of the command line."""
    keys_path, workers, *deps = sys.argv[1:]
    with Path(keys_path).open("rb") as stream:
        keys = read_container(stream)
    count = int(workers)
    with worker_pool(count) as pool:
        for dep in deps:
            begin = time.perf_counter()
            report = verify_dep(Path(dep), keys, workers=count, now=datetime.now(UTC), pool=pool)
            seconds = time.perf_counter() - begin
            found = {"receipts": report.receipts, "seconds": seconds, "valid": report.valid}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
