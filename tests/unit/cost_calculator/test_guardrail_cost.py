"""What a guardrail is billed for is a part of what the attempt costs, also where it stopped it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from cost_calculator.overhead import guardrail_usd
from cost_calculator.settlement import settle
from tests.support.cost_rows import PRICED_AT, RATES, attempt

UNITS = {"contentPolicyUnits": 3, "topicPolicyUnits": 3, "wordPolicyUnits": 3}


def test_each_policy_is_billed_by_its_text_units_and_word_filters_are_free() -> None:
    usd = guardrail_usd(json.dumps(UNITS), RATES.aws)

    content, topic = (RATES.aws[f"guardrail_{name}_unit"] for name in ("content", "topic"))
    assert usd == 3 * content + 3 * topic > 0


@pytest.mark.parametrize("outcome", ["OK", "BLOCKED"])
def test_an_attempt_costs_its_guardrail_whether_it_was_stopped_or_not(outcome: str) -> None:
    plain = settle(attempt(outcome=outcome), RATES, PRICED_AT)
    seen = settle(attempt(outcome=outcome, guardrail_units=json.dumps(UNITS)), RATES, PRICED_AT)

    assert seen["cost_usd"] == plain["cost_usd"]
    rest = (
        seen["overhead_usd"] - plain["overhead_usd"] - guardrail_usd(json.dumps(UNITS), RATES.aws)
    )
    assert Decimal(0) <= rest < Decimal("0.00001")  # the row is longer


def test_a_budget_is_charged_the_guardrail_too() -> None:
    budgets = {"budgets": "acme#2026-11-21"}
    plain = settle(attempt(**budgets), RATES, PRICED_AT)
    seen = settle(attempt(**budgets, guardrail_units=json.dumps(UNITS)), RATES, PRICED_AT)

    assert seen["charge_usd"] - plain["charge_usd"] >= guardrail_usd(json.dumps(UNITS), RATES.aws)
