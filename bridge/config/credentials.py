"""Secrets: one file each, in a directory that only the box may read."""

from __future__ import annotations

import base64
import binascii
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from bridge.config.faults import (
    AesKeyInvalid,
    CredentialEmpty,
    CredentialExposed,
    CredentialMissing,
    CredentialsDirUnset,
    CredentialUnreadable,
)

AES_KEY_BYTES = 32
"""AES-256 of the turnover counter (RKSV)."""

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9._-]*"
"""A credential's name is a plain file name. It starts with a letter, so that a PIN written where
its name belongs is refused instead of being repeated in an error about a missing file; and it has
none of the other characters of base64, for the same reason."""

NAME_LENGTH = 40
"""Shorter than the 44 characters of an AES key in base64."""


class Secret:
    """A value that shows itself only to ``reveal``; printing, formatting, logging give ``***``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Hand it on directly; never keep or format it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)

    def __reduce__(self) -> str:
        message = "a Secret is not serialised"
        raise TypeError(message)


class Credentials:
    """A directory of secrets.

    A file that group or others may read is refused, not just reported: the warning would be
    overlooked, while the remedy is one command, and refusal shows at start and in
    ``check-config``, never in the middle of business. ``guarded`` switches the check off for the
    directory that systemd makes: it is closed itself, and there the group bits are the mask of
    an access list.
    """

    def __init__(self, directory: Path, *, guarded: bool = False) -> None:
        self.directory = directory
        self.guarded = guarded

    def read(self, name: str) -> str:
        """Return the content of a credential without one line end at its end.

        Raises ``CredentialMissing``, ``CredentialUnreadable``, ``CredentialExposed`` or
        ``CredentialEmpty``. Their texts name the file, never the content.
        """
        if len(name) > NAME_LENGTH or not re.fullmatch(NAME_PATTERN, name):
            raise CredentialMissing("The name given is no name of a credential file.")
        path = self.directory / name
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(path.stat().st_mode)
                if not self.guarded and mode & 0o044:
                    raise CredentialExposed(f"{path} has mode {mode:04o}.", credential=name)
                text = file.read().decode("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise CredentialMissing(f"{path} does not exist.", credential=name) from None
        except OSError as error:
            raise CredentialUnreadable(f"{path}: {error.strerror}.", credential=name) from None
        except UnicodeDecodeError:
            raise CredentialUnreadable(f"{path} is not UTF-8.", credential=name) from None
        value = text.removesuffix("\n").removesuffix("\r")
        if not value.strip():
            raise CredentialEmpty(f"{path} is empty.", credential=name)
        return value

    def secret(self, name: str) -> Secret:
        """Return the same, wrapped for keeping. Raises what ``read`` raises."""
        return Secret(self.read(name))


def credentials_for(configured: Path | None, environ: Mapping[str, str]) -> Credentials:
    """Return the credentials of systemd (``$CREDENTIALS_DIRECTORY``), else the configured ones.

    ``configured`` is ``[box] credentials_dir``. Raises ``CredentialsDirUnset``.
    """
    if given := environ.get("CREDENTIALS_DIRECTORY"):
        return Credentials(Path(given), guarded=True)
    if configured is None:
        raise CredentialsDirUnset("Neither CREDENTIALS_DIRECTORY nor box.credentials_dir is set.")
    return Credentials(configured)


def read_aes_key(credentials: Credentials, name: str) -> bytes:
    """Return the 32 bytes of a register's AES key.

    The text must be the one base64 form of these bytes: FinanzOnline's check value (Prüfwert) is
    computed from the text, not from the bytes. Raises ``AesKeyInvalid`` and what
    ``Credentials.read`` raises.
    """
    text = credentials.read(name)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise AesKeyInvalid(f"Credential `{name}` is not base64.", credential=name) from None
    if len(key) != AES_KEY_BYTES:
        raise AesKeyInvalid(
            f"Credential `{name}` holds {len(key)} bytes, not {AES_KEY_BYTES}.", credential=name
        )
    if base64.b64encode(key).decode("ascii") != text:
        raise AesKeyInvalid(f"Credential `{name}` is not canonical base64.", credential=name)
    return key
