"""What an entry point knows of budgets before it starts a run. Pure.

A run that is refused costs its states and functions nevertheless. So none is started for a tenant
that has nothing left, as far as the entry point can know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from router.config.tenants import Rules, rules_of
from router.errors import BudgetExceeded, StoreUnavailable
from router.guards.budget_shards import Holding, holdings_of
from router.guards.budgets import EVERYONE, LIMITS_KEY, Budget, Limits, budgets_at
from router.guards.conditional_update import Item
from router.guards.exhausted import exhausted

KEPT = timedelta(seconds=5)
_MOST_TENANTS = 10_000
_BOTH = Limits(day_usd=Decimal(0), month_usd=Decimal(0))


@dataclass(slots=True)
class EntryBudgets:
    """The budgets of tenants and of ``everyone``, as they were read within the last seconds.

    ``read`` returns the items of ``control`` under the given keys, or raises ``StoreUnavailable``.
    """

    tenants: Mapping[str, Rules]
    everyone: Limits | None
    read: Callable[[Collection[str]], Mapping[str, Item]]
    clock: Callable[[], datetime]
    _kept: dict[str, tuple[datetime, BudgetExceeded | None]] = field(default_factory=dict)

    def refusal(self, tenant: str) -> BudgetExceeded | None:
        """Return the refusal of any request of the tenant, ``None`` if the run is to decide.

        It decides as well while the table does not answer.
        """
        at = self.clock()
        read_at, known = self._kept.get(tenant, (None, None))
        if read_at is None or not at - KEPT < read_at <= at:
            try:
                known = exhausted(self._holdings(tenant, at))
            except StoreUnavailable:
                return None
            if len(self._kept) >= _MOST_TENANTS:
                self._kept.clear()
            self._kept[tenant] = at, known
        return known

    def _holdings(self, tenant: str, at: datetime) -> list[Holding]:
        owners = {tenant: rules_of(self.tenants, tenant).budget, EVERYONE: self.everyone}
        # Which limits were set at run time is in the same answer as what is committed.
        periods = [b for owner in owners for b in budgets_at(owner, _BOTH, {}, at)]
        items = self.read([LIMITS_KEY, *(budget.key for budget in periods)])
        budgets: list[Budget] = [
            budget
            for owner, limits in owners.items()
            for budget in budgets_at(owner, limits, items.get(LIMITS_KEY, {}), at)
        ]
        spread = [one for one in holdings_of(budgets, items) if one.is_spread]
        shards = self.read([key for one in spread for key in one.shard_keys()]) if spread else {}
        return holdings_of(budgets, {**items, **shards})
