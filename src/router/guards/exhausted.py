"""The refusal of a request whose budget has no room for it, or for any request at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cost_calculator.clock import iso
from router.errors import BudgetExceeded
from router.guards.budget_shards import Holding
from router.guards.budgets import Budget, committed_usd, dollars, used_percent
from router.guards.conditional_update import Item


def exceeded(one: Holding, usd: Decimal) -> BudgetExceeded:
    """Return the refusal of a request that may cost ``usd`` by a budget without room for it."""
    budget, whole = one.budget, one.total()
    percent = used_percent(budget, committed_usd(whole) + usd)
    return BudgetExceeded(_what_is_left(budget, whole, usd), budget.owner, float(percent))


def exhausted(holdings: Iterable[Holding]) -> BudgetExceeded | None:
    """Return the refusal of any request, whatever it costs: by a budget that has nothing left."""
    for one in holdings:
        if committed_usd(one.total()) >= one.budget.limit_usd:
            return exceeded(one, Decimal(0))
    return None


def _what_is_left(budget: Budget, item: Item, usd: Decimal) -> str:
    """Return what is left of a budget that has no room for ``usd``, and when it resets.

    Tenants read this, so it names no amount of a budget that they share.
    """
    committed, reserved = committed_usd(item), Decimal(item.get("reserved_usd", 0))
    if budget.is_session:
        return (
            f"the session has spent {dollars(committed - reserved)} of the"
            f" {dollars(budget.limit_usd)} that it may cost ({dollars(reserved)} is reserved for"
            f" requests that run), and this request may cost {dollars(usd)}: begin a new session,"
            " raise its limit, or lower `max_tokens`"
        )
    if budget.resets_at is None:
        return (
            f"the workflow run has spent {dollars(committed - reserved)} of its `max_cost_usd` of"
            f" {dollars(budget.limit_usd)} ({dollars(reserved)} is reserved for running steps), and"
            f" this step may cost {dollars(usd)}: raise `max_cost_usd`, or lower `max_tokens`"
        )
    if budget.is_shared:
        return (
            f"the budget of {budget.whose} has no room for the request: wait until"
            f" {iso(budget.resets_at)}, lower `max_tokens`, or shorten the text"
        )
    if not usd:
        return (
            f"the {dollars(budget.limit_usd)} of {budget.whose} are used up ({dollars(reserved)} of"
            f" it reserved for requests that run): wait until {iso(budget.resets_at)}, or raise the"
            " budget"
        )
    left = max(budget.limit_usd - committed, Decimal(0))
    hint = "lower `max_tokens`, shorten the text"
    if usd > budget.limit_usd:
        return (
            f"the request may cost {dollars(usd)}, and the whole budget of {budget.whose} is"
            f" {dollars(budget.limit_usd)}: {hint}, or raise the budget"
        )
    wanted = "" if usd > left else ", which many requests want at once"
    return (
        f"{dollars(left)} is left of the {dollars(budget.limit_usd)} of {budget.whose}"
        f" ({dollars(reserved)} of it is reserved for requests that run){wanted}, and the request"
        f" may cost {dollars(usd)}: wait until {iso(budget.resets_at)}, {hint}, or raise the budget"
    )
