"""The vendor as the engine sees it."""

from __future__ import annotations

from bridge.model.exchange import Parameter
from bridge.model.roles import Role
from bridge.vendors.dvelop import drafts, jobs, standing
from bridge.vendors.dvelop.schema import any_list, any_record
from bridge.vendors.dvelop.settings import AUTH, KEY, DvelopSettings
from bridge.vendors.engine.spec import Kind, Limit, Offline, Operation, Vendor
from drivers.contract.fault import Text

MAX_LIST = 10_000_000
"""Bytes of the largest list: one list is one batch, whose records the vendor takes together."""

SINGLES = Limit(per_minute=20, burst=5)
"""Single records a minute. The vendor gives no number, only "a rate limit": this is below one a
second, so that a click is never refused over there."""

_BUCKET = Parameter("bucket", "master data bucket; default: the configured one")
_USER_ACTION = Parameter(
    "X-User-Action", "1: a person has just asked for this", {"const": "1"}, required=True
)

_OPERATIONS = (
    Operation(
        name="entities",
        title=Text("Felder der Stammdaten zeigen", "Show the fields of master data"),
        kind=Kind.LOCAL,
        method="GET",
        path="/entities",
        summary="List all entities with the JSON schema of their records",
        local=standing.answer_entities,
    ),
    Operation(
        name="status",
        title=Text("Stand der Stammdatenlisten zeigen", "Show how the lists of master data stand"),
        kind=Kind.LOCAL,
        method="GET",
        path="/status",
        summary="Tell how each list stands: last job, status, records, age",
        local=standing.answer_standings,
    ),
    Operation(
        name="job",
        title=Text("Importauftrag abfragen", "Ask for an import job"),
        kind=Kind.READ,
        method="GET",
        path="/jobs/{id}",
        summary="Ask the vendor for an import job: queued, successful, failed or unknown",
        build=jobs.build_job_read,
        accept=jobs.accept_job_read,
    ),
    Operation(
        name="single",
        title=Text("Einen Datensatz senden", "Send one record"),
        kind=Kind.UPSERT,
        method="PUT",
        path="/{entity}",
        role=Role.BACKOFFICE,
        summary="Add or update one record upon a user's action",
        text="The body is the record itself, without list or wrapper. Allowed for a person's "
        "click only (X-User-Action: 1). What cannot be sent at once goes later with others in "
        "one batch.",
        build=drafts.build_single,
        accept=jobs.accept_single,
        after=standing.remember,
        merge=drafts.merge_singles,
        offline=Offline.QUEUE,
        limit=SINGLES,
        body=any_record(),
        query=(_BUCKET,),
        headers=(_USER_ACTION,),
    ),
    Operation(
        name=drafts.BATCH,
        title=Text("Stammdatenliste senden", "Send a list of master data"),
        kind=Kind.UPSERT,
        method="POST",
        path="/{entity}/batch",
        role=Role.BACKOFFICE,
        summary="Send a list of records: the regular synchronisation",
        text="The body is a list, or the vendor's own form with the entity's name as only key. "
        "The answer is a run that ends with the vendor's import job. Of lists of one entity that "
        "wait to be sent only the newest is sent.",
        build=drafts.build_batch,
        accept=jobs.accept_batch,
        poll=jobs.WATCH,
        after=standing.remember,
        offline=Offline.QUEUE,
        body=any_list(),
        query=(_BUCKET,),
        max_body=MAX_LIST,
    ),
    Operation(
        name="import",
        title=Text("Liste aus CSV-Datei senden", "Send a list from a CSV file"),
        kind=Kind.UPSERT,
        method="POST",
        path="/{entity}/import",
        role=Role.BACKOFFICE,
        summary="Send a list of records from a CSV file",
        text="The first line names the fields; separated by ; or ,; UTF-8; decimal point. An "
        "empty cell leaves the field out. Nothing is sent unless all rows are valid; errors name "
        "the file's line and the field. JSON is taken as well.",
        build=drafts.build_import,
        accept=jobs.accept_batch,
        poll=jobs.WATCH,
        after=standing.remember,
        offline=Offline.QUEUE,
        body={"type": "string"},
        media="text/csv",
        query=(_BUCKET,),
        max_body=MAX_LIST,
    ),
)

VENDOR = Vendor(
    name="dvelop",
    title="d.velop smart invoice",
    operations=_OPERATIONS,
    auth=AUTH,
    settings=DvelopSettings,
    secrets=(KEY,),
    check=standing.check,
    facts=standing.standings,
    redact=("AuthSessionId",),
)
