"""Accepts a request exactly once and returns its route plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cost_calculator.rows import Row
from router.acceptance.draft import Draft, plan_again, plan_with_opinion
from router.acceptance.exact_cache import (
    CacheSlot,
    answered_rows,
    holds,
    is_cacheable,
    known_answer,
    slot_of,
)
from router.acceptance.guard_reads import read_state
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.reopen import next_run
from router.acceptance.request_guards import Guards
from router.acceptance.request_rows import accepted_rows, text_expiry
from router.acceptance.trials import Judged, judged
from router.acceptance.write import accepted, opened_again
from router.analyzer import Classification
from router.config.settings import Config
from router.errors import BudgetExceeded, RateLimited, StoreUnavailable
from router.guards.budgets import has_no_series
from router.intake.request import Request, parse_request, with_conversation
from router.intake.stored_payload import check_inline, payload_of
from router.intake.uploads import has_uploads, looked_at
from router.recording.duplicate_row import WORKFLOW, check_sent
from router.routing.decision import decide
from router.routing.plan import Plan
from router.routing.plan_json import nothing_to_call, plan_to_json, repeated
from router.routing.served_before import remembered


def accept(given: Any, execution: Execution, config: Config, deps: Dependencies) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows, unless it
    failed and this is its next run. Raise ``Conflict`` if its payload was another,
    ``PolicyDenied`` if the tenant's rules leave it no model, ``BudgetExceeded`` or ``RateLimited``
    if it must not run now, and ``InvalidRequest`` if it is malformed.

    ``given`` is the request, or a pointer to where it is kept.
    """
    payload, payload_s3 = payload_of(given, execution.name, deps.stored)
    request = parse_request(
        payload,
        execution_name=execution.name,
        input_bytes_limit=config.input_bytes_limit,
        payload_s3=payload_s3,
    )
    if payload_s3 is None:
        check_inline(payload)
    if has_uploads(request.conversation):
        most = config.payload_bytes_limit
        seen = looked_at(request.conversation, request.tenant, deps.stored, most)
        request = with_conversation(request, seen, config.input_bytes_limit)
    if request.unsupported is None and (rule := config.unsupported_options.get("requests")):
        request = replace(request, unsupported=rule)
    if request.step and request.step.workflow == WORKFLOW:
        check_sent(request.key, deps.store.rows_of(request.step.parent))
    found = judged(request, config, deps)
    classification, config = found.classification, found.config
    slot = _cache_slot(request, classification, config)
    guards, kept = read_state(request, config, deps, slot)
    if known := _answer_from_cache(kept, found, guards, execution, deps):
        return known
    with _metered(deps):
        guards, draft, existing = accepted(found, guards, execution, deps)
        if existing is not None and _is_next_run(request, existing):
            guards, existing = opened_again(draft, guards, existing, deps)
    for owner, percent in guards.used_percent().items():
        deps.meter("budget_used_percent", float(percent), owner)
    if existing is not None and (known := _known(request, existing, execution)):
        return known
    row = draft.rows[0] if existing is None else existing["REQUEST"]
    plan = _final_plan(draft, existing, deps)
    if existing is None:
        _remember(plan, guards, deps)
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
    found: Judged,
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
    if guards.no_money():
        return None  # its workflow would be on the bill: refused like any other
    rows = _answered(kept, found, guards, execution, deps)
    existing = deps.store.accept(rows).existing
    return _known(request, existing or _by_item(rows), execution)


def _final_plan(draft: Draft, existing: Mapping[str, Row] | None, deps: Dependencies) -> Plan:
    """Return the plan that runs: an earlier try's, an LLM's opinion taken in, or the draft's."""
    if existing is not None:
        accepted = draft.decision.accepted_as(existing["REQUEST"])
        return plan_again(accepted, existing, deps)
    return plan_with_opinion(draft, deps) if draft.question else draft.plan


def _remember(plan: Plan, guards: Guards, deps: Dependencies) -> None:
    """Write down which model the request's session runs on."""
    update = remembered(guards.request, plan, guards.served_before(), guards.at)
    if update is not None:
        with suppress(StoreUnavailable):  # a hint: the next turn is judged without it
            deps.store.update(update)


def _is_next_run(request: Request, existing: Mapping[str, Row]) -> bool:
    request.identity.check_row(existing["REQUEST"])
    return request.rerun is not None and request.rerun == next_run(existing["REQUEST"])


@contextmanager
def _metered(deps: Dependencies) -> Iterator[None]:
    """Count what the guards refuse; what is accepted never fills a budget."""
    try:
        yield
    except BudgetExceeded as error:
        if has_no_series(error.owner):
            raise
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
    kept: Row, found: Judged, guards: Guards, execution: Execution, deps: Dependencies
) -> list[Row]:
    """Return the rows of a request that is answered by what was kept: guards have no part in it."""
    request, at = guards.request, guards.at
    decision = decide(request, found.classification, found.config)
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
    rows[0] |= guards.without_reservation().marks(Decimal(0)) | dict(found.marks(decision))
    return answered_rows(rows, kept, at)


def _by_item(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["item"]: row for row in rows}
