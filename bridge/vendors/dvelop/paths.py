"""Addresses of the vendor's master data API, and what a call means by entity and bucket."""

from __future__ import annotations

from bridge.model.exchange import LocalCall
from bridge.model.faults import VendorNotConfigured
from bridge.vendors.dvelop.entities import ENTITIES
from bridge.vendors.dvelop.fields import Entity
from bridge.vendors.engine.faults import (
    CallInvalid,
    RecordUnknown,
    SwitchedOff,
)
from bridge.vendors.engine.spec import Session
from bridge.vendors.engine.wire import segment

_BASE = "/smartinvoice/api/v1"
_NO_SEGMENTS = frozenset({"", ".", ".."})


def single_path(bucket: str, entity: str) -> str:
    """Return where one record is put."""
    return f"{_BASE}/buckets/{segment(bucket)}/{entity}"


def batch_path(bucket: str, entity: str) -> str:
    """Return where a list is posted."""
    return f"{single_path(bucket, entity)}/batch"


def job_path(job: str) -> str:
    """Return where an import job is read; it is in no bucket. Raises ``RecordUnknown``."""
    if job in _NO_SEGMENTS:
        raise RecordUnknown("this is no job id")
    return f"{_BASE}/masterdata/import_jobs/{segment(job)}"


def entity_of(call: LocalCall, session: Session) -> Entity:
    """Return the entity that a call is about. Raises ``RecordUnknown``, ``SwitchedOff``."""
    entity = ENTITIES.get(call.path["entity"])
    if entity is None:
        raise RecordUnknown(f"there are: {', '.join(ENTITIES)}")
    if entity.name == "goods_receipts" and session.settings.goods_receipts == "off":
        raise SwitchedOff('goods_receipts = "off"')
    return entity


def bucket_of(call: LocalCall, session: Session) -> str:
    """Return the bucket that a call is about: its own, else the configured one. Raises
    ``VendorNotConfigured``, ``CallInvalid``."""
    bucket = call.parameter("bucket")
    if bucket is None:
        bucket = session.settings.bucket
    if bucket is None:
        raise VendorNotConfigured(
            "no bucket: set options.bucket (administration, Buckets, column ID) or give ?bucket="
        )
    if bucket in _NO_SEGMENTS or not bucket.isprintable():
        raise CallInvalid.at("/bucket", "this is no bucket id")
    return bucket
