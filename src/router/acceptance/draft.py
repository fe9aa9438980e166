"""Drafts a request that is about to be accepted, and applies an LLM's opinion to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.clock import iso
from cost_calculator.rows import Row
from router.acceptance.duplicates import is_duplicated
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.request_guards import Guards
from router.acceptance.request_rows import accepted_rows, routed
from router.acceptance.trials import Judged, shadow_of
from router.catalog.pricing_context import PricingContext
from router.config.tenants import Rules
from router.guards.conditional_update import ConditionalUpdate
from router.invocation.call import ModelCall
from router.llm_classifier.attempt_row import ASKED, asked_row, is_open, reported, unreported
from router.llm_classifier.question import Opinion
from router.recording.duplicate_row import duplicate_row
from router.routing.decision import Decision, decide
from router.routing.moving_down import MovingDown, moving_down
from router.routing.plan import Plan


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as it is about to be accepted: its plan, its rows, what its guards write."""

    decision: Decision
    question: ModelCall | None
    plan: Plan
    most_usd: Decimal
    rows: list[Row]
    actions: list[ConditionalUpdate]


def draft_of(judged: Judged, guards: Guards, execution: Execution, deps: Dependencies) -> Draft:
    """Return the draft of a request under its guards as they are known."""
    request, config, at = guards.request, guards.config, guards.at
    classification, restrictions = judged.classification, guards.restrictions()
    pricing = PricingContext(at, deps.region, deps.stopwatch().memory_mb)

    def previous(rules: Rules) -> MovingDown | None:
        return moving_down(request, config, rules, restrictions, guards.served_before(), pricing)

    decision = decide(request, classification, config, restrictions, previous)
    question, notes = decision.question(pricing)
    plan = decision.plan(notes)
    most_usd = Decimal(0)
    if guards.budgets:
        from router.acceptance.max_cost import most_of_request

        plans = decision.possible_plans() if question else [plan]
        most_usd = most_of_request(plans, request, question, config, pricing)
    arm = judged.marks(decision)
    shadow = shadow_of(decision, arm, previous, deps)
    marks = {**guards.marks(most_usd), **arm, **shadow}
    analysis = deps.stopwatch()
    rows = accepted_rows(request, classification, plan, config, analysis, execution.arn, at)
    rows[0] |= marks
    if is_duplicated(decision, question):
        rows[0]["duplicated"] = 1
        rows.append(duplicate_row(request.key, request.tenant, at))
    if question:
        rows.append(asked_row(rows[0], question, iso(at)))
    return Draft(decision, question, plan, most_usd, rows, guards.actions(plan, most_usd))


def plan_with_opinion(draft: Draft, deps: Dependencies) -> Plan:
    """Ask the LLM that the draft asks for; return the plan that follows, written down once."""
    from router.llm_classifier.ask import ask

    assert draft.question
    opinion, attempt = ask(draft.question, deps.llm, deps.clock)
    outcome = reported(draft.rows[0]["request_id"], opinion, attempt)
    return _plan_with(opinion, outcome, draft.decision, draft.rows[0], deps)


def plan_again(accepted: Decision, existing: Mapping[str, Row], deps: Dependencies) -> Plan:
    """Return the plan of an earlier try, without asking an LLM again."""
    asked = existing.get(ASKED)
    if asked is None or not is_open(asked):
        return accepted.plan()
    # That try died while asking: the call may be on the bill, and its answer is lost.
    outcome = unreported(asked["request_id"], "NoReport", iso(deps.clock()))
    opinion = Opinion(None, outcome["cause"])
    return _plan_with(opinion, outcome, accepted, existing["REQUEST"], deps)


def _plan_with(
    opinion: Opinion,
    outcome: Mapping[str, Any],
    decision: Decision,
    request: Row,
    deps: Dependencies,
) -> Plan:
    plan = decision.plan_with(opinion)
    outcome = {**outcome, "tier": plan.tier}
    if deps.store.record_opinion(request, routed(plan, deps.stopwatch()), outcome):
        return plan
    # Another try was faster: what it wrote holds for both.
    written = deps.store.rows_of(request["request_id"])["REQUEST"]
    return decision.accepted_as(written).plan()
