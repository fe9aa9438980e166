"""Names of budgets as rows have them, and keys of the items that hold them. Pure.

A budget that many requests write at once has shards beside its own item, its root. The root says
how much of it is lent to them (``lent_usd``, a part of its ``committed_usd``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

BUDGET_SHARDS = 64
"""So many shards has a budget that is spread."""

_PREFIX = "budget#"
_SUMS = ("committed_usd", "reserved_usd")


def budget_key(name: str) -> str:
    """Return the key in ``control`` of a budget by its name, such as ``acme#2026-11-24``."""
    return f"{_PREFIX}{name}"


def shard_key(name: str, number: int) -> str:
    """Return the key in ``control`` of one of a budget's shards."""
    return f"{_PREFIX}{name}#{number:02d}"


def name_of(key: str) -> str | None:
    """Return the name of the budget that an item belongs to, ``None`` if it is of no budget."""
    if not key.startswith(_PREFIX):
        return None
    return "#".join(key.removeprefix(_PREFIX).split("#")[:2])


def budgets_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the budgets that a row counts against, such as ``acme#2026-11-24``."""
    return _names(row, "budgets")


def spread_budgets_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those of a request's budgets that had shards when it was accepted."""
    return _names(row, "spread_budgets")


def summed(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each budget as one item, by name: its root's attributes, the sums of all its items."""
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        name = name_of(item["key"])
        if name is None:
            continue
        whole = found.setdefault(name, {"key": budget_key(name)} | dict.fromkeys(_SUMS, Decimal(0)))
        for attribute in _SUMS:
            whole[attribute] += item.get(attribute, 0)
        # What is lent counts at the shards, once it is spent.
        whole["committed_usd"] -= item.get("lent_usd", 0)
        if item["key"] == budget_key(name):
            whole |= {n: v for n, v in item.items() if n not in (*_SUMS, "lent_usd")}
    return found


def _names(row: Mapping[str, Any], attribute: str) -> tuple[str, ...]:
    return tuple(filter(None, row.get(attribute, "").split(",")))
