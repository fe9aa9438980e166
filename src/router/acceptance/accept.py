"""Accepts a request exactly once and returns its route plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import Row
from router.acceptance.draft import Draft, draft_of, plan_again, plan_with_opinion
from router.acceptance.exact_cache import (
    CacheSlot,
    answered_rows,
    holds,
    is_cacheable,
    known_answer,
    slot_of,
)
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.reopen import given_back, is_counted, next_run, reopened
from router.acceptance.request_guards import Guards, common_keys, guards_of, own_keys
from router.acceptance.request_rows import accepted_rows, routed, text_expiry
from router.analyzer import Classification
from router.config.settings import Config
from router.errors import BudgetExceeded, RateLimited, StoreUnavailable
from router.intake.request import Request, parse_request
from router.llm_classifier.attempt_row import ASKED, opinion_of
from router.routing.decision import Decision, decide
from router.routing.plan import Plan
from router.routing.plan_json import nothing_to_call, plan_to_json, repeated

# Each turn has the items that blocked the one before; a third is needed only in a race.
_TURNS = 5


def accept(
    payload: Any, execution: Execution, config: Config, deps: Dependencies
) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows, unless it
    failed and this is its next run. Raise ``Conflict`` if its payload was another,
    ``PolicyDenied`` if the tenant's rules leave it no model, ``BudgetExceeded`` or ``RateLimited``
    if it must not run now, and ``InvalidRequest`` if it is malformed.
    """
    request = parse_request(
        payload, execution_name=execution.name, input_bytes_limit=config.input_bytes_limit
    )
    if request.unsupported is None:
        request = replace(request, unsupported=config.unsupported_options.get("requests"))
    classification = deps.classify(request.messages)
    slot = _cache_slot(request, classification, config)
    guards, kept = read_state(request, config, deps, slot)
    if known := _answer_from_cache(kept, classification, guards, execution, deps):
        return known
    with _metered(deps):
        guards, draft, existing = _accepted(classification, guards, execution, deps)
        if existing is not None and _is_next_run(request, existing):
            guards, existing = _opened_again(draft, guards, existing, deps)
    for owner, percent in guards.used_percent().items():
        deps.meter("budget_used_percent", float(percent), owner)
    if existing is not None and (known := _known(request, existing, execution)):
        return known
    row = draft.rows[0] if existing is None else existing["REQUEST"]
    plan = _final_plan(draft, existing, deps)
    expiry = text_expiry(config, guards.at)
    # An answer that a guard degraded is not cached for the time after.
    cache = slot.record_json() if slot and guards.restrictions().is_well else None
    return plan_to_json(request, classification, plan, config, expiry, row, cache)


def _cache_slot(
    request: Request, classification: Classification, config: Config
) -> CacheSlot | None:
    """Return where the answer may be cached. Most requests ask for no cache, and plan only once."""
    rules = config.rules_of(request.tenant)
    if not is_cacheable(request, rules, store_text=config.store_text):
        return None
    # The plan with every model well and no budget short, before any LLM is asked.
    return slot_of(request, decide(request, classification, config).plan(), rules)


def _answer_from_cache(
    kept: Row | None,
    classification: Classification,
    guards: Guards,
    execution: Execution,
    deps: Dependencies,
) -> dict[str, Any] | None:
    """Return the plan of a request that a cached answer closes, or ``None`` if none does.

    If an earlier try of this run was accepted before the answer was cached, that try continues.
    """
    request, config = guards.request, guards.config
    if request.rerun or not holds(kept, config.rules_of(request.tenant), guards.at):
        return None
    assert kept is not None
    rows = _answered(kept, decide(request, classification, config), guards, execution, deps)
    existing = deps.store.accept(rows).existing
    return _known(request, existing or _by_item(rows), execution)


def _final_plan(draft: Draft, existing: Mapping[str, Row] | None, deps: Dependencies) -> Plan:
    """Return the plan that runs: an earlier try's, an LLM's opinion taken in, or the draft's."""
    if existing is not None:
        accepted = draft.decision.accepted_as(existing["REQUEST"])
        return plan_again(accepted, existing, deps)
    return plan_with_opinion(draft, deps) if draft.question else draft.plan


def _is_next_run(request: Request, existing: Mapping[str, Row]) -> bool:
    request.identity.check_row(existing["REQUEST"])
    return request.rerun is not None and request.rerun == next_run(existing["REQUEST"])


