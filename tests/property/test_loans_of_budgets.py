"""What the root of a budget lends: parts that add up to it, of as many digits as prices have."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.budget_names import BUDGET_SHARDS
from router.guards.budget_shards import Holding
from router.guards.budgets import Budget

CENTS = st.decimals("0.01", 100_000, places=2)
NEEDS = st.decimals("0.00000001", "0.00001", places=8)
MOST_LOANS = 40


def lent_again_and_again(limit: Decimal, need: Decimal) -> list[Holding]:
    """Return the budget after each loan; before the next one every shard spends its part."""
    budget = Budget("acme", "2026-11-21", limit, limit, None)
    root: dict[str, Decimal] = {}
    shards: dict[str, dict[str, Decimal]] = {}
    after = []
    for _ in range(MOST_LOANS):
        loan = Holding(budget, {budget.key: dict(root), **shards}, need, need).loan()
        if loan is None:
            break
        for name in ("committed_usd", "lent_usd"):
            root[name] = root.get(name, Decimal(0)) + loan.values[":lent"]
        lent = Holding(budget, {budget.key: dict(root)}, need, need)
        shards = {lent.key_of(n): {"committed_usd": lent.part} for n in range(BUDGET_SHARDS)}
        after.append(lent)
    return after


@given(limit=CENTS, need=NEEDS)
def test_the_parts_of_any_number_of_loans_are_whole_steps_that_add_up_to_what_was_lent(
    limit: Decimal, need: Decimal
) -> None:
    for one in lent_again_and_again(limit, need):
        assert one.part * BUDGET_SHARDS == one.root["lent_usd"] <= limit
        assert one.part == round(one.part, 8), "a price has eight decimals, and so has a part"
        assert one.room >= 0


def test_a_budget_lends_until_less_is_left_than_one_request_for_each_shard_needs() -> None:
    need = Decimal("0.001")

    after = lent_again_and_again(Decimal(10), need)

    assert after
    assert after[-1].room < need * BUDGET_SHARDS
