"""Decides one request's plan: the choice without an LLM, whether asking one pays, and what its
opinion changes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cost_calculator.tiers import TIERS
from router.analyzer import Classification, Complexity
from router.analyzer.situation import COMPLEX_SHARE
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.config.settings import Config, Llm
from router.config.tenants import Rules
from router.intake.request import Request
from router.invocation.call import ModelCall
from router.llm_classifier.question import Opinion, question, sent_bytes
from router.routing.choice import Choice, choose, moves, with_opinion
from router.routing.loop import in_loop
from router.routing.moving_down import MovingDown
from router.routing.plan import Plan, limited, make_plan, permitted_models
from router.routing.restrictions import NO_RESTRICTIONS, Restrictions


@dataclass(frozen=True, slots=True)
class Decision:
    """The choice, and the tiers to which an LLM's opinion may move it."""

    request: Request
    classification: Classification
    config: Config
    rules: Rules
    choice: Choice
    movable: tuple[str, ...]
    restrictions: Restrictions

    def plan(self, notes: tuple[str, ...] = ()) -> Plan:
        """Return the plan without an opinion; raise ``PolicyDenied`` if no model is left."""
        return self._plan(replace(self.choice, reasons=(*notes, *self.choice.reasons)))

    def plan_with(self, opinion: Opinion) -> Plan:
        """Return the plan after an LLM has spoken, or failed to."""
        return self._plan(with_opinion(self.choice, opinion, self.movable))

    def possible_plans(self) -> list[Plan]:
        """Return the plans that an opinion can lead to, the one without it first."""
        tiers = (self.choice.tier, *self.movable)
        return [self._plan(replace(self.choice, tier=tier)) for tier in tiers]

    def accepted_as(self, row: Mapping[str, Any]) -> Decision:
        """Return the decision that an earlier try wrote down: its REQUEST row holds, not this."""
        first = f"{row['planned_provider']}/{row['planned_model']}"
        choice = Choice(row["route"], tuple(row["reasons"]), open=False, first=first)
        restrictions = Restrictions(skipped=dict.fromkeys(row.get("skipped", ()), ""))
        return replace(self, choice=choice, movable=(), restrictions=restrictions)

    def _plan(self, choice: Choice) -> Plan:
        return make_plan(self.request, choice, self.config, self.rules, self.restrictions)

    def question(self, pricing: PricingContext) -> tuple[ModelCall | None, tuple[str, ...]]:
        """Return the call to make, if an opinion is wanted, or notes on why none is asked for."""
        llm = self.config.llm
        if llm is None or not self.movable:
            return None, ()
        if llm.in_doubt and not self._in_doubt(llm):
            return None, ()
        if llm.model.provider in self.rules.deny_providers:
            return None, (f"no LLM was asked: the tenant may not use {llm.model.provider}",)
        asked = question(self.request.messages, llm.model)
        if llm.in_doubt and (why := self._why_not(asked, pricing)):
            return None, (why,)
        return asked, ()

    def _in_doubt(self, llm: Llm) -> bool:
        """Return whether the heuristic is unsure, or sure of what it is often wrong about."""
        return self._is_situation() or self.classification.confidence < llm.unsure_below

    def _is_situation(self) -> bool:
        return self.classification.situation and self.choice.tier == TIERS[0]

    def _why_not(self, asked: ModelCall, pricing: PricingContext) -> str | None:
        # Most requests are sure: they need not wait for the price book.
        from router.llm_classifier.worth_asking import Move, why_not_ask

        possible = [Move(self._model(tier), self._probability(tier)) for tier in self.movable]
        chosen = self._model(self.choice.tier)
        return why_not_ask(
            asked, sent_bytes(asked), self.request.input_bytes, chosen, possible, pricing
        )

    def _model(self, tier: str) -> Model:
        return limited(permitted_models(tier, self.config, self.rules)[0], self.request)

    def _probability(self, tier: str) -> float:
        """Return how probable it is that an opinion rightly moves the request to ``tier``: that the
        truth is there, or beyond it where no move goes further."""
        here, there = TIERS.index(self.choice.tier), TIERS.index(tier)
        beyond = TIERS[there:] if there > here else TIERS[: there + 1]
        names = [name for name in beyond if name == tier or name not in self.movable]
        found = sum(self.classification.probabilities[Complexity(name)] for name in names)
        is_hard = self._is_situation() and TIERS[-1] in names
        return max(found, COMPLEX_SHARE) if is_hard else found


def decide(
    request: Request,
    classification: Classification,
    config: Config,
    restrictions: Restrictions = NO_RESTRICTIONS,
    previous: Callable[[Rules], MovingDown | None] | None = None,
) -> Decision:
    """Return the decision on a request, before any LLM is asked.

    ``previous`` finds what bounds moving down, under the rules that hold.
    """
    rules = config.rules_of(request.tenant)
    if restrictions.cap and permitted_models("CALCULATION", config, rules):
        rules = rules.below("COMPLEX", restrictions.cap)
    choice = choose(request, classification, config, rules)
    if request.conversation.in_tool_loop:
        choice = in_loop(choice, request, config, rules)
    bound = None
    if previous is not None and choice.open:
        bound = previous(rules)
        choice = bound.bounded(choice) if bound else choice
    choice = replace(choice, reasons=(*restrictions.notes, *choice.reasons))
    usable = {tier for tier in TIERS if permitted_models(tier, config, rules)}
    movable = moves(choice, rules, usable, classification.situation)
    movable = bound.open_to(movable) if bound else movable
    return Decision(request, classification, config, rules, choice, movable, restrictions)
