"""What is read from and written to ``vendors.db``: plain functions on its connection.

They run in the store's thread. Writing ones run inside a transaction that the caller ends.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.vendors.engine.endings import BlobTooLarge
from bridge.vendors.engine.records import Record, pack, pack_draft, unpack, unpack_draft
from bridge.vendors.engine.spec import FINAL, Delivery, Draft, State

MAX_BLOB = 10_000_000
"""Bytes of one kept file."""

MAX_BLOBS = 50
"""Files kept per vendor, the newest."""

MOST = 1000
"""Runs that one question returns."""

_DRAFT = "(SELECT run AS of_run, body AS drafted, content FROM draft)"


# Runs


def insert(connection: sqlite3.Connection, record: Record, draft: Draft) -> None:
    """Add a run with its draft, and what the draft wants remembered."""
    names, values = _fields(record)
    marks = ",".join("?" * len(values))
    connection.execute(f"INSERT INTO run({names}) VALUES({marks})", values)
    body, content = pack_draft(draft)
    connection.execute("INSERT INTO draft VALUES(?,?,?)", (record.id, body, content))
    _log(connection, record)
    remember(connection, record.vendor, draft.remember)


def update(connection: sqlite3.Connection, record: Record, was: State) -> bool:
    """Store a changed run if it still is in the state it was; return whether it was."""
    names, values = _fields(record)
    sets = ",".join(f"{name}=?" for name in names.split(","))
    done = connection.execute(
        f"UPDATE run SET {sets} WHERE id=? AND state=?",  # noqa: S608 - own column names
        (*values, record.id, was),
    )
    if done.rowcount != 1:
        return False
    _log(connection, record)
    return True


def end_merged(connection: sqlite3.Connection, carrier: Record) -> list[Record]:
    """End the runs whose request a run has carried, as that run ended; return them."""
    if carrier.state not in FINAL:
        return []
    rows = connection.execute(
        "SELECT * FROM run WHERE merged=? AND state=?", (carrier.id, State.WAITING)
    )
    ended = [
        unpack(row).moved(
            carrier.state,
            carrier.changed,
            sent=carrier.sent,
            result=carrier.result,
            status=carrier.status,
            answer=carrier.answer,
            fault=carrier.fault,
            resolved=carrier.resolved,
            after=True,
        )
        for row in rows.fetchall()
    ]
    for record in ended:
        update(connection, record, State.WAITING)
    return ended


def _fields(record: Record) -> tuple[str, tuple[Any, ...]]:
    fields = {
        "id": record.id,
        "vendor": record.vendor,
        "operation": record.operation,
        "state": record.state,
        "key": record.key,
        "fingerprint": record.fingerprint,
        "freed": record.freed,
        "line": record.order,
        "replaces": record.replaces,
        "merged": record.merged,
        "place": record.place,
        "after": record.after,
        "created": record.created,
        "changed": record.changed,
        "summary": json.dumps(dict(record.summary)),
        "body": pack(record),
    }
    return ",".join(fields), tuple(fields.values())


def _log(connection: sqlite3.Connection, record: Record) -> None:
    connection.execute(
        "INSERT INTO change(run, time, state, body) VALUES(?,?,?,?)",
        (record.id, record.changed, record.state, pack(record)),
    )


def one(connection: sqlite3.Connection, run: str) -> Record | None:
    """Return a run."""
    row = connection.execute("SELECT * FROM run WHERE id=?", (run,)).fetchone()
    return None if row is None else unpack(row)


def with_draft(connection: sqlite3.Connection, run: str) -> tuple[Record, Draft] | None:
    """Return a run and its draft."""
    record = one(connection, run)
    if record is None:
        return None
    body, content = connection.execute(
        "SELECT body, content FROM draft WHERE run=?", (run,)
    ).fetchone()
    return record, unpack_draft(body, content)


def keyed(connection: sqlite3.Connection, vendor: str, key: str) -> Record | None:
    """Return the run that holds a key."""
    row = connection.execute(
        "SELECT * FROM run WHERE vendor=? AND key=? AND key<>'' AND freed=0", (vendor, key)
    ).fetchone()
    return None if row is None else unpack(row)


def in_states(connection: sqlite3.Connection, vendor: str, states: Sequence[State]) -> list[Record]:
    """Return a vendor's runs in these states, in the order of their places."""
    marks = ",".join("?" * len(states))
    rows = connection.execute(
        f"SELECT * FROM run WHERE state IN ({marks}) AND vendor=?"  # noqa: S608 - marks only
        " ORDER BY CASE place WHEN 0 THEN seq ELSE place END, seq",
        (*states, vendor),
    )
    return [unpack(row) for row in rows]


