"""What a caller is shown of a request: its rows without keys, queues and hashes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cost_calculator.contributions import ANSWERED
from cost_calculator.pricing import plain
from cost_calculator.row_keys import request_id_of
from cost_calculator.settlement import UnreadableRow
from router.conversation.said import Said

Row = Mapping[str, Any]
Settle = Callable[[Row], Row]

TERMINAL = ANSWERED | {"REFUSED", "FILTERED", "BLOCKED", "FAILED"}

_OF_REQUEST = (
    "request_id", "status", "cause", "complexity", "tier", "reasons", "model", "provider",
    "fallback_cause", "accepted_at", "ended_at", "metadata", "feedback",
)  # fmt: skip
_OF_ATTEMPT = (
    "provider", "model", "purpose", "outcome", "cause", "started_at", "ended_at", "cost_status",
)  # fmt: skip


def view(rows: Mapping[str, Row], said: Said | None, settle: Settle) -> dict[str, Any]:
    """Return a request as JSON has it: state, answer, model, reasons, cost.

    Money is text, in US dollars. Unknown values are absent: ``cost_usd`` is present only if every
    call has a price; otherwise ``cost_status`` has the reason.
    """
    request = rows["REQUEST"]
    attempts = settled_attempts(rows, settle)
    shown = {name: request[name] for name in _OF_REQUEST if name in request}
    shown["request_id"] = request_id_of(request["request_id"])
    if "confidence" in request:
        shown["confidence"] = float(request["confidence"])
    if "feedback_note" in rows.get("CONTENT", {}):
        shown["feedback_note"] = rows["CONTENT"]["feedback_note"]
    if said is not None:
        shown |= {"output": said.text, **said.beside_text}
    shown["attempts"] = [_attempt(row) for row in attempts]
    if request["status"] not in TERMINAL:
        return shown | {"cost_status": "PENDING"}
    return shown | _costs(_settled(request, settle), attempts)


def settled_attempts(rows: Mapping[str, Row], settle: Settle) -> list[Row]:
    """Return the attempts in order, each with its price: the row's own, or the same one sooner."""
    return [
        _settled(row, settle)
        for item, row in sorted(rows.items())
        if item.startswith("ATTEMPT#") and "outcome" in row
    ]


def _settled(row: Row, settle: Settle) -> Row:
    if row.get("cost_status") != "PENDING":
        return row
    try:
        return settle(row)
    except UnreadableRow:
        return row


def _attempt(row: Row) -> dict[str, Any]:
    shown = {name: row[name] for name in _OF_ATTEMPT if name in row}
    counts = {name: int(row[name]) for name in ("retries", "latency_ms") if name in row}
    tokens = {name: int(row[name]) for name in row if name.endswith("_tokens")}
    money = {name: plain(row[name]) for name in ("cost_usd", "upper_estimate_usd") if name in row}
    tokens.pop("max_tokens", None)
    return {**shown, **counts, **tokens, **money}


def _costs(request: Row, attempts: Sequence[Row]) -> dict[str, Any]:
    states = [str(row.get("cost_status", "PENDING")) for row in attempts]
    unknown = next((state for state in states if state != "PRICED"), None)
    known: dict[str, Any] = {"cost_status": unknown or "PRICED"}
    if unknown is None:
        known["cost_usd"] = plain(_sum(attempts, "cost_usd"))
        if all("baseline_usd" in row for row in attempts):
            known["baseline_usd"] = plain(_sum(attempts, "baseline_usd"))
    if "overhead_usd" in request:
        known["overhead_usd"] = plain(request["overhead_usd"] + _sum(attempts, "overhead_usd"))
    return known


def _sum(rows: Sequence[Row], name: str) -> Decimal:
    return sum((row.get(name, Decimal(0)) for row in rows), Decimal(0))
