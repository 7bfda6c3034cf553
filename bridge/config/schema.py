"""What the configuration file may say.

Field names are the keys of the TOML file; each model says in its first line which table it is.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from bridge.config.across import problems_across
from bridge.config.credentials import NAME_LENGTH, NAME_PATTERN
from bridge.config.problem import dotted

# Closed system, field 11 of the receipt: UID, tax number or GLN (rksv.md section 2).
_ORDNUNGSBEGRIFF = r"U:ATU[0-9]{8}|S:[0-9]{9}|G:[0-9]{13}"
_ADDRESS = r"[a-z][a-z0-9-]*:[^\s].*"


def _refuse(text: str) -> PydanticCustomError:
    """Return an error whose text is shown as it is; it must not repeat a secret."""
    return PydanticCustomError("refused", "{text}", {"text": text})


def _printable(value: str) -> str:
    if not value.isprintable():
        raise _refuse("must not contain control characters or line ends")
    if not value or value != value.strip():
        raise _refuse("must not be empty and not begin or end with a blank")
    return value


def _register_id(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise _refuse("may contain letters A-Z a-z, digits and '-' only")
    return value


def _kassen_id(value: str) -> str:
    if "_" in value:
        raise _refuse("must not contain '_': it separates the fields of the receipt code")
    return _printable(value)


def _credential(value: str) -> str:
    if len(value) > NAME_LENGTH or not re.fullmatch(NAME_PATTERN, value):
        raise _refuse(
            "must be the name of a file in the credentials directory (a letter, then letters, "
            f"digits, '.', '_', '-', {NAME_LENGTH} at most), not the secret itself"
        )
    return value


def _vda(value: str) -> str:
    if not re.fullmatch(r"AT(0|[1-9][0-9]*)", value):
        raise _refuse('must be "AT" and the number of the provider, like "AT1" (A-Trust)')
    return value


def _ordnungsbegriff(value: str) -> str:
    if not re.fullmatch(_ORDNUNGSBEGRIFF, value):
        raise _refuse(
            'must be "U:" and a UID (ATU and 8 digits), "S:" and a tax number (9 digits) or '
            '"G:" and a GLN (13 digits)'
        )
    return value


def _address(value: str) -> str:
    if not re.fullmatch(_ADDRESS, value):
        raise _refuse('must be a kind, a colon and the place, like "tcp:192.168.1.50:9100"')
    return value


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise _refuse("must be an absolute path, one that begins with '/'")
    return Path(os.path.normpath(value))


Printable = Annotated[str, AfterValidator(_printable)]
CredentialName = Annotated[str, AfterValidator(_credential)]
Address = Annotated[str, AfterValidator(_address)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BoxSettings(_Settings):
    """``[box]``: the box itself. Directories are absolute paths."""

    id: Printable
    country: Literal["at", "de"]
    language: Literal["de", "en"] = "de"
    data_dir: AbsolutePath
    mirror_dir: AbsolutePath
    credentials_dir: AbsolutePath | None = None


class ShopSettings(_Settings):
    """``[shop]``: what the head and the foot of each receipt say (§ 132a Abs. 3 BAO)."""

    name: Printable
    address: Annotated[tuple[Printable, ...], Field(min_length=1)]
    uid: Printable | None = None
    footer: tuple[Printable, ...] = ()


class RegisterSettings(_Settings):
    """One ``[[register]]``.

    ``aes_key`` is the name of a credential, ``counter_length`` the bytes of the encrypted turnover
    counter, ``units`` signing units in order of preference, ``closed_system`` the Ordnungsbegriff
    of a closed system.
    """

    id: Annotated[str, AfterValidator(_register_id)]
    kassen_id: Annotated[str, AfterValidator(_kassen_id)]
    aes_key: CredentialName
    counter_length: Annotated[StrictInt, Field(ge=5, le=16)] = 8
    units: Annotated[tuple[Printable, ...], Field(min_length=1)]
    printer: Printable | None = None
    closed_system: Annotated[str, AfterValidator(_ordnungsbegriff)] | None = None


class SigningUnitSettings(_Settings):
    """One ``[[signing_unit]]``. ``pin`` is the name of a credential, ``vda`` the provider's id."""

    name: Printable
    kind: Literal["acos-id"]
    address: Address
    vda: Annotated[str, AfterValidator(_vda)]
    pin: CredentialName


class PrinterSettings(_Settings):
    """One ``[[printer]]``. ``unknown_policy``: what to do when nobody knows if a paper came out."""

    name: Printable
    address: Address
    columns: Literal[42, 48] = 48
    profile: Printable = "TM-T20II"
    unknown_policy: Literal["ask", "copy"] = "ask"
    drawer_on_cash: StrictBool = False


class RksvSettings(_Settings):
    """``[rksv]``: limits in seconds (till-rules section 6). ``settlement_rate`` is the rate of
    lines that pay a vendor's invoice: it decides in which amount of the code they count."""

    outage_limit_s: Seconds = 5.0
    queue_limit_s: Seconds = 15.0
    probe_interval_s: Seconds = 30.0
    settlement_rate: Literal["normal", "reduced1", "reduced2", "zero", "special"] = "zero"


