"""Prices the rows that a DynamoDB stream delivers: any number of times, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cost_calculator.aws.items import from_item
from cost_calculator.ledger import Change, Ledger
from cost_calculator.pricing import CostStatus
from cost_calculator.rates import Rates
from cost_calculator.settlement import Row, UnreadableRow, settle


@dataclass(slots=True)
class StreamReport:
    """What became of a batch; ``failed`` maps the sequence numbers to deliver again to why."""

    priced: list[Row] = field(default_factory=list)
    duplicates: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def price_records(
    records: Iterable[Mapping[str, Any]], store: Ledger, rates: Rates, priced_at: str
) -> StreamReport:
    """Price every PENDING row among ``records`` (DynamoDB stream records with NEW_IMAGE)."""
    report = StreamReport()
    sequence_numbers: dict[tuple[str, str], list[str]] = {}
    changes: list[Change] = []
    for record in records:
        image = record["dynamodb"]
        try:
            row = from_item(image.get("NewImage", {}))
            if row.get("cost_status") != CostStatus.PENDING:
                continue
            change = Change(row, settle(row, rates, priced_at))
        except Exception as error:  # one row, whatever is wrong with it, must not stop the others
            report.failed[image["SequenceNumber"]] = _explain(error)
            continue
        changes.append(change)
        sequence_numbers.setdefault(change.key, []).append(image["SequenceNumber"])
    outcome = store.commit(changes)
    report.priced = [change.after for change in outcome.written]
    report.duplicates = len(changes) - len(outcome.written) - len(outcome.failed)
    for key, reason in outcome.failed.items():
        report.failed |= dict.fromkeys(sequence_numbers[key], reason)
    return report


def _explain(error: Exception) -> str:
    return str(error) if isinstance(error, UnreadableRow) else f"{type(error).__name__}: {error}"
