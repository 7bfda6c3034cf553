"""The socket file: for programs of this machine, with all rights, and only for them."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from bridge.web.listen_faults import SocketInUse, SocketUnusable
from bridge.web.server import WebServer
from tests.web_guard.wire import Client, Witness, guarded, request


async def connect(path: Path) -> Client:
    """Connect to a socket file, however long its path is."""
    directory = os.open(path.parent, os.O_PATH)
    try:
        return Client(*await asyncio.open_unix_connection(f"/proc/self/fd/{directory}/{path.name}"))
    finally:
        os.close(directory)


async def started(path: Path, witness: Witness | None = None) -> WebServer:
    server = WebServer(guarded(witness or Witness()), None, socket=path)
    await server.start()
    return server


async def test_who_comes_by_the_socket_file_is_the_technician(tmp_path: Path) -> None:
    witness = Witness()
    server = await started(tmp_path / "box.sock", witness)
    assert server.address is None
    for host in ("localhost", "bonbridge", "127.0.0.1:1"):
        client = await connect(tmp_path / "box.sock")
        client.send(request(host=host))
        assert (await client.answer()).status == 200
        await client.close()
    assert witness.callers == ["technician by socket"] * 3
    await server.stop()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Origin: http://localhost", 403),
        ("Cookie: a=b", 403),
        ("Sec-Fetch-Site: same-origin", 403),
        ("X-Forwarded-For: 192.168.1.7", 403),
        ("Via: 1.1 proxy", 403),
        ("Host: twice", 400),
    ],
)
async def test_browsers_and_proxies_are_refused_there(
    tmp_path: Path, headers: str, status: int
) -> None:
    """A proxy in front of the file would make everybody a technician."""
    witness = Witness()
    server = await started(tmp_path / "box.sock", witness)
    client = await connect(tmp_path / "box.sock")
    client.send(request(headers=headers))
    assert (await client.answer()).status == status
    assert not witness.calls
    await client.close()
    await server.stop()


async def test_only_the_user_of_the_box_reaches_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        server = await started(tmp_path / "box.sock")
    finally:
        os.umask(before)
    mode = (tmp_path / "box.sock").stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    await server.stop()
    assert not (tmp_path / "box.sock").exists()


async def test_a_path_longer_than_the_system_allows_works(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    path = folder / "box.sock"
    assert len(str(path)) > 200
    server = await started(path)
    client = await connect(path)
    client.send(request())
    assert (await client.answer()).status == 200
    await client.close()
    await server.stop()
    assert not path.exists()


async def test_the_file_of_a_dead_program_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "box.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = await started(path)
    client = await connect(path)
    client.send(request())
    assert (await client.answer()).status == 200
    await client.close()
    await server.stop()


async def test_the_file_of_a_running_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "box.sock"
    server = await started(path)
    with pytest.raises(SocketInUse, match=r"box\.sock"):
        await started(path)
    client = await connect(path)
    client.send(request())
    assert (await client.answer()).status == 200
    await client.close()
    await server.stop()


async def test_a_hung_program_counts_as_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.listening.PROBE_S", 0.05)
    path = tmp_path / "box.sock"
    with socket.socket(socket.AF_UNIX) as hung, socket.socket(socket.AF_UNIX) as first:
        hung.bind(str(path))
        hung.listen(0)
        first.connect(str(path))
        with pytest.raises(SocketInUse):
            await started(path)
    assert path.exists()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "box.sock"
    path.write_text("receipts")
    with pytest.raises(SocketUnusable, match="no socket"):
        await started(path)
    assert path.read_text() == "receipts"


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    target = tmp_path / "other" / "box.sock"
    (tmp_path / "box.sock").symlink_to(target)
    with pytest.raises(SocketUnusable):
        await started(tmp_path / "box.sock")
    assert not target.exists()


async def test_a_directory_where_others_may_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(SocketUnusable, match="0777"):
        await started(folder / "box.sock")
    assert not (folder / "box.sock").exists()


async def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(SocketUnusable, match="user 12345"):
        await started(folder / "box.sock")


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(SocketUnusable, match="missing"):
        await started(tmp_path / "missing" / "box.sock")


async def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SocketUnusable):
        await started(tmp_path / ("n" * 120))


async def test_the_file_of_a_successor_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "box.sock"
    server = await started(path)
    path.unlink()
    successor = await started(path)
    await server.stop()
    assert path.exists()
    await successor.stop()
    assert not path.exists()
