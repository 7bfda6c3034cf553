"""The store of runs, and what happens when it cannot be used."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from bridge.health import Level
from bridge.vendors.engine import rows
from bridge.vendors.engine.endings import BlobTooLarge
from bridge.vendors.engine.faults import RunsUnwritable
from bridge.vendors.engine.memory import VendorMemory
from bridge.vendors.engine.store import Store
from tests.vendors.engine.desks import post
from tests.vendors.engine.service import PASSWORD


def database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "vendors.db")


def content(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.glob("vendors.db*"))


async def test_every_change_is_kept_and_none_can_be_changed(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.counter.call("GET", "/rates")
        p.gone()
        run = (await p.send("parcels", "P1")).json()["run"]
        p.back()
        await p.counter.ended(run, step_s=60)
    with database(tmp_path) as connection:
        states = [row[0] for row in connection.execute("SELECT state FROM change ORDER BY seq")]
        assert states == ["queued", "sending", "queued", "sending", "succeeded", "succeeded"]
        for attack in ("UPDATE change SET state='failed'", "DELETE FROM change"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(attack)


async def test_no_secret_is_stored(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        await p.send("letters", "L1", bad=True)
        p.stage.fault("drop_after", path="/cards")
        await p.send("cards", "C1")
    stored = content(tmp_path)
    for secret in (PASSWORD, "token-0-0123456789", "echoed-secret"):
        assert secret.encode() not in stored


async def test_keys_are_kept_for_ninety_days_and_open_runs_for_ever(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.send("parcels", "P1")
        p.stage.fault("drop_after", path="/cards")
        unknown = (await p.send("cards", "C1")).json()["run"]
        await p.counter.clock.advance(89 * 86_400)
        await p.counter.restart()
        assert (await p.send("parcels", "P1")).headers["idempotent-replayed"] == "true"
        await p.counter.clock.advance(2 * 86_400)
        await p.counter.settle()
        assert [each.id for each in await p.counter.runs()] == [unknown], "removed once a day"
        assert (await p.send("parcels", "P1")).status == 201
    with database(tmp_path) as connection:
        [(changes,)] = connection.execute(
            "SELECT count(*) FROM change WHERE run NOT IN (SELECT id FROM run)"
        )
        assert changes == 0


def full(p_store: Store, *, lifted: bool = False) -> None:
    """Let no page be added to the store any more, or lift that again."""
    connection = p_store._connection
    assert connection is not None
    pages = 2**30 if lifted else connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")


async def test_with_a_full_disk_nothing_is_sent_and_nothing_breaks(tmp_path: Path) -> None:
    async with post(tmp_path) as p:
        await p.counter.call("GET", "/rates")
        full(p.engaged.office.store)
        note = "x" * 20_000
        reply = await p.send("letters", "L1", note=note)
        assert (reply.status, reply.json()["code"]) == (503, "runs_unwritable")
        assert p.stage.calls("POST") == p.stage.calls("POST", "/login")
        part = p.counter.part()
        assert (part.level, part.fault and part.fault.code) == (Level.FAILED, "runs_unwritable")
        assert (await p.counter.call("GET", "/rates")).status == 200, "reads go on"
        full(p.engaged.office.store, lifted=True)
        assert (await p.send("letters", "L1", note=note)).status == 201
        assert p.office.letters == ["L1"]
        assert (await p.counter.check()).level is Level.OK


async def test_an_outcome_that_cannot_be_stored_is_stored_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post(tmp_path) as p:
        real = p.engaged.office.store.change
        broken = True

        async def change(record, was, remember=None):  # type: ignore[no-untyped-def] # - as Store.change
            if broken and record.state == "succeeded":
                raise RunsUnwritable("no space left")
            return await real(record, was, remember)

        monkeypatch.setattr(p.engaged.office.store, "change", change)
        call = asyncio.create_task(p.send("letters", "L1"))
        await p.reached("/letters")
        await p.counter.clock.advance(11)
        reply = await call
        assert (reply.status, reply.json()["state"]) == (202, "sending")
        assert p.counter.part().level is Level.FAILED
        broken = False
        assert (await p.counter.ended(reply.json()["run"], step_s=60)).state == "succeeded"
        assert p.office.letters == ["L1"]
        assert (await p.counter.check()).level is Level.OK


@pytest.mark.parametrize("damage", ["garbage", "foreign", "newer", "directory"])
async def test_a_store_that_cannot_be_used_disables_the_vendors_only(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "vendors.db"
    match damage:
        case "garbage":
            path.write_bytes(b"not a database at all" * 100)
        case "foreign":
            with sqlite3.connect(path) as connection:
                connection.execute("CREATE TABLE other(x)")
        case "newer":
            async with post(tmp_path):
                pass
            with sqlite3.connect(path) as connection:
                connection.execute("PRAGMA user_version=99")
        case "directory":
            path.mkdir()
    async with post(tmp_path) as p:
        part = p.counter.part()
        assert part.level is Level.FAILED
        assert part.fault is not None
        assert part.fault.code == "runs_unwritable"
        reply = await p.send("parcels", "P1")
        assert (reply.status, reply.json()["code"]) == (503, "runs_unwritable")
        [view] = p.counter.desk.vendors("de")
        assert view.level == "failed"
        with pytest.raises(RunsUnwritable):
            await p.counter.runs()
        assert p.stage.log == []
        if damage == "directory":
            shutil.rmtree(path)
        else:
            path.unlink()
        await p.counter.restart()
        assert (await p.send("parcels", "P1")).status == 201


async def test_the_file_is_written_through_at_each_commit(tmp_path: Path) -> None:
    store = Store(tmp_path / "vendors.db")
    await store.open()
    try:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2)):
            found = await store.read(
                lambda c, name: c.execute(name).fetchone()[0], f"PRAGMA {pragma}"
            )
            assert found == value
    finally:
        await store.close()


async def test_a_vendors_memory_is_its_own_and_bounded(tmp_path: Path) -> None:
    store = Store(tmp_path / "vendors.db")
    await store.open()
    try:
        one, other = VendorMemory(store, "one"), VendorMemory(store, "other")
        await one.put("job/a", {"n": [1, "ü"]})
        await one.put("job/b", 2)
        await one.put("jab", 3)
        await other.put("job/a", 4)
        assert await one.get("job/a") == {"n": [1, "ü"]}
        assert await one.get("nothing") is None
        assert await one.named("job/") == {"job/a": {"n": [1, "ü"]}, "job/b": 2}
        await other.put_blob("file-0", b"other")
        for n in range(rows.MAX_BLOBS + 2):
            await one.put_blob(f"file-{n}", b"%d" % n)
        await one.put_blob("file-5", b"again")
        assert await one.blob("file-1") is None
        assert await one.blob("file-2") == b"2"
        assert await one.blob("file-5") == b"again"
        assert await other.blob("file-0") == b"other"
        with pytest.raises(BlobTooLarge):
            await one.put_blob("huge", bytes(rows.MAX_BLOB + 1))
    finally:
        await store.close()


async def test_a_broken_change_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path / "vendors.db")
    await store.open()

    def half(connection: sqlite3.Connection) -> None:
        rows.remember(connection, "one", {"a": 1})
        connection.execute("INSERT INTO nowhere VALUES(1)")

    try:
        with pytest.raises(RunsUnwritable):
            await store.write(half)
        assert await VendorMemory(store, "one").get("a") is None
        await VendorMemory(store, "one").put("a", 2)
        assert await VendorMemory(store, "one").get("a") == 2
    finally:
        await store.close()