def with_after(connection: sqlite3.Connection, vendor: str) -> list[Record]:
    """Return a vendor's runs whose ``after`` hook has not run yet, oldest first."""
    rows = connection.execute(
        "SELECT * FROM run WHERE vendor=? AND after=1 ORDER BY seq", (vendor,)
    )
    return [unpack(row) for row in rows]


def to_replace(
    connection: sqlite3.Connection, vendor: str, replaces: str, but: str
) -> list[Record]:
    """Return the queued runs that a newer one takes the place of."""
    rows = connection.execute(
        "SELECT * FROM run WHERE state=? AND vendor=? AND replaces=? AND id<>? ORDER BY seq",
        (State.QUEUED, vendor, replaces, but),
    )
    return [unpack(row) for row in rows]


def newest(
    connection: sqlite3.Connection, vendor: str | None, state: str | None, limit: int
) -> list[Record]:
    """Return runs, newest first."""
    rows = connection.execute(
        "SELECT * FROM run WHERE (?1 IS NULL OR vendor=?1) AND (?2 IS NULL OR state=?2)"
        " ORDER BY seq DESC LIMIT ?3",
        (vendor, state, min(limit, MOST)),
    )
    return [unpack(row) for row in rows]


def about(
    connection: sqlite3.Connection, vendor: str, operation: str, summary: Mapping[str, Any]
) -> list[tuple[Record, Draft]]:
    """Return a vendor's runs of an operation whose summary has these values, newest first."""
    wanted = "".join(" AND json_extract(run.summary, ?) IS ?" for _ in summary)
    values = [part for name, value in summary.items() for part in (f'$."{name}"', value)]
    rows = connection.execute(
        "SELECT run.*, draft.body AS drafted, draft.content FROM run"  # noqa: S608 - own text
        " JOIN draft ON draft.run=run.id"
        f" WHERE vendor=? AND operation=?{wanted} ORDER BY seq DESC LIMIT {MOST}",
        (vendor, operation, *values),
    )
    return [(unpack(row), unpack_draft(row["drafted"], row["content"])) for row in rows]


def failed_late(
    connection: sqlite3.Connection, vendor: str, since: int, patience_ms: int
) -> list[Record]:
    """Return a vendor's runs that failed since then when nobody can have waited for them."""
    rows = connection.execute(
        "SELECT * FROM run WHERE state=?1 AND vendor=?2 AND changed>=?3 AND (changed-created>?4"
        " OR json_extract(body, '$.own')"
        " OR EXISTS (SELECT 1 FROM change WHERE change.run=run.id AND change.state=?5))"
        " ORDER BY changed",
        (State.FAILED, vendor, since, patience_ms, State.WAITING),
    )
    return [unpack(row) for row in rows]


def count(connection: sqlite3.Connection, vendor: str, states: Sequence[State]) -> int:
    """Return how many runs of a vendor are in these states."""
    marks = ",".join("?" * len(states))
    row = connection.execute(
        f"SELECT count(*) FROM run WHERE state IN ({marks}) AND vendor=?",  # noqa: S608 - marks only
        (*states, vendor),
    ).fetchone()
    return int(row[0])


