"""What a batch answers: a record for each prompt, and sums in which nothing unknown is 0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from cost_calculator.pricing import plain
from router.ingress.batch.chunk_runner import Ended, Item
from router.recording.answer_row import stored_answer

_SUMS = ("cost_usd", "baseline_usd", "overhead_usd")
_FROM_REQUEST = ("complexity", "model", "provider", "cause", "output_s3")
# If attempts differ, a record's `cost_status` is the first of these: those that may change lead.
_OPEN = ("PENDING", "UNPRICED", "UNKNOWN", "INVALID_USAGE")


def record_of(
    item: Item, ended: Ended | None, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the result of one prompt.

    Money is a decimal string of US dollars. ``cost_usd`` is what its models cost, ``None`` while a
    part of that is not known; ``cost_status`` then has the reason.
    """
    known = {} if item.id is None else {"id": item.id}
    record: dict[str, Any] = {"line": item.line, **known, "request_id": item.request_id}
    if ended:
        outcome_fields = {"status": ended.status, "cause": ended.cause, "detail": ended.detail}
        return record | {name: value for name, value in outcome_fields.items() if value is not None}
    request = rows["REQUEST"]
    record |= {"status": request["status"], "tier": request["route"]}
    record |= {name: request[name] for name in _FROM_REQUEST if name in request}
    if said := stored_answer(rows):
        record |= {"output": said.text, **said.beside_text}
    attempts = [row for name, row in rows.items() if name.startswith("ATTEMPT#")]
    return record | _money(request, attempts)


def settled(record: Mapping[str, Any]) -> bool:
    """Return whether nothing of a record can still change by itself."""
    return record.get("cost_status") != "PENDING"


def chunk_summary(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sums of a chunk's records; ``add_up`` adds them to those of others."""
    total: dict[str, Any] = {"prompts": 0, "statuses": Counter(), "tiers": {}}
    for record in records:
        total["prompts"] += 1
        total["statuses"][record["status"]] += 1
        tier = total["tiers"].setdefault(record.get("tier", "none"), Counter(prompts=0))
        tier["prompts"] += 1
        for name in _SUMS:
            if record.get(name) is not None:
                tier[name] += Decimal(record[name])
        if "cost_status" in record and record["cost_usd"] is None:
            tier["cost_" + record["cost_status"].lower()] += 1
    return total


def add_up(summaries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sums of several summaries."""
    total: dict[str, Any] = {"prompts": 0, "statuses": Counter(), "tiers": {}}
    for summary in summaries:
        total["prompts"] += summary["prompts"]
        total["statuses"].update(summary["statuses"])
        for name, sums in summary["tiers"].items():
            tier = total["tiers"].setdefault(name, Counter())
            tier.update({n: Decimal(value) for n, value in sums.items()})
    return total


def with_totals(total: Mapping[str, Any]) -> dict[str, Any]:
    """Return sums with those over all tiers beside them: what ``summary.json`` holds.

    ``cost_not_known`` is how many prompts ``cost_usd`` leaves out.
    """
    overall: Counter[str] = Counter()
    for tier in total["tiers"].values():
        overall.update(tier)
    unknown = sum(int(n) for name, n in overall.items() if name[5:].upper() in _OPEN)
    money = {name: overall.get(name, Decimal(0)) for name in _SUMS}
    return {**total, **money, "cost_not_known": unknown}


def to_json(summary: Mapping[str, Any]) -> str:
    """Return a summary as JSON: money as decimal strings, counts as numbers."""
    return json.dumps(_written(summary), ensure_ascii=False)


def _written(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _written(each, key) for key, each in value.items()}
    if name in _SUMS:
        return plain(value)
    return int(value) if isinstance(value, Decimal) else value


def _money(request: Mapping[str, Any], attempts: list[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [request, *attempts]
    statuses = {row.get("cost_status", "PENDING") for row in attempts}
    if request.get("cost_status", "PENDING") == "PENDING":
        statuses.add("PENDING")
    status = next((name for name in _OPEN if name in statuses), "PRICED")
    cost = None
    if status == "PRICED":
        cost = sum((row["cost_usd"] for row in attempts), Decimal(0))
    baseline = [row["baseline_usd"] for row in attempts if "baseline_usd" in row]
    overhead = [row["overhead_usd"] for row in rows if "overhead_usd" in row]
    money: dict[str, Any] = {
        "cost_usd": None if cost is None else plain(cost),
        "cost_status": status,
    }
    if status != "PENDING" and baseline:
        money["baseline_usd"] = plain(sum(baseline, Decimal(0)))
    if status != "PENDING" and overhead:
        money["overhead_usd"] = plain(sum(overhead, Decimal(0)))
    return money
