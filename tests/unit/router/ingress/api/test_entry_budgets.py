"""No run is started for a tenant that has nothing left, as far as an entry point can know."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from router.config.tenants import parse_rules
from router.errors import StoreUnavailable
from router.guards.budgets import Limits
from router.ingress.api.entry_budgets import EntryBudgets
from tests.support.factories import AT

DAY, MONTH = "2026-11-21", "2026-11"


@dataclass
class Control:
    """The table of budgets, with a clock; `down` makes it answer nothing."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: datetime = AT
    down: bool = False
    reads: int = 0

    def read(self, keys: Collection[str]) -> Mapping[str, dict[str, Any]]:
        self.reads += 1
        if self.down:
            raise StoreUnavailable("ThrottlingException")
        return {key: self.items[key] for key in keys if key in self.items}

    def spent(self, owner: str, usd: str, period: str = DAY, **more: Any) -> None:
        self.items[f"budget#{owner}#{period}"] = {"committed_usd": Decimal(usd), **more}


def entry(control: Control, everyone: Limits | None = None, **budget: Any) -> EntryBudgets:
    rules = {"acme": {"budget": budget}} if budget else {}
    return EntryBudgets(parse_rules(rules), everyone, control.read, lambda: control.at)


def test_what_is_left_lets_a_request_in_however_little_it_is() -> None:
    control = Control()
    control.spent("acme", "0.999999")

    assert entry(control, day_usd=1).refusal("acme") is None
    assert entry(control, day_usd=1).refusal("nobody") is None


@pytest.mark.parametrize("period", [DAY, MONTH])
def test_a_budget_that_is_used_up_refuses_and_says_when_it_resets(period: str) -> None:
    control = Control()
    control.spent("acme", "1.00", period, reserved_usd=Decimal("0.25"))
    limit = "day_usd" if period == DAY else "month_usd"

    refusal = entry(control, **{limit: 1}).refusal("acme")

    assert "$1.00 of tenant acme" in str(refusal)
    assert "$0.25 of it reserved" in str(refusal)
    assert "wait until 2026-1" in str(refusal)


def test_a_tenant_without_any_money_needs_no_item() -> None:
    assert entry(Control(), day_usd=0).refusal("acme") is not None


def test_the_budget_of_all_refuses_every_tenant_and_names_no_amount() -> None:
    control = Control()
    control.spent("*", "200")

    refusal = entry(control, Limits(day_usd=Decimal(200))).refusal("acme")

    assert "$" not in str(refusal)
    assert refusal is not None
    assert refusal.owner == "*"


def test_a_limit_that_was_set_at_run_time_holds_in_both_directions() -> None:
    control = Control()
    control.spent("acme", "1.00")
    control.items["limits"] = {"tenant#acme": {"day_usd": Decimal(50)}}
    assert entry(control, day_usd=1).refusal("acme") is None

    control.items["limits"] = {"tenant#acme": {"day_usd": Decimal("0.5")}}
    assert entry(control).refusal("acme") is not None


def test_of_a_spread_budget_all_shards_are_counted() -> None:
    control = Control()
    # The root has lent 64 cents, and 64 shards have spent a cent each of what they have.
    control.spent("acme", "1.00", lent_usd=Decimal("0.64"))
    shards = {f"budget#acme#{DAY}#{n:02d}": {"committed_usd": Decimal("0.01")} for n in range(64)}
    assert entry(control, day_usd=1).refusal("acme") is None

    control.items |= shards
    assert entry(control, day_usd=1).refusal("acme") is not None


def test_what_was_read_holds_for_seconds_and_a_raised_limit_counts_then() -> None:
    control = Control()
    control.spent("acme", "1.00")
    budgets = entry(control, day_usd=1)

    assert all(budgets.refusal("acme") for _ in range(50))
    assert control.reads == 1

    control.items["limits"] = {"tenant#acme": {"day_usd": Decimal(50)}}
    control.at += timedelta(seconds=6)
    assert budgets.refusal("acme") is None


def test_while_the_table_does_not_answer_the_run_decides() -> None:
    control = Control(down=True)
    budgets = entry(control, day_usd=0)

    assert budgets.refusal("acme") is None
    control.down = False
    assert budgets.refusal("acme") is not None
