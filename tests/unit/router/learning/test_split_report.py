from __future__ import annotations

from typing import Any

from cost_calculator.settlement import settle
from router.learning.seen import Seen
from router.learning.split_report import as_json, in_words, splits
from tests.support.cost_rows import PRICED_AT, RATES, SONNET, attempt, request


def seen(arm: str, number: int, model: str | None = None, **changes: Any) -> Seen:
    key = f"{arm}-{number}"
    fields = {"arm": arm, "strategy": f"by {arm}", "arm_key": f"s-{key}", "route": "SIMPLE"}
    call = attempt(key, **({"model": model} if model else {}))
    return Seen(
        settle(request(key, **fields | changes), RATES, PRICED_AT),
        [settle(call, RATES, PRICED_AT)],
    )


def test_arms_are_compared_with_intervals() -> None:
    rows = [seen("A", n, feedback=("bad", "good")[n % 2]) for n in range(40)]
    rows += [seen("B", n, SONNET, feedback="good") for n in range(40)]

    [found] = splits(rows)

    one, other = found.arms
    assert (one.requests, one.good, other.good, other.judged) == (40, 20, 40, 40)
    assert found.cost is not None
    assert found.cost.low is not None
    assert found.cost.low > 0
    assert found.quality is not None
    assert found.quality.low is not None
    assert found.quality.low > 0.3
    text = "\n".join(in_words(found))
    assert "cost: higher in B; ratings: higher in B" in text
    assert "of 40 rated answers" in text


def test_where_nothing_differs_no_difference_is_claimed() -> None:
    rows = [seen(arm, n, feedback=("bad", "good")[n % 2]) for arm in "AB" for n in range(20)]

    [found] = splits(rows)

    assert "no difference is shown" in in_words(found)[-1]


def test_costs_that_are_not_known_are_left_out_and_counted() -> None:
    unknown = seen("A", 1)
    unknown.attempts[0].pop("cost_usd")
    unknown.attempts[0]["cost_status"] = "UNKNOWN"

    [found] = splits([unknown, seen("A", 2)])

    [arm] = found.arms
    assert (arm.requests, arm.unknown, len(arm.costs)) == (2, 1, 1)
    assert "(not in it: 1 of unknown cost)" in "\n".join(in_words(found))


def test_sessions_are_drawn_whole() -> None:
    rows = [seen("A", n, arm_key="one") for n in range(12)]

    [found] = splits(rows)

    assert as_json(found)["arms"][0]["sessions"] == 1
    assert as_json(found)["arms"][0]["cost_usd"]["low"] is None


def test_a_strategy_of_before_a_change_is_shown_and_not_mixed_in() -> None:
    rows = [seen("A", n) for n in range(3)] + [seen("B", 1), seen("B", 2, strategy="changed")]

    found = splits(rows)

    assert [[arm.strategy for arm in split.arms] for split in found] == [
        ["by A", "by B"],
        ["by A", "changed"],
    ]
