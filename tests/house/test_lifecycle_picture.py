"""The picture of a receipt's life in the docs is the table's own."""

from __future__ import annotations

from tests.support.lifecycle_picture import PAGE, update


def test_the_picture_of_a_receipts_life_in_the_docs_shows_the_present_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert update(text) == text, "run: python -m tests.support.lifecycle_picture"
