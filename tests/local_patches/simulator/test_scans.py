"""The simulated models read what a scanned page shows, by its pixels, if it shows digits."""

from __future__ import annotations

import pytest

from local.simulator.scans import page, read
from router.workflows.documents.pdf import pages_alone, pages_of


@pytest.mark.parametrize("digits", ["7431", "0123456789", "8"])
def test_digits_are_read_from_the_pixels_of_a_page(digits: str) -> None:
    drawn = page(digits)

    assert read(drawn) == digits
    assert [(each.text, each.is_scan) for each in pages_of(drawn)] == [("", True)]


def test_a_page_alone_shows_what_it_showed() -> None:
    assert read(pages_alone(page("7431"), [1])[1]) == "7431"


@pytest.mark.parametrize("other", [b"", b"%PDF-1.4", page("7").replace(b"\0", b"\xff")])
def test_what_shows_no_digits_has_none(other: bytes) -> None:
    assert read(other) == ""
