"""Sends queued single orders as one order of another operation."""

from __future__ import annotations

import logging

from bridge.model.ids import new_id
from bridge.vendors.engine import rows
from bridge.vendors.engine.faults import VendorBroken
from bridge.vendors.engine.lanes import Item, Lanes
from bridge.vendors.engine.ledger import Ledger
from bridge.vendors.engine.office import Office
from bridge.vendors.engine.records import Record, run_of
from bridge.vendors.engine.spec import Draft, Offline, Operation, State
from bridge.vendors.engine.store import Overtaken
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)


class Merging:
    """Merges runs that stand next to each other in line, once the vendor is there again."""

    def __init__(self, office: Office, ledger: Ledger, lanes: Lanes) -> None:
        self._office = office
        self._ledger = ledger
        self._lanes = lanes

    async def merge(self, item: Item, operation: Operation) -> None:
        """Put one run in the place of a taken one and its neighbours, which then wait for it.

        Raises what the vendor's own look raises when it is not there yet.
        """
        if self._office.channel.probe is not None:
            await self._office.channel.probe()
        items = [item, *self._lanes.neighbours(item)]
        found = [await self._office.store.read(rows.with_draft, each.id) for each in items]
        loaded = [each for each in found if each is not None and each[0].state is State.QUEUED]
        carrier, draft = await self._drafted(operation, loaded)
        now = self._office.now()
        carried = [
            record.moved(State.WAITING, now, merged=carrier.id, tries=record.tries, fault=None)
            for record, _ in loaded
        ]
        try:
            await self._office.store.merge(carrier, draft, carried)
        except Overtaken:
            self._lanes.add(item, first=True)
            self._lanes.release(item)
            return
        for each in items[1:]:
            self._lanes.remove(each.order, each.id)
        for record in carried:
            self._ledger.note(record)
            self._ledger.signal(record.id)
        self._ledger.note(carrier)
        self._lanes.add(Item(carrier.id, carrier.operation, carrier.order), first=True)
        self._lanes.release(item)
        logger.info(
            "%s: %d runs go as one: %s %s",
            carrier.vendor,
            len(carried),
            carrier.operation,
            carrier.id,
        )

    async def _drafted(
        self, operation: Operation, loaded: list[tuple[Record, Draft]]
    ) -> tuple[Record, Draft]:
        assert operation.merge is not None
        runs = [run_of(record, draft) for record, draft in loaded]
        try:
            name, draft = await operation.merge(runs, self._office.session)
            target = self._office.vendor.operation(name)
        except Fault:
            raise
        except Exception as error:
            logger.exception("%s: merging runs of %s", self._office.name, operation.name)
            raise VendorBroken(f"merging: {type(error).__name__}") from error
        now = self._office.now()
        first = loaded[0][0]
        carrier = Record(
            id=new_id(now),
            vendor=first.vendor,
            operation=name,
            kind=draft.kind or target.kind,
            offline=draft.offline or Offline.QUEUE,
            state=State.QUEUED,
            created=now,
            changed=now,
            since=now,
            order=first.order,
            place=first.place,
            summary=draft.summary,
            warnings=draft.warnings,
        )
        return carrier, draft
