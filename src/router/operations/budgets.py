"""The budgets as an operator sees and sets them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from router.guards.budgets import (
    Budget,
    Limits,
    attribute_of,
    budgets_at,
    committed_usd,
    parse_limits,
)
from router.guards.conditional_update import Item

_OWNER = attribute_of("")
AS_IN_THE_MODULE = "module"
NO_LIMIT = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One budget: what is used of it, and what is left."""

    budget: Budget
    committed_usd: Decimal
    reserved_usd: Decimal

    @property
    def resets_at(self) -> datetime:
        assert self.budget.resets_at  # a day's or a month's: a workflow run's is in its report
        return self.budget.resets_at

    @property
    def left_usd(self) -> Decimal:
        return max(self.budget.limit_usd - self.committed_usd, Decimal(0))


def lines(items: Iterable[Item], set_limits: Item, at: datetime) -> list[Line]:
    """Return the budgets of this day and month: those of ``items``, and those set at run time.

    An item holds the limit that applied to its last request; a limit set since then overrides it.
    Limits of the module that no request has met yet are not known here.
    """
    by_key = {item["key"]: item for item in items}
    owners = {name.removeprefix(_OWNER) for name in set_limits if name.startswith(_OWNER)}
    owners |= {key.split("#")[1] for key in by_key}
    found = []
    for owner in sorted(owners):
        for budget in _budgets(owner, by_key, set_limits, at):
            item = by_key.get(budget.key, {})
            reserved = Decimal(item.get("reserved_usd", 0))
            found.append(Line(budget, committed_usd(item), reserved))
    return found


def _budgets(
    owner: str, by_key: Mapping[str, Item], set_limits: Item, at: datetime
) -> list[Budget]:
    of_day, of_month = budgets_at(owner, Limits(Decimal(0), Decimal(0)), {}, at)
    day_usd, month_usd = (by_key.get(b.key, {}).get("limit_usd") for b in (of_day, of_month))
    return budgets_at(owner, Limits(day_usd, month_usd), set_limits, at)


def changed(before: Mapping[str, Decimal | None], words: Mapping[str, str]) -> Item:
    """Return a tenant's limits at run time after a change; raise ValueError on a word unknown.

    A word is an amount, ``none`` for no limit, or ``module`` for the module's limit.
    """
    after = dict(before)
    for name, word in words.items():
        if word == AS_IN_THE_MODULE:
            after.pop(name, None)
        elif word == NO_LIMIT and name != "soft_share":
            after[name] = None
        else:
            after[name] = getattr(parse_limits({name: word}), name)
    return after
