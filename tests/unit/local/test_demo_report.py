from __future__ import annotations

from decimal import Decimal
from typing import Any

from local.client import Traced
from local.demo_report import document

PRICED = {
    "item": "ATTEMPT#01",
    "cost_status": "PRICED",
    "cost_usd": Decimal("0.0000001"),
    "baseline_usd": Decimal("0.00002"),
    "input_tokens": 4,
    "cache_read_tokens": 3,
    "output_tokens": 5,
}
UNPRICED = {"item": "ATTEMPT#02", "cost_status": "UNPRICED", "input_tokens": 4}


def traced(*attempts: dict[str, Any]) -> Traced:
    request = {
        "status": "SUCCEEDED",
        "cost_status": "PRICED",
        "overhead_usd": Decimal("0.0001"),
        "complexity": "SIMPLE",
        "confidence": Decimal("0.9"),
        "model": "m",
        "provider": "bedrock",
    }
    return Traced("r-1", request, attempts, "the answer")


def test_the_document_has_the_promised_shape_with_money_as_plain_decimals() -> None:
    result = document([{"input": "why?"}], [traced(PRICED)])

    assert result["requests"] == [
        {
            "request_id": "r-1",
            "input": "why?",
            "complexity": "SIMPLE",
            "confidence": 0.9,
            "model": "m",
            "provider": "bedrock",
            "status": "SUCCEEDED",
            "input_tokens": 7,
            "output_tokens": 5,
            "cost_usd": "0.0000001",
            "overhead_usd": "0.0001",
            "baseline_usd": "0.00002",
        }
    ]
    assert result["totals"]["spend_usd"] == "0.0001001"
    assert result["totals"]["net_savings_usd"] == "-0.0000801"


def test_a_request_with_one_unpriced_attempt_has_no_cost_rather_than_part_of_it() -> None:
    result = document([{"input": "why?"}], [traced(PRICED, UNPRICED)])

    assert result["requests"][0]["cost_usd"] is None
    assert result["totals"]["unpriced_attempts"] == 1


def test_a_request_that_was_never_accepted_shows_nothing_it_does_not_know() -> None:
    result = document(
        [{"messages": [{"role": "user", "content": "x"}]}], [Traced("r", {}, [], None)]
    )

    [entry] = result["requests"]
    assert entry["input"] == "x"
    assert {name for name, value in entry.items() if value is not None} == {"request_id", "input"}
    assert result["totals"]["unsettled"] == 1
