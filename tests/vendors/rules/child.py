"""A box that is killed: ``python -m tests.vendors.rules.child FOLDER VENDOR OPERATION URL``.

Makes the sample's call. Before the request is handed to the engine its method and path are printed,
and a line is waited for on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from bridge.model.exchange import LocalCall
from bridge.vendors.engine.spec import Draft, Operation, Session
from tests.vendors.harness import counter
from tests.vendors.rules.bench import Subject


def announcing(operation: Operation) -> Operation:
    """Return the operation with a ``build`` that tells what it drafted and waits for leave."""
    build = operation.build
    if build is None:
        return operation

    async def announced(call: LocalCall, session: Session) -> Draft:
        draft = await build(call, session)
        path = draft.request.target.partition("?")[0]
        kind = draft.kind or operation.kind
        said = {"method": draft.request.method, "path": path, "kind": str(kind)}
        print(json.dumps(said), flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        return draft

    return replace(operation, build=announced)


async def main(folder: str, name: str, operation: str, url: str) -> None:
    """Call and wait to be killed."""
    subject = Subject.named(name)
    vendor = replace(subject.vendor, operations=tuple(map(announcing, subject.vendor.operations)))
    sample = subject.sample(operation)
    async with counter(
        Path(folder),
        name,
        url,
        options=dict(subject.samples.OPTIONS),
        secrets=dict(subject.samples.SECRETS),
        find=lambda _: vendor,
    ) as box:
        await box.call(
            vendor.operation(operation).method,
            sample.path,
            body=sample.body,
            headers=sample.headers,
            query=sample.query,
            role=sample.role,
            media=sample.media,
            key="killed",
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