def _cloud_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", value):
        raise _refuse("may contain small letters, digits and '-' only, and begins with a letter")
    return value


def _cloud_url(value: str) -> str:
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _refuse("is not a URL") from None
    if url.scheme not in ("ws", "wss") or not host:
        raise _refuse('must look like "wss://cloud.example/box"')
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise _refuse("must not contain user, password, '?' or '#': URLs are logged")
    if url.scheme == "ws" and host not in _LOOPBACK:
        raise _refuse('must begin with "wss://": unencrypted links are for this machine only')
    return value


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise _refuse('must be an address and a port, like "127.0.0.1:8377" or "0.0.0.0:8377"')
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s@?#]+", value) or value != value.lower():
        raise _refuse('must look like "https://till.example" in small letters, without a path')
    return value


_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class CloudSettings(_Settings):
    """One ``[[cloud]]``: a till vendor's cloud that pushes receipts.

    ``token`` is the name of a credential, ``registers`` those that it may use (none named: all;
    the first one is used when a receipt names none).
    """

    name: Annotated[str, AfterValidator(_cloud_name)]
    url: Annotated[str, AfterValidator(_cloud_url)]
    token: CredentialName
    registers: tuple[Printable, ...] = ()
    ping_interval_s: Seconds = 20.0
    ping_timeout_s: Seconds = 10.0


class TokenSettings(_Settings):
    """One ``[[web.token]]``: a program in the shop and what it may do. ``token`` is the name of
    a credential."""

    name: Printable
    role: Literal["till", "backoffice", "technician"]
    token: CredentialName


class WebSettings(_Settings):
    """``[web]``: local API and pages. ``hosts`` are further names by which the box is reached,
    ``origins`` foreign pages that may call the API, ``open_loopback`` lets programs on this
    machine act as till without a token (for development and demonstration)."""

    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8377"
    hosts: tuple[Printable, ...] = ()
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    open_loopback: StrictBool = False
    tokens: Annotated[tuple[TokenSettings, ...], Field(alias="token")] = ()


def _vendor_name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]{0,31}", value):
        raise _refuse("may contain small letters and digits only, and begins with a letter")
    return value


def _vendor_url(value: str) -> str:
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _refuse("is not a URL") from None
    if url.scheme not in ("http", "https") or not host:
        raise _refuse('must look like "https://api.example"')
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise _refuse("must not contain user, password, '?' or '#': URLs are logged")
    return value.rstrip("/")


class VendorSettings(_Settings):
    """One ``[[vendor]]``: a service that programs in the shop reach through the box.

    ``name`` is that of its program file, ``url`` replaces the vendor's own address, ``ca_file``
    the certificates that it is checked against. Plain ``http`` needs ``simulator``. ``strict``
    refuses what the vendor's pages contradict themselves about. ``secrets`` maps the vendor's
    secrets to names of credentials; ``options`` are its own settings, checked by its program file.
    """

    name: Annotated[str, AfterValidator(_vendor_name)]
    url: Annotated[str, AfterValidator(_vendor_url)] | None = None
    simulator: StrictBool = False
    ca_file: AbsolutePath | None = None
    strict: StrictBool = False
    secrets: dict[str, CredentialName] = {}
    options: dict[str, Any] = {}

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse unencrypted addresses. Raises ``ValueError``, which pydantic wraps."""
        if self.url is not None and self.url.startswith("http:") and not self.simulator:
            raise _refuse('url must begin with "https://": "http://" is for simulators only')


class Config(_Settings):
    """The whole file. Tuples keep the order of the file; arrays of tables have plural names here.

    Rules that span several tables are checked as well, however the object is made: references
    between tables, unique names, directories that must differ.
    """

    box: BoxSettings
    shop: ShopSettings
    registers: Annotated[tuple[RegisterSettings, ...], Field(min_length=1, alias="register")]
    signing_units: Annotated[
        tuple[SigningUnitSettings, ...], Field(min_length=1, alias="signing_unit")
    ]
    printers: Annotated[tuple[PrinterSettings, ...], Field(alias="printer")] = ()
    clouds: Annotated[tuple[CloudSettings, ...], Field(alias="cloud")] = ()
    vendors: Annotated[tuple[VendorSettings, ...], Field(alias="vendor")] = ()
    web: WebSettings | None = None
    rksv: RksvSettings = RksvSettings()

    def model_post_init(self, _context: Any, /) -> None:
        """Check the rules that span tables. Raises ``ValueError``, which pydantic wraps."""
        if problems := problems_across(self.model_dump(mode="json", by_alias=True)):
            message = "; ".join(f"{dotted(p.path)}: {p.text}" for p in problems)
            raise ValueError(message)

    def register_named(self, register_id: str) -> RegisterSettings:
        """Return the register with that id. Raises ``KeyError``."""
        return {register.id: register for register in self.registers}[register_id]

    def signing_unit_named(self, name: str) -> SigningUnitSettings:
        """Return the signing unit with that name. Raises ``KeyError``."""
        return {unit.name: unit for unit in self.signing_units}[name]
