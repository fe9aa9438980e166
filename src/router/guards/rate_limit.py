"""Rate limits: how many requests and tokens a tenant may send a minute. Pure.

A token bucket that holds one minute's worth, kept as one time per resource, as GCRA does: the
*theoretical arrival time*, when the bucket is full again. Taking moves it on. Both forms of the
move are safe whatever was read before: a time ahead is added to, one in the past is replaced, and
each form is conditional on its case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from router.catalog.tokens import estimated_tokens
from router.guards.conditional_update import ConditionalUpdate, Item

RESOURCES = ("requests", "tokens")
_MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Rate:
    """What a tenant may send a minute, ``None`` if there is no limit."""

    requests: int | None = None
    tokens: int | None = None

    def limits(self) -> dict[str, int]:
        """Return the limits there are, by resource."""
        given = {name: getattr(self, name) for name in RESOURCES}
        return {name: limit for name, limit in given.items() if limit is not None}


def parse_rate(data: Mapping[str, Any]) -> Rate:
    """Read ``{"requests", "tokens"}`` a minute; raise ValueError that names the field."""
    for name, value in data.items():
        if name not in RESOURCES:
            raise ValueError(f"unknown `{name}`; known are {', '.join(RESOURCES)}")
        if value is not None and (not isinstance(value, int | float) or value < 1 or value % 1):
            raise ValueError(f"{name} a minute must be a whole number of at least 1")
    return Rate(**{name: int(value) for name, value in data.items() if value is not None})


def rate_key(tenant: str) -> str:
    """Return the key of a tenant's buckets in ``control``."""
    return f"rate#{tenant}"


def demand_of(input_bytes: int, max_tokens: int) -> dict[str, int]:
    """Return what a request takes: itself, and its tokens by an estimate as providers make it.

    A token of text is about four bytes; of the answer all that it may have counts.
    """
    return {"requests": 1, "tokens": estimated_tokens(input_bytes) + max_tokens}


def too_large(rate: Rate, demand: Mapping[str, int]) -> str | None:
    """Return why a request will never fit into a full bucket, or ``None``."""
    for name, limit in rate.limits().items():
        if demand[name] > limit:
            return (
                f"the request takes up to {demand[name]} {name}, and the tenant may send {limit} a"
                " minute: lower `max_tokens`, or shorten the text"
            )
    return None


def take(
    tenant: str, rate: Rate, demand: Mapping[str, int], item: Item, at: datetime
) -> ConditionalUpdate:
    """Return the update that takes ``demand`` if the buckets hold it; ``item`` is a hint."""
    now = _microseconds(at)
    sets, adds, conditions = [], [], []
    values: dict[str, int] = {":now": now}
    for name, limit in rate.limits().items():
        full_at, step = f"{name}_full_at", _step(demand[name], limit)
        if step > _MINUTE:
            # Refused by its condition, so that a request that exists already is still found.
            conditions.append("attribute_exists(a_bucket_so_large)")
        if int(item.get(full_at, 0)) > now:
            adds.append(f"{full_at} :{name}_step")
            conditions.append(f"{full_at} > :now AND {full_at} <= :{name}_latest")
            values |= {f":{name}_step": step, f":{name}_latest": now + _MINUTE - step}
        else:
            sets.append(f"{full_at} = :{name}_next")
            conditions.append(f"(attribute_not_exists({full_at}) OR {full_at} <= :now)")
            values[f":{name}_next"] = now + step
    update = " ".join(
        f"{verb} {', '.join(terms)}" for verb, terms in (("SET", sets), ("ADD", adds)) if terms
    )
    return ConditionalUpdate(rate_key(tenant), update, " AND ".join(conditions), values)


def retry_after(rate: Rate, demand: Mapping[str, int], item: Item, at: datetime) -> int:
    """Return in how many seconds the buckets hold ``demand``; 0 is now."""
    now = _microseconds(at)
    waits = [
        max(now, int(item.get(f"{name}_full_at", 0))) + _step(demand[name], limit) - _MINUTE - now
        for name, limit in rate.limits().items()
    ]
    return max(0, -(-max(waits) // 1_000_000))


def _step(amount: int, limit: int) -> int:
    return -(-amount * _MINUTE // limit)


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
