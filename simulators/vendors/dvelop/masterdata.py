"""Buckets with their records, and the jobs that bring lists into them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drivers.contract.clock import Clock
from simulators.vendors.dvelop.rules import line_ids, objections
from simulators.vendors.dvelop.table import SHEETS

QUEUED, SUCCESSFUL, FAILED = "queued", "successful", "failed"

GOLDEN_JOB = "65866efa-e8a6-4c9c-ae30-60121b6d039f"
"""The job of the vendor's own example."""


@dataclass(slots=True)
class Job:
    """A list on its way into a bucket. ``due`` is when it is worked off (monotonic seconds)."""

    id: str
    bucket: str
    entity: str
    records: Sequence[Any]
    due: float
    status: str = QUEUED
    objection: str = ""


class MasterData:
    """What the vendor holds. Jobs are worked off in their order once their time has come."""

    def __init__(
        self, clock: Clock, buckets: Iterable[str], *, job_delay_s: float, strict: bool
    ) -> None:
        self._clock = clock
        self._names = tuple(buckets)
        self._delay_s = job_delay_s
        self._strict = strict
        self.clear()

    def clear(self) -> None:
        """Forget all records and jobs."""
        self._random = random.Random(1)
        self._buckets: dict[str, dict[str, dict[tuple[Any, ...], dict[str, Any]]]] = {
            name: {} for name in self._names
        }
        self._jobs: dict[str, Job] = {}
        self._next_id: str | None = None

    def golden(self) -> None:
        """Hold the vendor's example: its job is done, and the next list gets it again."""
        self.clear()
        done = Job(GOLDEN_JOB, self._names[0], "vendors", (), 0.0, SUCCESSFUL)
        self._jobs[GOLDEN_JOB] = done
        self._next_id = GOLDEN_JOB

    def has(self, bucket: str) -> bool:
        """Whether there is such a bucket."""
        return bucket in self._buckets

    def records(self, bucket: str, entity: str) -> list[dict[str, Any]]:
        """Return the records of a list, in the order in which they came first."""
        self._work()
        return list(self._buckets[bucket].get(entity, {}).values())

    def job(self, job_id: str) -> Job | None:
        """Return a job."""
        self._work()
        return self._jobs.get(job_id)

    def put(self, bucket: str, entity: str, record: Any) -> list[str]:
        """Add or update one record, unless there are objections, which are returned."""
        self._work()
        found = self._objections(bucket, entity, [record])
        if not found:
            self._store(bucket, entity, [record])
        return found

    def take(self, bucket: str, entity: str, records: Sequence[Any]) -> Job:
        """Take a list; nothing of it is looked at yet."""
        self._work()
        job_id = self._next_id or str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self._next_id = None
        job = Job(job_id, bucket, entity, records, self._clock.monotonic() + self._delay_s)
        self._jobs[job_id] = job
        return job

    def _work(self) -> None:
        now = self._clock.monotonic()
        for job in self._jobs.values():
            if job.status != QUEUED or job.due > now:
                continue
            found = self._objections(job.bucket, job.entity, job.records)
            job.objection = "; ".join(found)
            job.status = FAILED if found else SUCCESSFUL
            if not found:
                self._store(job.bucket, job.entity, job.records)

    def _objections(self, bucket: str, entity: str, records: Sequence[Any]) -> list[str]:
        found = [
            f"record {number}: {text}"
            for number, record in enumerate(records)
            for text in objections(entity, record, strict=self._strict)
        ]
        return found or [*self._lines_used_twice(bucket, entity, records)]

    def _lines_used_twice(
        self, bucket: str, entity: str, records: Sequence[Mapping[str, Any]]
    ) -> list[str]:
        """Return which line ids two records share, those of earlier lists included."""
        owners: dict[str, tuple[Any, ...]] = {}
        for key, held in self._buckets[bucket].get(entity, {}).items():
            owners |= dict.fromkeys(line_ids(held), key)
        replaced = {_key(entity, record) for record in records}
        owners = {line: key for line, key in owners.items() if key not in replaced}
        found = []
        for record in records:
            key = _key(entity, record)
            seen: set[str] = set()
            for line in line_ids(record):
                if line in seen or owners.setdefault(line, key) != key:
                    found.append(f"line id {line} is used twice")
                seen.add(line)
        return found

    def _store(self, bucket: str, entity: str, records: Iterable[dict[str, Any]]) -> None:
        held = self._buckets[bucket].setdefault(entity, {})
        for record in records:
            held[_key(entity, record)] = record


def _key(entity: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(record.get(name) or "" for name in SHEETS[entity].key)