@contextmanager
def _metered(deps: Dependencies) -> Iterator[None]:
    """Count what the guards refuse; what is accepted never fills a budget."""
    try:
        yield
    except BudgetExceeded as error:
        deps.meter("budget_exceeded", 1, error.owner)
        deps.meter("budget_used_percent", error.percent, error.owner)
        raise
    except RateLimited as error:
        deps.meter("rate_limited", 1, error.tenant)
        raise


def _known(
    request: Request, rows: Mapping[str, Row], execution: Execution
) -> dict[str, Any] | None:
    """Return the plan of a request that needs no call any more, or ``None`` for one that does.

    ``rows`` are those under its id. Raise ``Conflict`` if they are of another request.
    """
    row = rows["REQUEST"]
    request.identity.check_row(row)
    if row["execution_arn"] != execution.arn:
        return repeated(rows)
    return nothing_to_call(row, "CACHED", known_answer(rows)) if row.get("cached") else None


def _answered(
    kept: Row, decision: Decision, guards: Guards, execution: Execution, deps: Dependencies
) -> list[Row]:
    """Return the rows of a request that is answered by what was kept: guards have no part in it."""
    request, at = decision.request, guards.at
    rows = accepted_rows(
        request,
        decision.classification,
        decision.plan(),
        decision.config,
        deps.stopwatch(),
        execution.arn,
        at,
    )
    # Its workflow is on the bill nevertheless, and counts against its budgets.
    rows[0] |= guards.without_reservation().marks(Decimal(0))
    return answered_rows(rows, kept, at)


def _by_item(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["item"]: row for row in rows}


def read_state(
    request: Request, config: Config, deps: Dependencies, slot: CacheSlot | None = None
) -> tuple[Guards, Row | None]:
    """Read the guards' items and the cached answer, if any, in one round trip.

    Nothing is read if memory has all items.

    The read only chooses forms and tiers; the conditions of the transaction decide what may pass.
    So a failed read stops nothing, as long as the limits that were set at run time are known.
    Otherwise raise ``StoreUnavailable``, unless the deployment lets requests pass then.
    """
    at, memory = deps.clock(), deps.memory
    guards = guards_of(request, config, memory, at)
    common = frozenset() if memory.is_fresh(at) else common_keys(config)
    try:
        found = deps.store.read(common | own_keys(guards), slot.key if slot else None)
    except StoreUnavailable as error:
        if not (config.open_on_store_failure or memory.is_known(at)):
            raise
        memory.failed_at = at
        return guards.unread(str(error)), None
    if common:
        memory.keep(common, found.control, at)
        guards = guards_of(request, config, memory, at)
    return guards.with_items(found.control), found.cached


def _accepted(
    classification: Classification, guards: Guards, execution: Execution, deps: Dependencies
) -> tuple[Guards, Draft, Mapping[str, Row] | None]:
    """Write the request, or find its rows; return the guards as they were at last."""
    for _ in range(_TURNS):
        draft = draft_of(classification, guards, execution, deps)
        try:
            acceptance = deps.store.accept(draft.rows, draft.actions)
        except StoreUnavailable as error:
            if not draft.actions or error.contended or not guards.may_be_bypassed:
                raise
            guards = guards.bypassed(str(error))
            continue
        if not acceptance.refused:
            return guards, draft, acceptance.existing
        deps.memory.learn(acceptance.refused)
        guards = guards.after_refusal(acceptance.refused, draft.plan, draft.most_usd)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)


def _opened_again(
    draft: Draft, guards: Guards, existing: Mapping[str, Row], deps: Dependencies
) -> tuple[Guards, Mapping[str, Row]]:
    """Open a failed request for this run; return its rows, or those of a run that was faster."""
    failed = existing["REQUEST"]
    if not is_counted(failed):
        raise StoreUnavailable(
            f"request {request_id_of(failed['request_id'])} failed a moment ago and is not in the"
            " sums yet: run it again in a minute"
        )
    plan = draft.plan
    if draft.question and ASKED in existing:
        plan = draft.decision.plan_with(opinion_of(existing[ASKED]))
    fresh, *content = (row for row in draft.rows if row["item"] != ASKED)
    opened = reopened(existing, fresh | routed(plan, deps.stopwatch()))
    for _ in range(_TURNS):
        actions = guards.actions(plan, draft.most_usd, given_back(failed))
        acceptance = deps.store.reopen(failed, opened, content, actions)
        if not acceptance.refused:
            return guards, acceptance.existing or {**existing, "REQUEST": opened}
        deps.memory.learn(acceptance.refused)
        guards = guards.after_refusal(acceptance.refused, plan, draft.most_usd)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)
