"""Which guards a request has, and which items of ``control`` tell their state. Pure."""

from __future__ import annotations

from datetime import datetime

from router.acceptance.control_memory import Memory
from router.acceptance.request_guards import Guards, breaker_key_of, models_of
from router.config.settings import Config
from router.guards.budgets import (
    EVERYONE,
    LIMITS_KEY,
    budget_of_run,
    budget_of_session,
    budgets_at,
    workflow_owner,
)
from router.guards.rate_limit import rate_key
from router.intake.request import Request
from router.recording.duplicate_row import WORKFLOW
from router.routing.served_before import key_of_session, may_move


def guards_of(request: Request, config: Config, memory: Memory, at: datetime) -> Guards:
    """Return the guards of a request, with what is kept in memory."""
    set_limits = memory.items.get(LIMITS_KEY, {})
    rules = config.rules_of(request.tenant)
    # A tenant pays with its limits for what it asks, not for what is learned from it.
    is_ours = request.step is not None and request.step.workflow == WORKFLOW
    budgets = [
        *([] if is_ours else budgets_at(request.tenant, rules.budget, set_limits, at)),
        *budgets_at(EVERYONE, config.budget, set_limits, at),
    ]
    if step := request.step:
        if step.workflow:
            limits = config.workflow_budgets.get(step.workflow)
            budgets += budgets_at(workflow_owner(step.workflow), limits, set_limits, at)
        if step.max_usd is not None:
            budgets.append(budget_of_run(step.parent, step.max_usd))
    if session := request.session:
        # Whoever asks may lower the deployment's limit, not raise it.
        limits_of_it = [usd for usd in (session.max_usd, config.session_usd) if usd is not None]
        if limits_of_it:
            budgets.append(budget_of_session(session.key, min(limits_of_it)))
    guards = Guards(
        request,
        config,
        at,
        tuple(budgets),
        None if is_ours else rules.rate,
        dict(memory.items),
        memory.shards.places,
    )
    return guards.with_items(memory.shards.known(guards.holdings())) if budgets else guards


def common_keys(config: Config) -> frozenset[str]:
    """Return the keys of the items that hold for all requests."""
    return frozenset({LIMITS_KEY, *map(breaker_key_of, models_of(config))})


def own_keys(guards: Guards, memory: Memory) -> frozenset[str]:
    """Return the keys of the items that are about this request's limits."""
    keys = {budget.key for budget in guards.budgets}
    keys |= memory.shards.own_keys(guards.holdings())
    if may_move(guards.request) and (session := key_of_session(guards.request)):
        keys |= {session}
    return frozenset(keys | {rate_key(guards.request.tenant)} if guards.rate else keys)
