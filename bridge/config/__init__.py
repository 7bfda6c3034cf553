"""The configuration: one TOML file, and secrets in files of their own beside it."""

from bridge.config.credentials import Credentials, Secret, credentials_for, read_aes_key
from bridge.config.load import DEFAULT_PATH, load_config, parse_config
from bridge.config.schema import (
    BoxSettings,
    Config,
    PrinterSettings,
    RegisterSettings,
    RksvSettings,
    ShopSettings,
    SigningUnitSettings,
)

__all__ = [
    "DEFAULT_PATH",
    "BoxSettings",
    "Config",
    "Credentials",
    "PrinterSettings",
    "RegisterSettings",
    "RksvSettings",
    "Secret",
    "ShopSettings",
    "SigningUnitSettings",
    "credentials_for",
    "load_config",
    "parse_config",
    "read_aes_key",
]
