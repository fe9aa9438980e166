"""Budgets: what a tenant, a workflow, and all together may spend in a UTC day and month, and what
one run of a workflow or one session may spend. Pure.

A budget is an item of ``control``: ``committed_usd`` is what was spent and what is reserved for
requests that run, ``reserved_usd`` the latter alone. A reservation is made in the transaction that
accepts the request (``budget_shards``); ``cost_calculator.ledger`` turns it into the charge of what
was really used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from cost_calculator.budget_names import budget_key
from router.guards.conditional_update import Item

EVERYONE = "*"
"""The owner of the whole deployment's budget."""

LIMITS_KEY = "limits"
"""The item of ``control`` that holds limits set at run time, one attribute a tenant."""

# No tenant has a colon in its name.
_WORKFLOW, _RUN, _SESSION = "workflow:", "run:", "session:"
_WHOLE = "whole"

DEFAULT_SOFT_SHARE = Decimal("0.8")
_FIELDS = ("day_usd", "month_usd", "soft_share")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Limits:
    """US dollars of a UTC day and month, ``None`` if there is no limit.

    From ``soft_share`` of a limit on, COMPLEX is served one tier down.
    """

    day_usd: Decimal | None = None
    month_usd: Decimal | None = None
    soft_share: Decimal = DEFAULT_SOFT_SHARE

    def changed(self, changes: Mapping[str, Any]) -> Limits:
        """Return the limits with those that were set at run time in their place."""
        return Limits(**{name: changes.get(name, getattr(self, name)) for name in _FIELDS})


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit in one period, ``2026-11-24`` or ``2026-11``; it resets at ``resets_at``.

    That of a workflow run or a session is for all of it, and never resets.
    """

    owner: str
    period: str
    limit_usd: Decimal
    soft_usd: Decimal
    resets_at: datetime | None

    @property
    def name(self) -> str:
        return f"{self.owner}#{self.period}"

    @property
    def key(self) -> str:
        return budget_key(self.name)

    @property
    def whose(self) -> str:
        if self.owner == EVERYONE:
            return f"the deployment for {self.period}"
        if self.owner.startswith(_WORKFLOW):
            return f"the workflow {self.owner.removeprefix(_WORKFLOW)} for {self.period}"
        return f"tenant {self.owner} for {self.period}"

    @property
    def is_session(self) -> bool:
        return self.owner.startswith(_SESSION)

    @property
    def is_shared(self) -> bool:
        """Whether several tenants spend it: what is left of it is not for each of them to read."""
        return self.owner == EVERYONE or self.owner.startswith(_WORKFLOW)


def parse_limits(data: Mapping[str, Any]) -> Limits:
    """Read ``{"day_usd", "month_usd", "soft_share"}``; raise ValueError that names the field."""
    for name in data:
        if name not in _FIELDS:
            raise ValueError(f"unknown `{name}`; known are {', '.join(_FIELDS)}")
    limits = {name: _amount(name, value) for name, value in data.items() if value is not None}
    if not Decimal(0) < limits.get("soft_share", Decimal(1)) <= 1:
        raise ValueError("soft_share must be above 0 and at most 1")
    return Limits(**limits)


def _amount(name: str, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{name} must be a number of at least 0")
    return amount


def attribute_of(owner: str) -> str:
    """Return the attribute of the limits item that is about one tenant (``*`` for all)."""
    return f"tenant#{owner}"


def budgets_at(owner: str, limits: Limits | None, set_limits: Item, at: datetime) -> list[Budget]:
    """Return the budgets that hold for an owner at ``at``; ``set_limits`` is the limits item."""
    changes = set_limits.get(attribute_of(owner), {})
    if limits is None and not changes:
        return []
    known = (limits or Limits()).changed(changes)
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month_after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    periods = (
        (f"{day:%Y-%m-%d}", known.day_usd, day + timedelta(days=1)),
        (f"{day:%Y-%m}", known.month_usd, month_after),
    )
    return [
        Budget(owner, period, limit, limit * known.soft_share, resets_at)
        for period, limit, resets_at in periods
        if limit is not None
    ]


def workflow_owner(name: str) -> str:
    """Return the owner of a workflow's budgets, whichever tenants run it."""
    return f"{_WORKFLOW}{name}"


def budget_of_run(parent: str, max_usd: Decimal) -> Budget:
    """Return the budget of one workflow run, by its key: all its steps together."""
    return Budget(f"{_RUN}{parent}", _WHOLE, max_usd, max_usd, resets_at=None)


def budget_of_session(session: str, max_usd: Decimal) -> Budget:
    """Return the budget of one session, by its key: all its requests together."""
    return Budget(f"{_SESSION}{session}", _WHOLE, max_usd, max_usd, resets_at=None)


def has_no_series(owner: str) -> bool:
    """Return whether an owner is a workflow run or a session: there are too many of them for
    metrics of their own."""
    return owner.startswith((_RUN, _SESSION))


def nearly_used(committed_of: Mapping[Budget, Decimal]) -> str | None:
    """Return why COMPLEX is to be served one tier down, or ``None``; by what is committed."""
    for budget, committed in committed_of.items():
        if committed >= budget.soft_usd:
            if budget.is_shared:
                used = f"the budget of {budget.whose} is nearly used"
            else:
                percent = used_percent(budget, committed)
                used = f"{percent:.0f} % of the budget of {budget.whose} is used"
            return f"{used}: COMPLEX is served one tier down"
    return None


def committed_usd(item: Item) -> Decimal:
    """Return what is spent or reserved; nothing if nobody has asked yet."""
    return Decimal(item.get("committed_usd", 0))


def used_percent(budget: Budget, committed: Decimal) -> Decimal:
    """Return how much of a budget is spent or reserved; of a limit of 0 all is."""
    return committed * 100 / budget.limit_usd if budget.limit_usd else Decimal(100)


def dollars(usd: Decimal) -> str:
    """Format an amount for a person: cents if it has no more digits, else six digits."""
    return f"${usd:.2f}" if usd == usd.quantize(_CENT) else f"${usd:.6f}"
