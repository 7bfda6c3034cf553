"""The demo's shop: its configuration, its secrets, and what its customers buy."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.cli.demo.desk import BOX, PIN, Desk

REGISTER = "KASSE-1"
KASSEN_ID = "BONBRIDGE-DEMO-1"
GOODS: tuple[tuple[str, int, str], ...] = (
    ("Semmel", 49, "reduced1"),
    ("Bauernbrot 1 kg", 489, "reduced1"),
    ("Apfelstrudel", 420, "reduced1"),
    ("Verlängerter", 390, "normal"),
    ("Grüner Veltliner 1/8", 450, "normal"),
    ("Bergkäse", 2490, "reduced1"),
    ("Blumenstrauß", 1890, "reduced2"),
    ("Küchenmesser", 3450, "normal"),
    ("Kürbiskernöl 0,5 l", 1290, "reduced1"),
    ("Postkarte Großglockner", 120, "normal"),
    ("Briefmarke", 120, "zero"),
    ("Mehl glatt 1 kg", 149, "special49"),
    ("Milch 1 l", 159, "special49"),
    ("Geschenkgutschein", 2500, "zero"),
)

PEOPLE = ("Anna", "Bernd", "Çelik", "Dóra")


@dataclass(frozen=True, slots=True)
class Errand:
    """What happens to one receipt: what is parked or opened, each edit, and how it ends.

    ``cancelled`` says that the receipt is cancelled right after it was sold.
    """

    name: str
    opening: dict[str, Any]
    edits: list[dict[str, Any]] = field(default_factory=list)
    abort_reason: str | None = None
    round_up_to: int = 0
    cancelled: bool = False


def reference(number: int) -> str:
    """Return the external program's name for its receipt."""
    return f"R-{1000 + number}"


def errand(seed: str, number: int) -> Errand:
    """Return the errand of a parked receipt: always the same for a seed."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - a shopping list, not a secret
    lines = [_line(chance) for _ in range(chance.randint(1, 3))]
    opening: dict[str, Any] = {"reference": reference(number), "lines": lines}
    if number % 7 == 2:
        opening["note"] = "Abholung um 15 Uhr, bitte einpacken"
    edits = [_added(_line(chance, counter=True)) for _ in range(chance.randint(0, 3))]
    if number % 5 == 2:
        edits.append({"method": "POST", "place": "discount", "body": {"percent": "10"}})
    if number % 9 == 4:
        edits.append(_added(_free_amount(chance)))
    if number % 11 == 5:
        edits.append({"method": "DELETE", "place": "lines/1", "body": {}})
        edits.append(_added(_line(chance)))
    if number % 6 == 3:
        customer = {
            "name": "Gasthof Zur Post GmbH",
            "address": ["Hauptplatz 3", "8010 Graz"],
            "uid": "ATU12345678",
        }
        edits.append({"method": "PUT", "place": "customer", "body": {"customer": customer}})
    return Errand(
        reference(number),
        opening,
        edits,
        abort_reason="Kunde hat es sich anders überlegt" if number % 8 == 6 else None,
        round_up_to=chance.choice((0, 100, 500, 1000, 5000)),
        cancelled=number % 10 == 8,
    )


def practice(seed: str, number: int) -> Errand:
    """Return a training receipt that the operator opens himself."""
    chance = random.Random(f"{seed}/training/{number}")  # noqa: S311 - a shopping list, not a secret
    operator = {"id": str(number % 4 + 1), "name": PEOPLE[number % 4]}
    opening = {
        "register_id": REGISTER,
        "kind": "training",
        "operator": operator,
        "lines": [_line(chance, counter=True)],
    }
    return Errand(f"T-{number}", opening)


def _added(line: dict[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "place": "lines", "body": line}


def _line(chance: random.Random, *, counter: bool = False) -> dict[str, Any]:
    """Return a line; only at the counter may it have a discount of its own."""
    text, cents, rate = chance.choice(GOODS)
    quantity = "1"
    if text == "Bergkäse":
        quantity = f"0.{chance.randint(100, 900)}"
    elif chance.random() < 0.4:
        quantity = str(chance.randint(2, 6))
    line: dict[str, Any] = {
        "text": text,
        "quantity": quantity,
        "unit_cents": cents,
        "rate": rate,
    }
    if counter and chance.random() < 0.1:
        line["discount_percent"] = "5"
    return line


def _free_amount(chance: random.Random) -> dict[str, Any]:
    return {"text": "Diverses", "unit_cents": chance.randint(100, 2000), "rate": "normal"}


def write_shop(out: Path, desk: Desk, listen: str, seed: str, language: str, columns: int) -> Path:
    """Write configuration and credentials of the demo's box; return the configuration's path.

    ``listen`` is where the page shall be. The AES key follows from the seed, so that a second
    demo is the same: it protects nothing.
    """
    credentials = out / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    key = hashlib.sha256(f"bonbridge demo {seed}".encode()).digest()
    for name, text in (
        ("kasse-1.aes", base64.b64encode(key).decode()),
        ("card.pin", PIN),
        ("cloud.token", desk.cloud.box_token),
        ("technician.token", secrets.token_urlsafe(24)),
    ):
        path = credentials / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    quoted = json.dumps
    config = out / "bonbridge.toml"
    config.write_text(
        f"""# The configuration of the demo's box, written anew by each demo.
[box]
id = "{BOX}"
country = "at"
language = {quoted(language)}
data_dir = {quoted(str(out / "box"))}
mirror_dir = {quoted(str(out / "mirror"))}
credentials_dir = {quoted(str(credentials))}

[shop]
name = "Greißlerei Bonbridge"
address = ["Am Markt 1", "1010 Wien"]
uid = "ATU00000000"
footer = ["Danke für Ihren Einkauf!", "Vorführung: kein echter Beleg"]

[[register]]
id = "{REGISTER}"
kassen_id = "{KASSEN_ID}"
aes_key = "kasse-1.aes"
units = ["card"]
printer = "counter"

[[signing_unit]]
name = "card"
kind = "acos-id"
address = {quoted("vpcd:" + desk.reader)}
vda = "AT100"
pin = "card.pin"

[[printer]]
name = "counter"
address = {quoted(desk.printer)}
columns = {columns}
unknown_policy = "copy"

[rksv]
probe_interval_s = 1.0

[[cloud]]
name = "asello"
url = {quoted(desk.cloud.websocket)}
token = "cloud.token"

[web]
listen = {quoted(listen)}
open_loopback = true

[[web.token]]
name = "technician"
role = "technician"
token = "technician.token"
""",
        encoding="utf-8",
    )
    return config
