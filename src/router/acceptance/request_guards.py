"""All guards of one request together: what they read, allow, write and refuse. Pure.

``analyze`` reads once, plans, and sends one transaction. A refused update comes back with the
current item, which is newer than the one that was read: with it the guard either explains why the
request must not run, or sends another form of the update.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from cost_calculator.budget_names import name_of as budget_name_of
from router.catalog.models import Model
from router.config.settings import Config
from router.errors import BudgetExceeded, InvalidRequest, RateLimited, RequestError
from router.guards import breaker
from router.guards.breaker import Admission, breaker_key
from router.guards.budget_shards import Holding, Places, holdings_of, loans, reservations
from router.guards.budgets import (
    Budget,
    committed_usd,
    has_no_series,
    nearly_used,
    used_percent,
)
from router.guards.conditional_update import ConditionalUpdate, Item
from router.guards.exhausted import exceeded, exhausted
from router.guards.rate_limit import Rate, demand_of, rate_key, retry_after, take, too_large
from router.intake.request import Request
from router.routing.plan import Plan
from router.routing.restrictions import Restrictions, name_of
from router.routing.served_before import Served, key_of_session

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one request; ``control`` is what is known of their items at ``at``.

    ``places`` are the process's shards of spread budgets. If the guards do not ``hold``, they
    reserve, take and claim nothing. ``notes`` record on the row which of them were not applied.
    """

    request: Request
    config: Config
    at: datetime
    budgets: tuple[Budget, ...]
    rate: Rate | None
    control: Mapping[str, Item]
    places: Places = field(default_factory=Places)
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
        committed = {one.budget: committed_usd(one.total()) for one in self.holdings()}
        return Restrictions(nearly_used(committed), skipped, self.notes)

    def holdings(
        self, usd: Decimal = Decimal(0), given_back: Mapping[str, Decimal] | None = None
    ) -> list[Holding]:
        """Return the budgets with what is known of their items, for a request of ``usd``."""
        return holdings_of(self.budgets, self.control, usd, given_back)

    def served_before(self) -> Served | None:
        """Return what is known of the model that the request's session runs on."""
        return Served.from_item(self.control.get(key_of_session(self.request) or "", {}))

    def loans(
        self, usd: Decimal, contended: frozenset[str] = frozenset()
    ) -> list[ConditionalUpdate]:
        """Return what roots must lend before the request reserves: those of spread budgets, and of
        the owners of ``contended`` items."""
        if not self.hold:
            return []
        return loans(self.holdings(usd), self._owners_of(contended))

    def actions(
        self, plan: Plan, most_usd: Decimal, given_back: Mapping[str, Decimal] | None = None
    ) -> list[ConditionalUpdate]:
        """Return what accepting the plan writes to ``control``.

        ``given_back`` is what an earlier run of the request charged, by the budget's name.
        """
        if not self.hold:
            return []
        actions = reservations(self.holdings(most_usd, given_back), self.places)
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
            # Whoever prices the row may give back to any shard.
            if spread := ",".join(one.budget.name for one in self.holdings() if one.is_spread):
                marks["spread_budgets"] = spread
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
        for one in self.holdings():
            if has_no_series(one.budget.owner):
                continue
            owner, percent = one.budget.owner, used_percent(one.budget, committed_usd(one.total()))
            used[owner] = max(percent, used.get(owner, Decimal(0)))
        return used

    def crowded_out(self, contended: frozenset[str], most_usd: Decimal) -> BudgetExceeded | None:
        """Return the refusal of a request that met others again and again at the last of a spread
        budget, ``None`` if there is more left."""
        budgets = self.budgets_among(contended)
        for one in self.holdings(most_usd):
            if one.budget in budgets and one.is_scarce():
                return exceeded(one, most_usd)
        return None

    def no_money(self) -> BudgetExceeded | None:
        """Return the refusal of any request at all: one whose budget has nothing left."""
        return exhausted(self.holdings())

    def elsewhere(self, contended: frozenset[str]) -> None:
        """Let the process reserve in other shards than those where it met others."""
        for owner in self._owners_of(contended):
            if owner in self.places.shards:
                self.places.leave(owner)

    def budgets_among(self, keys: Collection[str]) -> list[Budget]:
        """Return the budgets of the owners of these items: their shards are used side by side."""
        owners = self._owners_of(keys)
        return [budget for budget in self.budgets if budget.owner in owners]

    def _owners_of(self, keys: Collection[str]) -> frozenset[str]:
        names = {budget_name_of(key) for key in keys}
        return frozenset(budget.owner for budget in self.budgets if budget.name in names)

    def _verdict(
        self, refused: Mapping[str, Item], plan: Plan, most_usd: Decimal
    ) -> RequestError | None:
        names = {budget_name_of(key) for key in refused}
        known = self.with_items(refused).holdings(most_usd)
        # A spread budget may have room elsewhere.
        full = [
            one
            for one in known
            if one.budget.name in names and not (one.is_spread and one.has_room())
        ]
        if full:
            # The last budget to reset: before that the request cannot run. A run's or a session's
            # own never does.
            return exceeded(max(full, key=lambda one: one.budget.resets_at or _NEVER), most_usd)
        key = rate_key(self.request.tenant)
        if self.rate and key in refused:
            if problem := too_large(self.rate, self._demand(plan)):
                return InvalidRequest(problem)
            seconds = retry_after(self.rate, self._demand(plan), refused[key], self.at)
            return RateLimited(self.request.tenant, seconds) if seconds else None
        return None

    def _demand(self, plan: Plan) -> dict[str, int]:
        return demand_of(self.request.input_bytes, plan.models[0].max_tokens)


def models_of(config: Config) -> list[Model]:
    """Return the models that have a breaker: all of the tiers, or none if breakers are off."""
    if config.breaker is None:
        return []
    tiers = config.tiers.values()
    return [model for tier in tiers for model in (tier.primary, *tier.fallbacks)]


def breaker_key_of(model: Model) -> str:
    """Return the key in ``control`` of a model's breaker."""
    return breaker_key(model.provider, model.model)
