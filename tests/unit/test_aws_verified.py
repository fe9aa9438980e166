"""docs/aws-verified.md: its table is that of the checks, and every test that it names exists."""

from __future__ import annotations

import re

import pytest

from tests.support.named_tests import exists
from tools.verify_aws.claims import CLAIMS
from tools.verify_aws.document import DOCUMENT, last_checked, with_table

TEXT = DOCUMENT.read_text(encoding="utf-8")
NAMED = re.findall(r"`((?:tests|terraform/tests)/[\w./]+::\w+)`", TEXT)


def test_the_table_has_a_row_for_each_check() -> None:
    assert with_table(TEXT, {}) == TEXT
    assert list(last_checked(TEXT)) == [claim.name for claim in CLAIMS]


def test_what_is_checked_gets_its_date_and_the_others_keep_theirs() -> None:
    once = with_table(TEXT, {"budget": "2026-12-01, eu-west-1: holds"})
    twice = with_table(once, {"alarms": "2026-12-02, eu-west-1: FAILED"})

    checked = last_checked(twice)
    assert checked["budget"] == "2026-12-01, eu-west-1: holds"
    assert checked["alarms"] == "2026-12-02, eu-west-1: FAILED"
    assert checked["fallback"] == last_checked(TEXT)["fallback"]


def test_tests_are_named() -> None:
    assert len(NAMED) > 20


@pytest.mark.parametrize("test", NAMED)
def test_a_test_that_is_named_exists(test: str) -> None:
    assert exists(test)
