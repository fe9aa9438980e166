"""A tenant's own figures, for a time and a grouping that a query names. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cost_calculator.reports import By, as_json, days_between, partitions, roll_up
from router.errors import InvalidRequest

_LONGEST_DAYS = 31  # each day is eight queries, and a caller waits for them
_GROUPS: Mapping[str, By] = {"model": "model", "tier": "tier", "day": "day"}

Cells = Callable[[Sequence[str], str], Iterable[Mapping[str, Any]]]


def spending(query: Mapping[str, str], tenant: str, cells: Cells, now: datetime) -> dict[str, Any]:
    """Return the report for ``since`` (``12h``, ``7d``, ``4w``; 7d) and ``by`` (model).

    ``cells`` gives a tenant's cells of the given partitions. Raise ``InvalidRequest`` for another
    query. Days are whole UTC days.
    """
    if unknown := set(query) - {"since", "by"}:
        raise InvalidRequest(f"the query knows since and by, not {len(unknown)} other name(s)")
    by = _GROUPS.get(query.get("by", "model"))
    if by is None:
        raise InvalidRequest("`by` must be model, tier or day")
    days = days_between(now - _age(query.get("since", "7d")), now)
    return as_json(roll_up(cells(partitions(days), tenant), by), days, by)


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", text)
    age = timedelta(hours=int(found[1]) * {"h": 1, "d": 24, "w": 168}[found[2]]) if found else None
    if age is None or age > timedelta(days=_LONGEST_DAYS):
        raise InvalidRequest("`since` must be a number and h, d or w, such as 7d; 31d at most")
    return age
