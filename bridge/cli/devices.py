"""``bonbridge devices``: what is configured, what is plugged in, and what does not fit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bridge.config import DEFAULT_PATH, Config, load_config
from bridge.devices.plugged import Plugged, plugged
from drivers.contract.fault import Fault


@dataclass(frozen=True, slots=True)
class Configured:
    """A device of the configuration. ``present``: whether it is plugged in, ``None`` where only
    talking to it would tell. ``problem`` says why this version cannot use it."""

    name: str
    kind: str
    address: str
    present: bool | None
    problem: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Something plugged in. ``used_by`` names the configured device at its address; ``problem``
    says why this version cannot use it."""

    kind: str
    address: str
    text: str
    used_by: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """Both sides, and notes on what could not be looked at."""

    configured: tuple[Configured, ...]
    plugged: tuple[Found, ...]
    notes: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether every configured device can be used and none is known to be missing."""
        return not any(each.problem or each.present is False for each in self.configured)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``devices``."""
    text = "what is configured and what is plugged in"
    parser = subparsers.add_parser(
        "devices",
        help=text,
        description=f"Shows {text}; opens no device. `bonbridge doctor` tries them.",
        epilog="Exit codes: 0 all configured devices can be used, 1 one is missing or unusable.",
    )
    parser.add_argument("--config", type=Path, metavar="F", help=f"default {DEFAULT_PATH}, if any")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the overview. Raises faults of a configuration that was named."""
    config, notes = None, []
    if args.config is not None or DEFAULT_PATH.exists():
        config = load_config(args.config or DEFAULT_PATH)
    else:
        notes.append(f"{DEFAULT_PATH} does not exist: nothing is configured")
    found = plugged()
    try:
        found += card_readers()
    except Fault as fault:
        notes.append(
            f"Card readers cannot be listed: {fault.title.en}. {fault.advice.en} ({fault.code})"
        )
    view = overview(config, found, notes)
    if args.json:
        print(json.dumps({**asdict(view), "well": view.well}, indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(view)))
    return 0 if view.well else 1


def card_readers() -> list[Plugged]:
    """Return the card readers of the PC/SC service. Raises its faults."""
    from drivers.signing.pcsc_readers import reader_names

    return [
        Plugged(
            "card reader",
            f"pcsc:{reader.name}",
            f"card with ATR {reader.atr}" if reader.card_present else "no card",
        )
        for reader in reader_names()
    ]


def overview(config: Config | None, found: Sequence[Plugged], notes: Sequence[str]) -> Overview:
    """Bring both sides together."""
    configured = () if config is None else tuple(_configured(config, found))
    addresses = {each.address: each.name for each in configured}
    return Overview(
        configured,
        tuple(
            Found(
                each.kind,
                each.address,
                each.text,
                _user(each.address, addresses),
                _unusable(each.address),
            )
            for each in found
        ),
        tuple(notes),
    )


def _configured(config: Config, found: Sequence[Plugged]) -> Iterator[Configured]:
    from bridge.app import REAL
    from bridge.config import Secret

    for unit in config.signing_units:
        # A unit that is only made opens nothing; without PIN it could not send one either.
        problem = _problem(partial(REAL.unit, unit, Secret(""), True))
        present = _present(unit.address, found)
        yield Configured(f"unit:{unit.name}", unit.kind, unit.address, present, *problem)
    for printer in config.printers:
        problem = _problem(partial(REAL.printer, printer))
        present = _present(printer.address, found)
        yield Configured(f"printer:{printer.name}", "printer", printer.address, present, *problem)


def _problem(make: Callable[[], object]) -> tuple[str, str]:
    try:
        make()
    except Fault as fault:
        return f"{fault.title.en} ({fault.code})", fault.advice.en
    return "", ""


def _present(address: str, found: Sequence[Plugged]) -> bool | None:
    kind, _, place = address.partition(":")
    if kind == "serial" and place.startswith("/"):
        return Path(place).exists()
    if kind in {"usb", "pcsc", "hid"}:
        if kind == "pcsc" and not any(each.kind == "card reader" for each in found):
            return None
        return any(_same(each.address, address) for each in found)
    return None


def _same(plugged_in: str, configured: str) -> bool:
    """Whether a configured address means what is plugged in: it may name its beginning only."""
    if configured == "pcsc:*":
        return plugged_in.startswith("pcsc:")
    return plugged_in.lower().startswith(configured.lower())


def _user(address: str, addresses: dict[str, str]) -> str:
    return next((name for configured, name in addresses.items() if _same(address, configured)), "")


def _unusable(address: str) -> str:
    kind = address.partition(":")[0]
    return "" if kind == "pcsc" else "not supported by this version yet"


def _lines(view: Overview) -> Iterator[str]:
    yield "Configured:" if view.configured else "Configured: nothing"
    words = {True: "plugged in", False: "NOT PLUGGED IN", None: "`bonbridge doctor` tries it"}
    for device in view.configured:
        yield f"  {device.name:<20} {device.kind:<10} {device.address}  ({words[device.present]})"
        if device.problem:
            yield f"    cannot be used: {device.problem}"
            yield f"    what to do: {device.advice}"
    yield "Plugged in:" if view.plugged else "Plugged in: nothing that a counter needs"
    for each in view.plugged:
        remarks = [f"used by {each.used_by}"] if each.used_by else ["not configured"]
        remarks += [each.problem] if each.problem else []
        yield f"  {each.kind:<20} {each.address}  {each.text}  ({', '.join(remarks)})"
    for note in view.notes:
        yield f"Note: {note}"
