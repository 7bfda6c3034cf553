"""How a vendor is set up: what its table ``[[vendor]]`` must say and what it may."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import ValidationError

from bridge.config import Secret, VendorSettings
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine import discovery
from bridge.vendors.engine.redact import known
from bridge.vendors.engine.spec import Settings, Vendor
from drivers.contract.fault import Fault

SecretOf = Callable[[str], Secret]
"""Reads a credential by its name; raises its faults."""


def settings_of(vendor: Vendor, configured: VendorSettings) -> Settings:
    """Return the vendor's own settings. Raises ``VendorNotConfigured``."""
    try:
        return vendor.settings.model_validate(dict(configured.options))
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in each['loc']) or 'options'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        ]
        message = f"{configured.name}.options: {'; '.join(problems)}"
        raise VendorNotConfigured(message) from None


def address_of(vendor: Vendor, configured: VendorSettings) -> str:
    """Return where the vendor is. Raises ``VendorNotConfigured``."""
    address = configured.url or vendor.base_url
    if not address:
        raise VendorNotConfigured(f"{vendor.name}: `url` is missing")
    return address


def secrets_of(
    vendor: Vendor, configured: VendorSettings, secret_of: SecretOf
) -> dict[str, Secret]:
    """Return the vendor's secrets, which logs keep to themselves from now on. Raises
    ``VendorNotConfigured`` and what reading a credential raises."""
    names = credential_names(vendor, configured)
    secrets = {name: secret_of(credential) for name, credential in names.items()}
    for secret in secrets.values():
        known(secret)
    return secrets


def credential_names(vendor: Vendor, configured: VendorSettings) -> dict[str, str]:
    """Return the names of credentials by the vendor's names. Raises ``VendorNotConfigured`` for
    one that is missing or that the vendor does not have."""
    wanted = {each.name: each.required for each in vendor.secrets}
    unknown = sorted(set(configured.secrets) - set(wanted))
    if unknown:
        raise VendorNotConfigured(f"{vendor.name}: there is no secret {', '.join(unknown)}")
    missing = [name for name, must in wanted.items() if must and name not in configured.secrets]
    if missing:
        raise VendorNotConfigured(f"{vendor.name}: `secrets` lacks {', '.join(missing)}")
    return dict(configured.secrets)


def faults_of(configured: VendorSettings) -> Iterator[Fault]:
    """Walk what is wrong with a vendor's table; credentials themselves are not looked at."""
    try:
        vendor = discovery.load(configured.name)
    except Fault as fault:
        yield fault
        return
    for check in (settings_of, address_of, credential_names):
        try:
            check(vendor, configured)
        except Fault as fault:
            yield fault
