"""Every setting of the module is tried on a deployment (tests/local_cloud/test_lifecycle.py)."""

from __future__ import annotations

import re

from tests.local_cloud import settings
from tests.local_cloud.module_inputs import paths
from tests.local_cloud.settings.lines import WORKFLOWS


def pattern(path: str) -> re.Pattern[str]:
    """What a path of the table fits: `*` is one name or place."""
    return re.compile(re.escape(path).replace(r"\*", r"[^.]+"))


def test_every_setting_of_the_module_is_in_the_table_of_changes() -> None:
    tried = set(settings.settings())
    known = list(paths())

    untried = [path for path in known if not any(pattern(path).fullmatch(each) for each in tried)]

    assert len(known) > 150
    assert untried == [], "say in tests/local_cloud/settings.py what a plan then shows"


def test_the_table_has_no_setting_that_the_module_does_not_know() -> None:
    known = [pattern(path) for path in paths()]
    # A group that is taken away.
    groups = {"tenants.faq.cache", *(f"workflows.{name}" for name in WORKFLOWS)}

    unknown = [
        path
        for path in settings.settings()
        if path not in groups and not any(each.fullmatch(path) for each in known)
    ]

    assert unknown == []
