"""``bonbridge check-config [F]``: says before the start what would go wrong at the start."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bridge.cli.report import language_of, print_fault
from bridge.config import (
    DEFAULT_PATH,
    Config,
    credentials_for,
    load_config,
    read_aes_key,
)
from drivers.contract.fault import Fault


def register(subparsers: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]  # generic in stubs only
    """Add ``check-config``."""
    parser = subparsers.add_parser(
        "check-config",
        help="check a configuration file",
        description="Checks the configuration file and that the credentials it names are there.",
    )
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT_PATH, metavar="F")
    parser.add_argument(
        "--no-credentials", action="store_true", help="do not look for the credential files"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print ``ok: …`` or every problem. Faults of the file itself are left to the caller."""
    config = load_config(args.file)
    faults = list(vendor_faults(config))
    if not args.no_credentials:
        faults += credential_faults(config, os.environ)
    for fault in faults:
        print_fault(fault, sys.stderr, language_of(os.environ))
    if faults:
        return 1
    print(f"ok: {args.file}: {summary(config)}")
    return 0


def vendor_faults(config: Config) -> Iterator[Fault]:
    """Walk what the vendors' own program files find wrong with their tables."""
    if not config.vendors:
        return
    from bridge.vendors.engine.set_up import faults_of

    for each in config.vendors:
        yield from faults_of(each)


def credential_faults(config: Config, environ: Mapping[str, str]) -> Iterator[Fault]:
    """Try every credential that the configuration names, each once."""
    try:
        credentials = credentials_for(config.box.credentials_dir, environ)
    except Fault as fault:
        yield fault
        return
    for key in dict.fromkeys(register.aes_key for register in config.registers):
        try:
            read_aes_key(credentials, key)
        except Fault as fault:
            yield fault
    others = [unit.pin for unit in config.signing_units]
    others += [cloud.token for cloud in config.clouds]
    others += [name for vendor in config.vendors for name in vendor.secrets.values()]
    others += [] if config.web is None else [token.token for token in config.web.tokens]
    for name in dict.fromkeys(others):
        try:
            credentials.read(name)
        except Fault as fault:
            yield fault


def summary(config: Config) -> str:
    """Return one line: which box, and what is attached to it."""
    parts = [f"box {config.box.id} ({config.box.country})"]
    parts.append(_counted("register", [register.id for register in config.registers]))
    parts.append(_counted("signing unit", [unit.name for unit in config.signing_units]))
    parts.append(_counted("printer", [printer.name for printer in config.printers]))
    if config.clouds:
        parts.append(_counted("cloud", [cloud.name for cloud in config.clouds]))
    if config.vendors:
        parts.append(_counted("vendor", [vendor.name for vendor in config.vendors]))
    parts.append("no page" if config.web is None else f"page at {config.web.listen}")
    return ", ".join(parts)


def _counted(what: str, names: list[str]) -> str:
    plural = "" if len(names) == 1 else "s"
    return f"{len(names) or 'no'} {what}{plural}" + (f" ({', '.join(names)})" if names else "")
