"""A layer between SQLite and the file system that records, and fails on demand.

It is a copy of SQLite's own VFS with five functions of it replaced (https://sqlite.org/vfs.html),
made with ``ctypes`` in the very library that ``sqlite3`` uses. Where that library cannot be
reached (linked into the interpreter), the tests skip.
"""

from __future__ import annotations

import _sqlite3
import contextlib
import ctypes
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FULL = 13
"""SQLITE_FULL."""

WRITE_ERROR = 778
"""SQLITE_IOERR_WRITE."""

SYNC_ERROR = 1034
"""SQLITE_IOERR_FSYNC."""

_WRITE, _TRUNCATE, _SYNC = 2, 3, 4
_OPEN, _DELETE = 0, 1


class _Methods(ctypes.Structure):
    _fields_ = (("version", ctypes.c_int), ("function", ctypes.c_void_p * 18))


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("function", ctypes.c_void_p * 16),
    )


_Int, _Pointer = ctypes.c_int, ctypes.c_void_p
# Names go as bare addresses: SQLite keeps them, and reads parameters behind their ends.
_OpenFunction = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, ctypes.POINTER(_File), _Int, _Pointer)
_DeleteFunction = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int)
_WriteFunction = ctypes.CFUNCTYPE(_Int, _Pointer, _Pointer, _Int, ctypes.c_int64)
_TruncateFunction = ctypes.CFUNCTYPE(_Int, _Pointer, ctypes.c_int64)
_SyncFunction = ctypes.CFUNCTYPE(_Int, _Pointer, _Int)


@dataclass(frozen=True, slots=True)
class Operation:
    """What happened: ``open``, ``write``, ``truncate``, ``sync``, ``delete`` of a file, or a note
    of the test (``ack``, ``directory``). ``number`` is an offset, a size or a flag."""

    kind: str
    file: str = ""
    number: int = 0
    data: bytes = b""


class Recorder:
    """The layer. ``log`` grows while ``recording``; ``fail_at`` counts writes and syncs from when
    it was set: from that one on each fails with ``error`` until it is ``None`` again."""

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self.uri_extra = f"&vfs={name}"
        self.log: list[Operation] = []
        self.recording = True
        self.fail_at: int | None = None
        self.error = FULL
        self.failed = 0
        self._names: dict[int, str] = {}
        self._library = library
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_find.argtypes = (ctypes.c_char_p,)
        self._original = library.sqlite3_vfs_find(None)
        self._vfs = _Vfs.from_buffer_copy(self._original.contents)
        self._vfs.name = name.encode()
        self._layers: dict[int, _Methods] = {}
        self._kept: list[object] = []
        self._open = _OpenFunction(self._original.contents.function[_OPEN])
        self._delete = _DeleteFunction(self._original.contents.function[_DELETE])
        self._replace(self._vfs, _OPEN, _OpenFunction(self._on_open))
        self._replace(self._vfs, _DELETE, _DeleteFunction(self._on_delete))
        library.sqlite3_vfs_register.argtypes = (ctypes.POINTER(_Vfs), ctypes.c_int)
        if library.sqlite3_vfs_register(ctypes.byref(self._vfs), 0):
            pytest.skip("SQLite refuses another VFS")

    def unregister(self) -> None:
        """Take the layer away; all connections must be closed."""
        self._library.sqlite3_vfs_unregister.argtypes = (ctypes.POINTER(_Vfs),)
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))

    def note(self, kind: str, number: int = 0) -> None:
        """Put something into the log that is no file operation."""
        if self.recording:
            self.log.append(Operation(kind, "", number))

    def _replace(self, table: _Vfs | _Methods, index: int, function: Any) -> None:
        self._kept.append(function)
        functions: Any = table.function
        functions[index] = ctypes.cast(function, ctypes.c_void_p).value

    def _on_open(self, _vfs: int, name: int | None, file: Any, flags: int, out: int) -> int:
        found: int = self._open(ctypes.addressof(self._original.contents), name, file, flags, out)
        opened: _File = file.contents
        if found or not opened.methods or name is None:
            return found
        # Databases and logs have different methods: only the former are locked.
        original = ctypes.addressof(opened.methods.contents)
        if original not in self._layers:
            self._layers[original] = self._layer_over(opened.methods.contents)
        self._names[ctypes.addressof(opened)] = _base_name(name)
        opened.methods = ctypes.pointer(self._layers[original])
        self._note(ctypes.addressof(opened), "open", flags)
        return found

    def _layer_over(self, original: _Methods) -> _Methods:
        layer = _Methods.from_buffer_copy(original)
        write = _WriteFunction(original.function[_WRITE])
        truncate = _TruncateFunction(original.function[_TRUNCATE])
        sync = _SyncFunction(original.function[_SYNC])

        def on_write(file: int, data: int, length: int, offset: int) -> int:
            if self._fails():
                return self.error
            self._note(file, "write", offset, ctypes.string_at(data, length))
            result: int = write(file, data, length, offset)
            return result

        def on_truncate(file: int, size: int) -> int:
            self._note(file, "truncate", size)
            result: int = truncate(file, size)
            return result

        def on_sync(file: int, flags: int) -> int:
            if self._fails():
                return self.error
            result: int = sync(file, flags)
            self._note(file, "sync")
            return result

        self._replace(layer, _WRITE, _WriteFunction(on_write))
        self._replace(layer, _TRUNCATE, _TruncateFunction(on_truncate))
        self._replace(layer, _SYNC, _SyncFunction(on_sync))
        return layer

    def _on_delete(self, _vfs: int, name: int, durable: int) -> int:
        result: int = self._delete(ctypes.addressof(self._original.contents), name, durable)
        if self.recording:
            self.log.append(Operation("delete", _base_name(name), durable))
        return result

    def _note(self, file: int, kind: str, number: int = 0, data: bytes = b"") -> None:
        if self.recording:
            self.log.append(Operation(kind, self._names[file], number, data))

    def _fails(self) -> bool:
        if self.fail_at is None:
            return False
        self.fail_at -= 1
        if self.fail_at > 0:
            return False
        self.failed += 1
        return True


def _base_name(address: int) -> str:
    return Path(ctypes.string_at(address).decode()).name


_numbers = itertools.count()

_layers: list[Recorder] = []
"""Kept for ever: SQLite closes files through a layer when the last statement of a closed
connection is collected, which may be much later."""


@contextlib.contextmanager
def recorder() -> Iterator[Recorder]:
    """Put a layer under all connections whose URI has its ``uri_extra``."""
    path = getattr(_sqlite3, "__file__", None)
    if path is None:
        pytest.skip("SQLite is linked into the interpreter: no layer can be put under it")
    library = ctypes.CDLL(path)
    if not hasattr(library, "sqlite3_vfs_find"):
        pytest.skip("SQLite's library does not show its VFS functions")
    layer = Recorder(library, f"recorded{next(_numbers)}")
    _layers.append(layer)
    try:
        yield layer
    finally:
        layer.unregister()
