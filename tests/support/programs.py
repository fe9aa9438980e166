"""Programs that only tests need: without one its tests are skipped, counted, and under SKIPS=fail
no success.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

_LACKS = "this machine lacks "


def required(title: str, *names: str) -> str:
    """Return the path of the first of these programs that is there; skip the test if none is."""
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    if found is None:
        pytest.skip(f"{_LACKS}{title}")
    return found


def lacking(stats: Mapping[str, Iterable[Any]]) -> Counter[str]:
    """Return how many tests were skipped for want of each program."""
    reasons = [str(report.longrepr[2]) for report in stats.get("skipped", ())]
    return Counter(reason.split(_LACKS, 1)[1] for reason in reasons if _LACKS in reason)


def skips_fail(outer: Mapping[str, str]) -> bool:
    """Whether a program that is missing is a failure, as in `.ci/run`."""
    return outer.get("SKIPS") == "fail"


def summary(counts: Counter[str], outer: Mapping[str, str]) -> list[str]:
    """Return a line for each missing program."""
    verdict = "a failure under SKIPS=fail" if skips_fail(outer) else "make doctor-local says more"
    return [
        f"{count} tests skipped: {_LACKS}{title} ({verdict})" for title, count in counts.items()
    ]
