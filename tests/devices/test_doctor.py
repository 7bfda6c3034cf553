"""``bonbridge doctor``: each thing it looks at, alone and with a running daemon."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.doctor import machine, reach, storage
from bridge.cli.doctor.check import Check, Verdict
from bridge.cli.main import main
from bridge.config import CloudSettings, load_config
from bridge.journal.store import JournalPaths
from bridge.till.register import BUILD_DATE
from bridge.vitals import DISK_FULL_BYTES, DISK_LOW_BYTES
from tests.daemon.notifications import NotifySocket
from tests.daemon.processes import AES_KEY, PIN, Place
from tests.devices.simulated import PrinterProcess
from tests.devices.test_vitals import Usage

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: a socket is in it."""
    path = Path(tempfile.mkdtemp(prefix="dr-"))
    yield path
    shutil.rmtree(path)


def doctor(
    place: Place, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the command; return its exit code and the checks by name."""
    code = main(["doctor", "--json", "--config", str(place.config), *options])
    out = capsys.readouterr().out
    assert PIN not in out
    assert AES_KEY not in out
    body = json.loads(out)
    assert body["ok"] is (code == 0)
    return code, {check["check"]: check for check in body["checks"]}


def verdicts(checks: list[Check]) -> list[Verdict]:
    return [check.verdict for check in checks]


def test_a_box_before_its_first_start_is_well_with_card_and_printer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PrinterProcess() as printer:
        place = Place(folder, f"tcp:127.0.0.1:{printer.port}")
        with place.card() as card:
            code, checks = doctor(place, capsys)
            assert code == 0, checks
            assert card.state()["verifies"] == 0, "no PIN is sent"
        assert checks["unit:card"]["verdict"] == "ok"
        assert checks["printer:counter"]["text"].endswith("online, paper ok")
        assert checks["journal"]["verdict"] == "warn"
        assert checks["daemon"]["text"].startswith("not running")
        assert not (folder / "data").exists(), "nothing was made"
        printer.set(paper="out")
        code, checks = doctor(place, capsys, "--offline")
        assert code == 1
        assert checks["printer:counter"]["code"] == "printer_paper_out"
        assert checks["printer:counter"]["advice"]
        assert checks["unit:card"]["code"] == "card_absent"


def test_a_running_daemon_is_asked_and_its_devices_are_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with PrinterProcess() as printer, NotifySocket() as manager:
        place = Place(folder, f"tcp:127.0.0.1:{printer.port}")
        with place.card() as card, place.daemon(manager) as daemon:
            manager.wait_for(READY="1")
            before = printer.state()["connections"], card.state()["apdus"]
            code, checks = doctor(place, capsys)
            assert checks["daemon"]["text"] == f"running as process {daemon.process.pid}"
            assert checks["unit:card"]["verdict"] == "ok"
            assert checks["register:A"]["code"] == "register_not_started"
            assert code == 0, checks
            code, checks = doctor(place, capsys, "--offline")
            assert "not touched" in checks["devices"]["text"]
            assert "unit:card" not in checks
            after = printer.state()["connections"], card.state()["apdus"]
            assert after[1] == before[1]
            assert after[0] <= before[0] + 1, "the daemon's own look at most"
            assert daemon.stop() == 0
        code, checks = doctor(place, capsys)
        assert checks["daemon"]["text"].startswith("not running")
        assert checks["journal"]["verdict"] == "ok"


def test_the_lines_for_people_say_what_to_do_and_end_with_a_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(folder)
    (folder / "credentials" / "card.pin").unlink()
    assert main(["doctor", "--config", str(place.config), "--offline"]) == 1
    out = capsys.readouterr().out
    assert "fail  credentials: A credential file is missing: " in out
    assert "      -> Create the file named" in out
    assert out.splitlines()[-1].endswith(" fail")


def test_a_wrong_configuration_ends_the_examination_with_its_problems(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(folder)
    place.config.write_text(place.config.read_text().replace('"at"', '"xx"'))
    code, checks = doctor(place, capsys)
    assert code == 1
    assert checks["configuration"]["code"] == "config_invalid"
    assert list(checks) == ["python", "configuration"]


def test_a_missing_journal_that_the_mirror_remembers_is_a_failure(tmp_path: Path) -> None:
    paths = JournalPaths(tmp_path / "journal.db", tmp_path / "journal.mirror")
    ((check, _),) = storage.journal(paths)
    assert check.verdict is Verdict.WARN, "a box that never ran"
    paths.mirror.write_bytes(b"x")
    ((check, _),) = storage.journal(paths)
    assert check.code == "journal_missing"
    paths.database.write_bytes(b"no database" * 1000)
    ((check, _),) = storage.journal(paths)
    assert check.verdict is Verdict.FAIL
    assert check.advice


def test_an_old_python_is_named() -> None:
    assert machine.python((3, 10, 2)).verdict is Verdict.FAIL
    assert machine.python().verdict is Verdict.OK


def test_the_clock_is_measured_by_build_date_journal_and_ntp(tmp_path: Path) -> None:
    synchronised = tmp_path / "synchronized"
    now_ms = int(NOW.timestamp() * 1000)
    assert machine.clock(NOW, now_ms, synchronised).verdict is Verdict.WARN
    synchronised.touch()
    assert machine.clock(NOW, now_ms, synchronised).verdict is Verdict.OK
    assert machine.clock(NOW, None, synchronised).verdict is Verdict.OK
    behind = machine.clock(NOW - timedelta(hours=1), now_ms, synchronised)
    assert behind.verdict is Verdict.FAIL
    assert "last event" in behind.text
    old = datetime.combine(BUILD_DATE, datetime.min.time(), UTC) - timedelta(days=1)
    assert machine.clock(old, None, synchronised).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("free", "verdict"),
    [
        (DISK_FULL_BYTES - 1, Verdict.FAIL),
        (DISK_LOW_BYTES - 1, Verdict.WARN),
        (DISK_LOW_BYTES, Verdict.OK),
    ],
)
def test_space_on_the_disk_is_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict
) -> None:
    config = load_config(Place(folder).config)
    for directory in (config.box.data_dir, config.box.mirror_dir):
        directory.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    assert verdicts(list(storage.directories(config)))[:2] == [verdict, verdict]


def test_a_directory_that_cannot_be_written_is_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(Place(folder).config)
    monkeypatch.setattr(os, "access", lambda *_: False)
    checks = list(storage.directories(config))
    assert verdicts(checks)[:2] == [Verdict.FAIL, Verdict.FAIL]
    assert all(check.advice for check in checks[:2])


def test_mirror_and_journal_on_one_disk_are_a_warning(folder: Path) -> None:
    config = load_config(Place(folder).config)
    assert list(storage.directories(config))[-1].verdict is Verdict.WARN


def test_every_credential_is_tried_and_open_directories_are_named(folder: Path) -> None:
    place = Place(folder)
    text = place.config.read_text(encoding="utf-8")
    cloud = '[[cloud]]\nname = "asello"\nurl = "wss://cloud.example/box"\ntoken = "asello.token"\n'
    place.config.write_text(text + cloud, encoding="utf-8")
    config = load_config(place.config)
    (missing,) = storage.credentials(config, {})
    assert missing.code == "credential_missing"
    assert "asello.token" in missing.text
    place.secret("asello.token", "token-token-token-token")
    (fine,) = storage.credentials(config, {})
    assert fine.verdict is Verdict.OK
    (folder / "credentials").chmod(0o777)
    (open_to_all,) = storage.credentials(config, {})
    assert open_to_all.verdict is Verdict.WARN
    (folder / "credentials" / "asello.token").chmod(0o644)
    (exposed,) = storage.credentials(config, {})
    assert exposed.code == "credential_exposed"


def test_who_holds_the_journal_is_known_without_touching_the_lock(tmp_path: Path) -> None:
    paths = JournalPaths(tmp_path / "journal.db", tmp_path / "mirror")
    assert storage.holder(paths) is None
    with paths.lock.open("w") as lock:
        assert storage.holder(paths) is None
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert storage.holder(paths) == os.getpid()
    assert storage.holder(paths) is None


def test_a_holder_without_a_socket_is_told_of_and_nothing_is_touched(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(folder)
    (folder / "data").mkdir()
    with (folder / "data" / "journal.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _, checks = doctor(place, capsys)
    assert checks["daemon"]["verdict"] == "warn"
    assert "unit:card" not in checks


def cloud_at(port: int, scheme: str = "ws") -> CloudSettings:
    url = f"{scheme}://localhost:{port}/box"
    return CloudSettings(name="asello", url=url, token="asello.token")


async def cloud_check(port: int, scheme: str = "ws") -> Check:
    return await reach._cloud(cloud_at(port, scheme))


async def test_a_cloud_is_connected_to_and_told_nothing() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "localhost", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await cloud_check(port)).verdict is Verdict.OK
        assert await heard.get() == b""


async def test_a_cloud_that_cannot_be_reached_is_a_failure_with_advice() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        check = await cloud_check(port)
    assert check.verdict is Verdict.FAIL
    assert check.advice


async def test_a_certificate_that_does_not_hold_points_to_the_clock(tmp_path: Path) -> None:
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "localhost", 0, ssl=self_signed(tmp_path)
    )
    async with server:
        check = await cloud_check(server.sockets[0].getsockname()[1], "wss")
    assert check.verdict is Verdict.FAIL
    assert "clock" in check.advice


def self_signed(folder: Path) -> Any:
    """Return the TLS settings of a server whose certificate nobody trusts."""
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=4000))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
