"""Accepts a request exactly once and answers with its route plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cost_calculator.rows import Row, shard_of
from router.acceptance.draft import Draft, draft_of, plan_again, plan_with_opinion
from router.acceptance.exact_cache import Caching, answered_rows, caching_of, holds, known_answer
from router.acceptance.ports import Execution, World
from router.acceptance.reopen import given_back, is_counted, next_run, reopened
from router.acceptance.request_guards import Guards, common_keys, guards_of, own_keys
from router.acceptance.request_rows import accepted_rows, routed, text_expiry
from router.analyzer import Classification
from router.config.settings import Config
from router.errors import BudgetExceeded, Conflict, RateLimited, StoreUnavailable
from router.intake.request import Request, parse_request
from router.llm_classifier.attempt_row import ASKED, opinion_of
from router.routing.decision import Decision, decide
from router.routing.plan_json import nothing_to_call, plan_to_json, repeated

# Each turn knows what stood in the way of the one before; a third is needed only in a race.
_TURNS = 5


def accept(payload: Any, execution: Execution, config: Config, world: World) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows, unless it
    failed and this is its next run. Raise ``Conflict`` if its payload was another,
    ``PolicyDenied`` if the tenant's rules leave it no model, ``BudgetExceeded`` or ``RateLimited``
    if it must not run now, and ``InvalidRequest`` if it is malformed.
    """
    request = parse_request(
        payload, execution_name=execution.name, input_bytes_limit=config.input_bytes_limit
    )
    classification = world.classify(request.messages)
    well = decide(request, classification, config)
    caching = caching_of(request, well.plan, well.rules, store_text=config.store_text)
    guards, kept = look(request, config, world, caching)
    if kept and not request.rerun and holds(kept, well.rules, guards.at):
        rows = _answered(kept, well, guards, execution, world)
        if found := _known(request, world.store.accept(rows).existing or _by_item(rows), execution):
            return found
        # An earlier try of this run was accepted before the answer was kept: it goes on.
    try:
        guards, draft, existing = _accepted(classification, guards, execution, world)
        if existing is not None:
            _check_payload(request, existing["REQUEST"])
            if request.rerun and request.rerun == next_run(existing["REQUEST"]):
                guards, existing = _opened_again(draft, guards, existing, world)
    except BudgetExceeded as error:
        world.meter("budget_exceeded", 1, error.owner)
        # What is accepted never fills a budget: what is refused tells that it is full.
        world.meter("budget_used_percent", error.percent, error.owner)
        raise
    except RateLimited as error:
        world.meter("rate_limited", 1, error.tenant)
        raise
    plan, row = draft.plan, draft.rows[0]
    if existing is not None:
        row = existing["REQUEST"]
        if found := _known(request, existing, execution):
            return found
        plan = plan_again(draft.decision.accepted_as(row), existing, world)
    elif draft.question:
        plan = plan_with_opinion(draft, world)
    for owner, percent in guards.used_percent().items():
        world.meter("budget_used_percent", float(percent), owner)
    expiry = text_expiry(config, guards.at)
    # What a guard made the deployment answer worse is not kept for when all is well.
    cache = caching.record_json() if caching and guards.standing().is_well else None
    return plan_to_json(request, classification, plan, config, expiry, row, cache)


def _check_payload(request: Request, standing: Row) -> None:
    if standing["payload_hash"] != request.payload_hash:
        raise Conflict(
            f"request_id {request.request_id} was used with another payload:"
            " give a new request_id, or leave it out"
        )


def _known(
    request: Request, rows: Mapping[str, Row], execution: Execution
) -> dict[str, Any] | None:
    """Return the plan of a request that needs no call any more, or ``None`` for one that does.

    ``rows`` are those under its id. Raise ``Conflict`` if they are of another request.
    """
    row = rows["REQUEST"]
    _check_payload(request, row)
    if row["execution_arn"] != execution.arn:
        return repeated(rows)
    return nothing_to_call(row, "CACHED", known_answer(rows)) if row.get("cached") else None


def _answered(
    kept: Row, decision: Decision, guards: Guards, execution: Execution, world: World
) -> list[Row]:
    """Return the rows of a request that is answered by what was kept: guards have no part in it."""
    request, at = decision.request, guards.at
    rows = accepted_rows(
        request,
        decision.classification,
        decision.plan(),
        decision.config,
        world.stopwatch(),
        execution.arn,
        at,
    )
    # Its workflow is on the bill all the same, and counts against its budgets.
    rows[0] |= guards.without_hold().marks(Decimal(0))
    return answered_rows(rows, kept, shard_of(request.request_id), at)


def _by_item(rows: Sequence[Row]) -> dict[str, Row]:
    return {row["item"]: row for row in rows}


def look(
    request: Request, config: Config, world: World, caching: Caching | None = None
) -> tuple[Guards, Row | None]:
    """Read what the guards need and the answer that may be kept, in one round trip.

    There is none where memory has it all.

    What was read chooses forms and tiers; what may pass is decided by the conditions of the
    transaction. So a read that fails stops nothing.
    """
    at, memory = world.clock(), world.memory
    guards = guards_of(request, config, memory, at)
    common = frozenset() if memory.is_fresh(at) else common_keys(config)
    try:
        found = world.store.read(common | own_keys(guards), caching.key if caching else None)
    except StoreUnavailable as error:
        memory.keep(memory.items, memory.items, at)
        return guards.unread(str(error)), None
    if common:
        memory.keep(common, found.control, at)
        guards = guards_of(request, config, memory, at)
    return guards.knowing(found.control), found.cached


def _accepted(
    classification: Classification, guards: Guards, execution: Execution, world: World
) -> tuple[Guards, Draft, Mapping[str, Row] | None]:
    """Write the request, or find its rows; return the guards as they were at last."""
    for _ in range(_TURNS):
        draft = draft_of(classification, guards, execution, world)
        try:
            acceptance = world.store.accept(draft.rows, draft.actions)
        except StoreUnavailable as error:
            if not draft.actions or error.contended or not guards.may_be_passed:
                raise
            guards = guards.passed(str(error))
            continue
        if not acceptance.refused:
            return guards, draft, acceptance.existing
        world.memory.learn(acceptance.refused)
        guards = guards.after(acceptance.refused, draft.plan, draft.most_usd)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)


def _opened_again(
    draft: Draft, guards: Guards, existing: Mapping[str, Row], world: World
) -> tuple[Guards, Mapping[str, Row]]:
    """Open a failed request for this run; return its rows, or those of a run that was faster."""
    failed = existing["REQUEST"]
    if not is_counted(failed):
        raise StoreUnavailable(
            f"request {failed['request_id']} failed a moment ago and is not in the sums yet:"
            " run it again in a minute"
        )
    plan = draft.plan
    if draft.question and ASKED in existing:
        plan = draft.decision.plan_with(opinion_of(existing[ASKED]))
    fresh, *content = (row for row in draft.rows if row["item"] != ASKED)
    opened = reopened(existing, fresh | routed(plan, world.stopwatch()))
    for _ in range(_TURNS):
        actions = guards.actions(plan, draft.most_usd, given_back(failed))
        acceptance = world.store.reopen(failed, opened, content, actions)
        if not acceptance.refused:
            return guards, acceptance.existing or {**existing, "REQUEST": opened}
        world.memory.learn(acceptance.refused)
        guards = guards.after(acceptance.refused, plan, draft.most_usd)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)
