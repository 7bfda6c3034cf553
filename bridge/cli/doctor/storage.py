"""What is kept on disk: credentials, directories, journal."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from bridge.cli.check_config import credential_faults
from bridge.cli.doctor.check import Check, fail, of_fault, ok, warn
from bridge.config import Config, credentials_for
from bridge.journal.faults import JournalMissing
from bridge.journal.reader import Reader
from bridge.journal.store import JournalPaths
from bridge.vitals import DISK_FULL_BYTES, DISK_LOW_BYTES
from drivers.contract.fault import Fault

LOCKS = Path("/proc/locks")


def credentials(config: Config, environ: Mapping[str, str]) -> Iterator[Check]:
    """Check that every credential is there, of the right form, and closed to others."""
    faults = list(credential_faults(config, environ))
    for fault in faults:
        yield of_fault("credentials", fault)
    if faults:
        return
    found = credentials_for(config.box.credentials_dir, environ)
    mode = stat.S_IMODE(found.directory.stat().st_mode)
    if mode & 0o022 and not found.guarded:
        text = f"{found.directory} has mode {mode:04o}: others may put files into it"
        yield warn("credentials", text, f"Run chmod 0700 {found.directory}.")
    else:
        yield ok("credentials", f"all there in {found.directory}")


def directories(config: Config) -> Iterator[Check]:
    """Check that journal and mirror can be written, have space, and lie on different disks."""
    box = config.box
    for name, path in (("data directory", box.data_dir), ("mirror directory", box.mirror_dir)):
        yield _directory(name, path)
    data, mirror = _existing(box.data_dir), _existing(box.mirror_dir)
    if data.stat().st_dev == mirror.stat().st_dev:
        text = f"{box.data_dir} and {box.mirror_dir} are on the same disk"
        advice = "Put mirror_dir on another disk, so that an old copy of the whole disk is noticed."
        yield warn("mirror", text, advice)
    else:
        yield ok("mirror", "on another disk than the journal")


def _directory(name: str, path: Path) -> Check:
    there = _existing(path)
    if not os.access(there, os.W_OK | os.X_OK):
        advice = "Give the directory to the user that runs the box, or run this as that user."
        return fail(name, f"{there} cannot be written by this user", advice)
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        advice = "Replace an SD card that has become read-only; else mount it writable."
        return fail(name, f"{there} is mounted read-only", advice)
    free = shutil.disk_usage(there).free
    text = f"{path}, {free // 1_000_000} MB free"
    if free < DISK_FULL_BYTES:
        return fail(name, text, "Free some space: receipts can hardly be stored any more.")
    if free < DISK_LOW_BYTES:
        return warn(name, text, "Free some space soon.")
    if there != path:
        return warn(name, f"{path} does not exist", "It is made when the box starts.")
    return ok(name, text)


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def journal(paths: JournalPaths) -> Iterator[tuple[Check, int | None]]:
    """Check that the journal can be read; yield each check with the last event's time (UTC ms)."""
    try:
        with Reader(paths.database) as reader:
            last = reader.event(reader.last_seq())
            heads = [
                f"{register} up to receipt {event.number}"
                for register in reader.registers()
                if (event := reader.last_numbered(register)) is not None
            ]
    except JournalMissing as fault:
        if paths.mirror.exists() and paths.mirror.stat().st_size:
            yield of_fault("journal", fault), None
        else:
            yield warn("journal", "none yet", "It is made when the box starts."), None
    except Fault as fault:
        yield of_fault("journal", fault), None
    except OSError as error:
        advice = "Run this as the user that runs the box."
        yield fail("journal", f"{paths.database}: {error.strerror}", advice), None
    else:
        seq, time = (0, None) if last is None else (last.seq, last.time)
        yield ok("journal", f"{seq} events; {', '.join(heads) or 'no receipts yet'}"), time


def holder(paths: JournalPaths, locks: Path = LOCKS) -> int | None:
    """Return the process that holds the journal's lock, ``None`` if nobody does.

    Trying the lock itself could keep a daemon from starting in this very moment.
    """
    try:
        inode = paths.lock.stat().st_ino
        lines = locks.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 713 08:01:131090 0 EOF   (proc_locks(5))
        words = line.split()
        if words[1] == "FLOCK" and words[3] == "WRITE" and words[5].endswith(f":{inode}"):
            return int(words[4])
    return None
