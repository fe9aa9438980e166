"""All guards of one request together: what they read, allow, write and refuse. Pure.

``analyze`` reads once, plans, and sends one transaction. A refused update comes back with the
current item, which is newer than the one that was read: with it the guard either explains why the
request must not run, or sends another form of the update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from router.acceptance.control_memory import Memory
from router.catalog.models import Model
from router.config.settings import Config
from router.errors import BudgetExceeded, InvalidRequest, RateLimited, RequestError
from router.guards import breaker
from router.guards.breaker import Admission, breaker_key
from router.guards.budgets import (
    EVERYONE,
    LIMITS_KEY,
    Budget,
    budgets_at,
    committed_usd,
    nearly_used,
    reserve,
    used_percent,
    used_up,
)
from router.guards.conditional_update import ConditionalUpdate, Item
from router.guards.rate_limit import Rate, demand_of, rate_key, retry_after, take, too_large
from router.intake.request import Request
from router.routing.plan import Plan
from router.routing.restrictions import Restrictions, name_of


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one request; ``control`` is what is known of their items at ``at``.

    If they do not ``hold``, they reserve, take and claim nothing. ``notes`` record on the row which
    of them were not applied.
    """

    request: Request
    config: Config
    at: datetime
    budgets: tuple[Budget, ...]
    rate: Rate | None
    control: Mapping[str, Item]
    hold: bool = True
    notes: tuple[str, ...] = ()

    @property
    def may_be_bypassed(self) -> bool:
        """Whether a request may run though ``control`` does not answer: no limit holds for it, or
        the configuration says so."""
        return self.config.open_on_store_failure or not (self.budgets or self.rate)

    def restrictions(self) -> Restrictions:
        """Return what holds for the plan."""
        skipped = {}
        for model in models_of(self.config):
            item = self.control.get(breaker_key_of(model))
            if item is None:  # it has never failed
                continue
            state = breaker.from_row(item)
            if breaker.admission(state, self.at) is Admission.SKIP:
                skipped[name_of(model)] = breaker.why_skipped(model.model, state)
        return Restrictions(nearly_used(self.budgets, self.control), skipped, self.notes)

    def actions(
        self, plan: Plan, most_usd: Decimal, given_back: Mapping[str, Decimal] | None = None
    ) -> list[ConditionalUpdate]:
        """Return what accepting the plan writes to ``control``.

        ``given_back`` is what an earlier run of the request charged, by the budget's name.
        """
        if not self.hold:
            return []
        back = given_back or {}
        actions = [
            reserve(budget, most_usd, back.get(budget.name, Decimal(0))) for budget in self.budgets
        ]
        if self.rate:
            item = self.control.get(rate_key(self.request.tenant), {})
            actions.append(take(self.request.tenant, self.rate, self._demand(plan), item, self.at))
        key = breaker_key_of(plan.models[0])
        state = breaker.from_row(self.control.get(key, {}))
        if self.config.breaker and breaker.admission(state, self.at) is Admission.PROBE:
            settings = self.config.breaker
            actions.append(breaker.claim(key, state, self.request.key, self.at, settings))
        return actions

    def marks(self, most_usd: Decimal) -> Item:
        """Return what the REQUEST row keeps of its guards."""
        names = ",".join(budget.name for budget in self.budgets)
        marks: Item = {"budgets": names} if names else {}
        if names and self.hold:
            marks["reserved_usd"] = most_usd
        if skipped := self.restrictions().skipped:
            marks["skipped"] = sorted(skipped)
        return marks

    def after_refusal(self, refused: Mapping[str, Item], plan: Plan, most_usd: Decimal) -> Guards:
        """Return the guards with the items that blocked them; raise if these decide."""
        if error := self._verdict(refused, plan, most_usd):
            raise error
        return self.with_items(refused)

    def with_items(self, items: Mapping[str, Item]) -> Guards:
        """Return the guards with what was read."""
        return replace(self, control={**self.control, **items})

    def unread(self, problem: str) -> Guards:
        """Return the guards for a request of which nothing new could be read."""
        missed = "breakers and soft limits may have changed"
        note = f"the control table could not be read ({problem}): {missed}"
        return replace(self, notes=(*self.notes, note))

    def without_reservation(self) -> Guards:
        """Return the guards for a request that calls no model: they reserve and take nothing."""
        return replace(self, hold=False)

    def bypassed(self, problem: str) -> Guards:
        """Return the guards for a request that runs though they could not be written."""
        bare = "without its limits" if self.budgets or self.rate else "anyway"
        note = f"the control table could not be written ({problem}): accepted {bare}"
        return replace(self, hold=False, notes=(*self.notes, note))

    def used_percent(self) -> dict[str, Decimal]:
        """Return how much of the fullest budget is used, by owner, as it was read."""
        used: dict[str, Decimal] = {}
        for budget in self.budgets:
            percent = used_percent(budget, committed_usd(self.control.get(budget.key, {})))
            used[budget.owner] = max(percent, used.get(budget.owner, Decimal(0)))
        return used

    def _verdict(
        self, refused: Mapping[str, Item], plan: Plan, most_usd: Decimal
    ) -> RequestError | None:
        exceeded = [budget for budget in self.budgets if budget.key in refused]
        if exceeded:
            # The last budget to reset: before that the request cannot run.
            budget = max(exceeded, key=lambda budget: budget.resets_at)
            item = refused[budget.key]
            percent = used_percent(budget, committed_usd(item) + most_usd)
            return BudgetExceeded(used_up(budget, item, most_usd), budget.owner, float(percent))
        key = rate_key(self.request.tenant)
        if self.rate and key in refused:
            if problem := too_large(self.rate, self._demand(plan)):
                return InvalidRequest(problem)
            seconds = retry_after(self.rate, self._demand(plan), refused[key], self.at)
            return RateLimited(self.request.tenant, seconds) if seconds else None
        return None

    def _demand(self, plan: Plan) -> dict[str, int]:
        return demand_of(self.request.input_bytes, plan.models[0].max_tokens)


def guards_of(request: Request, config: Config, memory: Memory, at: datetime) -> Guards:
    """Return the guards of a request, with what is kept in memory."""
    set_limits = memory.items.get(LIMITS_KEY, {})
    rules = config.rules_of(request.tenant)
    budgets = [
        *budgets_at(request.tenant, rules.budget, set_limits, at),
        *budgets_at(EVERYONE, config.budget, set_limits, at),
    ]
    return Guards(request, config, at, tuple(budgets), rules.rate, dict(memory.items))


def common_keys(config: Config) -> frozenset[str]:
    """Return the keys of the items that hold for all requests."""
    return frozenset({LIMITS_KEY, *map(breaker_key_of, models_of(config))})


def own_keys(guards: Guards) -> frozenset[str]:
    """Return the keys of the items that are about this request's limits."""
    keys = {budget.key for budget in guards.budgets}
    return frozenset(keys | {rate_key(guards.request.tenant)} if guards.rate else keys)


def models_of(config: Config) -> list[Model]:
    """Return the models that have a breaker: all of the tiers, or none if breakers are off."""
    if config.breaker is None:
        return []
    tiers = config.tiers.values()
    return [model for tier in tiers for model in (tier.primary, *tier.fallbacks)]


def breaker_key_of(model: Model) -> str:
    """Return the key in ``control`` of a model's breaker."""
    return breaker_key(model.provider, model.model)
