"""Without trouble: what the other tests compare with."""

from __future__ import annotations

import pytest

from tests.flow.evidence import check, check_privacy
from tests.flow.link import Link
from tests.flow.stage import Stage
from tests.flow.waiting import side_by_side

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def _sold(stage: Stage, link: Link) -> None:
    sales = await link.opened("smooth", 5)
    await link.serve(sales)
    await link.ended(sales)
    await check(stage.box, link, sales)


async def test_clouds_side_by_side_each_get_their_own_receipts_back(stage: Stage) -> None:
    await side_by_side((link.name, _sold(stage, link)) for link in stage.links)
    check_privacy(stage.links, [await link.frames() for link in stage.links])
