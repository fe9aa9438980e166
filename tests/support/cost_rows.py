"""Rows as the workflow writes them, and what pricing them by hand must give."""

from __future__ import annotations

import json
from typing import Any

from cost_calculator.aws.items import to_item
from cost_calculator.book import default_book
from cost_calculator.cells import Cell
from cost_calculator.contributions import add, contribution
from cost_calculator.overhead import aws_prices
from cost_calculator.rates import Rates
from cost_calculator.rows import shard_of
from cost_calculator.settlement import settle

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"

PRICED_AT = "2026-11-21T10:00:09.000Z"
RATES = Rates(default_book(), aws_prices(), "us-east-1")


def attempt(request_id: str = "r-1", number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a PENDING ATTEMPT row; a value of None leaves the attribute out."""
    usage = {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}
    row = {
        "request_id": request_id,
        "item": f"ATTEMPT#{number:02d}",
        "schema": 1,
        "tenant": "default",
        "tier": "SIMPLE",
        "purpose": "answer",
        "mode": "standard",
        "cost_status": "PENDING",
        "queue": f"PENDING#{shard_of(request_id)}",
        "queued_at": "2026-11-21T10:00:02.000Z",
        "provider": "bedrock",
        "model": HAIKU,
        "outcome": "OK",
        "retries": 0,
        "served": True,
        "started_at": "2026-11-21T10:00:00.000Z",
        "ended_at": "2026-11-21T10:00:01.000Z",
        "latency_ms": 812,
        "lambda_ms": 830,
        "lambda_mb": 256,
        "max_tokens": 2048,
        "input_bytes": 40,
        "baseline_provider": "bedrock",
        "baseline_model": SONNET,
        "usage": json.dumps(usage),
    } | changes
    return {name: value for name, value in row.items() if value is not None}


def request(request_id: str = "r-1", **changes: Any) -> dict[str, Any]:
    """Return a terminal REQUEST row with its cost PENDING."""
    row = {
        "request_id": request_id,
        "item": "REQUEST",
        "schema": 1,
        "tenant": "default",
        "status": "SUCCEEDED",
        "tier": "SIMPLE",
        "provider": "bedrock",
        "model": HAIKU,
        "workflow_type": "STANDARD",
        "accepted_at": "2026-11-21T10:00:00.000Z",
        "ended_at": "2026-11-21T10:00:02.000Z",
        "analyze_ms": 20,
        "analyze_mb": 512,
        "attempts": 1,
        "transitions": 4,
        "cost_status": "PENDING",
        "queue": f"PENDING#{shard_of(request_id)}",
        "queued_at": "2026-11-21T10:00:02.000Z",
    } | changes
    return {name: value for name, value in row.items() if value is not None}


def record(row: dict[str, Any], sequence_number: int = 1) -> dict[str, Any]:
    """Return the stream record that delivers the row."""
    return record_of(to_item(row), sequence_number)


def record_of(image: dict[str, Any], sequence_number: int = 1) -> dict[str, Any]:
    """Return the stream record of a row that is in DynamoDB's notation already."""
    keys = {name: image[name] for name in ("request_id", "item")}
    number = f"{sequence_number:021d}"
    return {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": number},
    }


def sums_by_hand(rows: list[dict[str, Any]]) -> dict[Cell, dict[str, Any]]:
    """Price each distinct row once, one at a time, and add up its cell."""
    cells: dict[Cell, dict[str, Any]] = {}
    for row in {(row["request_id"], row["item"]): row for row in rows}.values():
        priced = settle(row, RATES, PRICED_AT)
        cell = Cell.of(priced)
        cells[cell] = add([cells.get(cell, {}), contribution(priced)])
    return cells
