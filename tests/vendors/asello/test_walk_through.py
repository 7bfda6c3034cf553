"""What docs/vendors/asello.md tells people to type works, from the first line to the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.vectors import ROOT
from tests.vendors.asello.whole import TOKEN, whole
from tests.vendors.walk import test_walk_throughs as walk

PAGE = ROOT / "docs" / "vendors" / "asello.md"


@walk.tools_needed
@pytest.mark.covers("A-1", "A-17", "A-58", "A-59")
async def test_the_walk_through_works_and_prints_what_it_promises(tmp_path: Path) -> None:
    assert walk.TOKEN == TOKEN
    async with whole(tmp_path) as place:
        await walk.walked(
            PAGE.read_text(encoding="utf-8"),
            walk.Place(place.url, place.cloud.http_url, place.folder),
        )
        await place.printer.settled()
        papers = place.printer.papers
    assert papers
