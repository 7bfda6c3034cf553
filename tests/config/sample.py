"""A small valid configuration that tests bend."""

from __future__ import annotations

import pytest

from bridge.config.faults import ConfigInvalid
from bridge.config.load import parse_config

VALID = """\
[box]
id = "box-1"
country = "at"
data_dir = "/data"
mirror_dir = "/mirror"

[shop]
name = "Bäckerei Muster"
address = ["Hauptplatz 1", "8010 Graz"]

[[register]]
id = "K1"
kassen_id = "KASSE-1"
aes_key = "k1-key"
units = ["card-1"]
printer = "counter"

[[signing_unit]]
name = "card-1"
kind = "acos-id"
address = "vpcd:127.0.0.1:35963"
vda = "AT1"
pin = "card-1-pin"

[[printer]]
name = "counter"
address = "tcp:127.0.0.1:9100"
"""


def bent(old: str, new: str) -> str:
    """Return the sample with one piece, which must be in it, replaced."""
    if old not in VALID:
        message = f"{old!r} is not in the sample"
        raise ValueError(message)
    return VALID.replace(old, new, 1)


def problems_of(text: str) -> tuple[str, ...]:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigInvalid) as caught:
        parse_config(text)
    return caught.value.problems