def purge(connection: sqlite3.Connection, before: int) -> int:
    """Remove ended runs, their changes and handled deliveries that are older; return how many
    runs."""
    ended = [
        row[0]
        for row in connection.execute(
            "SELECT id FROM run WHERE state IN (?,?) AND changed<? AND after=0",
            (*sorted(FINAL), before),
        )
    ]
    for run in ended:
        for table, column in (("run", "id"), ("draft", "run"), ("change", "run")):
            connection.execute(f"DELETE FROM {table} WHERE {column}=?", (run,))  # noqa: S608 - own names
    connection.execute("DELETE FROM delivery WHERE handled=1 AND received<?", (before,))
    return len(ended)


# Deliveries of webhooks


def deliver(connection: sqlite3.Connection, vendor: str, delivery: Delivery, received: int) -> bool:
    """Keep a delivery; return whether its id is new."""
    body = json.dumps([dict(each) for each in delivery.notifications])
    done = connection.execute(
        "INSERT OR IGNORE INTO delivery VALUES(?,?,?,0,?)", (vendor, delivery.id, received, body)
    )
    return done.rowcount == 1


def unhandled(connection: sqlite3.Connection, vendor: str) -> list[Delivery]:
    """Return the deliveries that are not worked off yet, oldest first."""
    rows = connection.execute(
        "SELECT id, body FROM delivery WHERE vendor=? AND handled=0 ORDER BY received", (vendor,)
    )
    return [Delivery(row["id"], tuple(json.loads(row["body"]))) for row in rows]


def handled(connection: sqlite3.Connection, vendor: str, delivery: str) -> None:
    """Note that a delivery is worked off."""
    connection.execute("UPDATE delivery SET handled=1 WHERE vendor=? AND id=?", (vendor, delivery))


# A vendor's memory


def remember(connection: sqlite3.Connection, vendor: str, values: Mapping[str, Any]) -> None:
    """Keep values under their names."""
    for name, value in values.items():
        connection.execute(
            "INSERT OR REPLACE INTO value VALUES(?,?,?)", (vendor, name, json.dumps(value))
        )


def values(connection: sqlite3.Connection, vendor: str, prefix: str) -> dict[str, Any]:
    """Return the values whose names begin so."""
    rows = connection.execute(
        "SELECT name, body FROM value WHERE vendor=? AND substr(name, 1, ?)=? ORDER BY name",
        (vendor, len(prefix), prefix),
    )
    return {row["name"]: json.loads(row["body"]) for row in rows}


def value(connection: sqlite3.Connection, vendor: str, name: str) -> Any:
    """Return one value, ``None`` if there is none."""
    row = connection.execute(
        "SELECT body FROM value WHERE vendor=? AND name=?", (vendor, name)
    ).fetchone()
    return None if row is None else json.loads(row["body"])


def blob(connection: sqlite3.Connection, vendor: str, name: str) -> bytes | None:
    """Return a kept file."""
    row = connection.execute(
        "SELECT content FROM blob WHERE vendor=? AND name=?", (vendor, name)
    ).fetchone()
    return None if row is None else bytes(row["content"])


def put_blob(connection: sqlite3.Connection, vendor: str, name: str, content: bytes) -> None:
    """Keep a file; the oldest beyond the limit goes. Raises ``BlobTooLarge``."""
    if len(content) > MAX_BLOB:
        raise BlobTooLarge(f"a file of {len(content)} bytes is too large to be kept")
    connection.execute("DELETE FROM blob WHERE vendor=? AND name=?", (vendor, name))
    connection.execute(
        "INSERT INTO blob(vendor, name, content) VALUES(?,?,?)", (vendor, name, content)
    )
    connection.execute(
        "DELETE FROM blob WHERE vendor=?1 AND seq NOT IN"
        " (SELECT seq FROM blob WHERE vendor=?1 ORDER BY seq DESC LIMIT ?2)",
        (vendor, MAX_BLOBS),
    )
