"""The vendor's answers, and the jobs that work off its lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.model.exchange import LocalCall
from bridge.vendors.dvelop.paths import job_path
from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.spec import Accepted, Draft, Look, Poll, Progress, Run, Session
from bridge.vendors.engine.wire import Answer, Request

QUEUED, SUCCESSFUL, FAILED = "queued", "successful", "failed"
"""What the vendor says of a job; it gives no reasons."""

UNKNOWN = "unknown"
"""What we say of a job whose status is none of them."""

LAST = "last/"
"""Beginning of the names under which the latest job of each list is remembered."""

_PROGRESS = {
    QUEUED: Progress.RUNNING,
    SUCCESSFUL: Progress.SUCCEEDED,
    FAILED: Progress.FAILED,
}


def accept_single(answer: Answer, run: Run) -> Accepted:
    """Understand the answer to one record: the HTTP status alone says that it was taken. Raises
    ``VendorBroken`` for what cannot come from the vendor."""
    if answer.content:
        _object(answer)
    return Accepted(values={"status": SUCCESSFUL, "entity": run.draft.facts["entity"]})


def accept_batch(answer: Answer, run: Run) -> Accepted:
    """Understand the answer to a list: always exactly one job. Raises ``VendorBroken``."""
    jobs = _object(answer).get("jobs")
    job = jobs[0] if isinstance(jobs, list) and len(jobs) == 1 else None
    job_id = job.get("job_id") if isinstance(job, dict) else None
    if not isinstance(job_id, str) or not job_id:
        raise VendorBroken(f"status {answer.status} without exactly one job")
    name, standing = standing_of(run, job_id, QUEUED)
    return replace(_of_job(run, job_id, QUEUED), remember={name: standing})


def standing_of(
    run: Run, job_id: str, status: str, ended: int | None = None
) -> tuple[str, dict[str, Any]]:
    """Return how a list stands by its latest job, and the name under which that is remembered.
    Times are UTC ms."""
    facts = run.draft.facts
    return f"{LAST}{facts['bucket']}/{facts['entity']}", {
        "bucket": facts["bucket"],
        "entity": facts["entity"],
        "run": run.id,
        "job_id": job_id,
        "status": status,
        "records": facts["records"],
        "sent": run.sent,
        "ended": ended,
    }


def build_job(job: str) -> Request:
    """Return the question about a job."""
    return Request(method="GET", target=job_path(job))


async def build_job_read(call: LocalCall, _session: Session) -> Draft:
    """Draft the question that a program asks about a job."""
    return Draft(request=build_job(call.path["id"]))


def accept_job_read(answer: Answer, _run: Run) -> Accepted:
    """Understand what the vendor says of a job."""
    found = _object(answer)
    status = found.get("status")
    known = isinstance(status, str) and status in _PROGRESS
    return Accepted(values={"job_id": found.get("job_id"), "status": status if known else UNKNOWN})


def _look(answer: Answer, run: Run) -> Look:
    found = _object(answer)
    job_id, status = found.get("job_id"), found.get("status")
    if job_id != run.result["job_id"] or not isinstance(status, str) or status not in _PROGRESS:
        raise VendorBroken(f"status {answer.status} that says nothing known of the job")
    progress = _PROGRESS[status]
    text = f"the import job {job_id} has failed; the vendor gives no reason"
    return Look(progress, _of_job(run, job_id, status), text if progress is Progress.FAILED else "")


WATCH = Poll(
    request=lambda run: build_job(str(run.result["job_id"])),
    read=_look,
    pauses=(5.0, 10.0, 20.0, 40.0, 60.0),
    give_up_s=3600.0,
)
"""How an import job is watched."""


def _of_job(run: Run, job_id: str, status: str) -> Accepted:
    facts = run.draft.facts
    return Accepted(
        values={
            "job_id": job_id,
            "status": status,
            "entity": facts["entity"],
            "records": facts["records"],
        }
    )


def _object(answer: Answer) -> dict[str, Any]:
    found = answer.json()
    if not isinstance(found, dict):
        raise VendorBroken(f"status {answer.status} with JSON that is no object")
    return found
