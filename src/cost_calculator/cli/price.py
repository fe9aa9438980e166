"""Prices usage from stdin, one JSON object a line, in order; a bad line does not stop the rest."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from cost_calculator.book import default_book
from cost_calculator.cli.options import add_json_argument
from cost_calculator.pricing import Cost, CostStatus, plain, price
from cost_calculator.usage import InvalidUsage, from_classes


class _BadLine(ValueError):
    """The line cannot be priced at all; the message explains what to write instead."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--region",
        default=argparse.SUPPRESS,
        help="AWS region, for Bedrock ids without a prefix such as us.",
    )
    add_json_argument(parser, "as without it: JSON lines")


def run(arguments: argparse.Namespace) -> int:
    default_book()  # a wrong PRICE_OVERRIDES is reported once, before any line is read
    for record in price_lines(sys.stdin.buffer, arguments.region or ""):
        print(json.dumps(record))
    return 0


def price_lines(lines: Iterable[bytes], region: str = "") -> Iterator[dict[str, Any]]:
    """Yield one record for each line that is not blank: a cost, or ``{"id", "line", "error"}``."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record: Any = None
        try:
            record = json.loads(line)
            yield _price_record(record, region)
        except (ValueError, RecursionError) as error:
            identity = record.get("id") if isinstance(record, dict) else None
            message = str(error) if isinstance(error, _BadLine) else f"not a JSON object: {error}"
            yield {"id": identity, "line": number, "error": message}


def _price_record(record: object, region: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise _BadLine('not an object: write {"id", "provider", "model", "usage", "at"}')
    if record.get("id") is None:
        raise _BadLine('"id" is missing')
    at = _instant(record.get("at"))
    try:
        cost = price(
            from_classes(record.get("usage")),
            _text(record, "provider"),
            _text(record, "model"),
            at,
            _text({"mode": "standard", **record}, "mode"),
            region=region,
        )
    except InvalidUsage as error:
        cost = Cost(CostStatus.INVALID_USAGE, reason=str(error))
    answer: dict[str, Any] = {
        "id": record["id"],
        "status": cost.status.value,
        "cost_usd": None if cost.usd is None else plain(cost.usd),
        "price_version": cost.price_version,
        "parts": {name: plain(amount) for name, amount in cost.parts.items()},
    }
    return answer | ({"reason": cost.reason} if cost.reason else {})


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise _BadLine(f'"{name}" must be a text that is not empty')
    return value


def _instant(value: object) -> datetime:
    """Read ISO 8601; without an offset it is UTC, as everywhere in the tables."""
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _BadLine('"at" must be a time such as 2026-11-21T10:00:00Z') from None
