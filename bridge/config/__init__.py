"""The configuration: one TOML file, and secrets in files of their own beside it."""

from bridge.config.credentials import Credentials, Secret, credentials_for, read_aes_key
from bridge.config.load import DEFAULT_PATH, load_config, parse_config
from bridge.config.schema import (
    BoxSettings,
    CloudSettings,
    Config,
    PrinterSettings,
    RegisterSettings,
    RksvSettings,
    ShopSettings,
    SigningUnitSettings,
    TokenSettings,
    VendorSettings,
    WebSettings,
)

__all__ = [
    "DEFAULT_PATH",
    "BoxSettings",
    "CloudSettings",
    "Config",
    "Credentials",
    "PrinterSettings",
    "RegisterSettings",
    "RksvSettings",
    "Secret",
    "ShopSettings",
    "SigningUnitSettings",
    "TokenSettings",
    "VendorSettings",
    "WebSettings",
    "credentials_for",
    "load_config",
    "parse_config",
    "read_aes_key",
]
