"""Where programs of this machine reach the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bridge.config import Config

SOCKET_NAME = "bonbridge.sock"

SERVICE_SOCKET = Path("/run/bonbridge") / SOCKET_NAME
"""Where the service listens: ``RuntimeDirectory=bonbridge`` of its unit."""


def socket_path(config: Config, environ: Mapping[str, str]) -> Path:
    """Return the daemon's Unix socket: in systemd's runtime directory, else beside the journal."""
    # systemd lists all runtime directories of a unit, the first one is ours.
    given = environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return (Path(given) if given else config.box.data_dir) / SOCKET_NAME
