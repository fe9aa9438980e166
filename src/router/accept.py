"""Accepts a request exactly once and answers with its route plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from cost_calculator.shards import shard_of
from router.analyzer import Classification
from router.clock import iso
from router.config import Config
from router.control import Acceptance, Action, Found
from router.decision import Decision, decide
from router.errors import BudgetExceeded, Conflict, RateLimited, StoreUnavailable
from router.exact_cache import Caching, answered_rows, caching_of, holds, known_answer
from router.guards import Guards, Memory, common_keys, guards_of, own_keys
from router.invoke import ModelCall, Provider
from router.llm_classifier import Opinion
from router.market import Market
from router.opinion_row import ASKED, asked_row, is_open, opinion_of, reported, unreported
from router.plan import Plan, nothing_to_call, plan_to_json, repeated
from router.reopening import given_back, is_counted, next_run, reopened
from router.request import Request, parse_request
from router.rows import Analysis, Row, accepted_rows, routed, text_expiry

# Each turn knows what stood in the way of the one before; a third is needed only in a race.
_TURNS = 5


class Store(Protocol):
    """What accepting needs of the tables; see ``AcceptStore``."""

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> Found: ...

    def accept(self, rows: Sequence[Row], guards: Sequence[Action] = ()) -> Acceptance: ...

    def reopen(
        self, before: Row, after: Row, content: Sequence[Row], guards: Sequence[Action]
    ) -> Acceptance: ...

    def rows_of(self, request_id: str) -> dict[str, Row]: ...

    def record_opinion(
        self, request: Row, routed: Mapping[str, Any], outcome: Mapping[str, Any]
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class Execution:
    """The run that carries the request."""

    arn: str
    name: str


@dataclass(frozen=True, slots=True)
class World:
    """What accepting needs beside the request; ``llm`` is called only where one is asked.

    ``memory`` lives as long as the process. ``meter`` takes a metric's name, value and the tenant
    it is about.
    """

    store: Store
    memory: Memory
    classify: Callable[[tuple[Mapping[str, str], ...]], Classification]
    llm: Callable[[], Provider]
    stopwatch: Callable[[], Analysis]
    clock: Callable[[], datetime]
    region: str
    meter: Callable[[str, float, str], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as it is about to be accepted: its plan, its rows, what its guards write."""

    decision: Decision
    question: ModelCall | None
    plan: Plan
    most_usd: Decimal
    rows: list[Row]
    actions: list[Action]


def accept(payload: Any, execution: Execution, config: Config, world: World) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows, unless it
    failed and this is its next run. Raise
    ``Conflict`` if its payload was another, ``PolicyDenied`` if the tenant's rules leave it no
    model, ``BudgetExceeded`` or ``RateLimited`` if it must not run now, and ``InvalidRequest`` if
    it is malformed.
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
        raise
    except RateLimited as error:
        world.meter("rate_limited", 1, error.tenant)
        raise
    plan, row = draft.plan, draft.rows[0]
    if existing is not None:
        row = existing["REQUEST"]
        if found := _known(request, existing, execution):
            return found
        plan = _plan_again(draft.decision.accepted_as(row), existing, world)
    elif draft.question:
        plan = _plan_with_opinion(draft, world)
    for owner, percent in guards.used_percent().items():
        world.meter("budget_used_percent", float(percent), owner)
    expiry = text_expiry(config, guards.at)
    # What a guard made the deployment answer worse is not kept for when all is well.
    kept_for_others = caching if guards.standing().is_well else None
    return plan_to_json(request, classification, plan, config, expiry, row, kept_for_others)


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
        draft = _draft(classification, guards, execution, world)
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


def _draft(
    classification: Classification, guards: Guards, execution: Execution, world: World
) -> Draft:
    request, config, at = guards.request, guards.config, guards.at
    decision = decide(request, classification, config, guards.standing())
    market = Market(at, world.region, world.stopwatch().memory_mb)
    question, notes = decision.question(market)
    plan = decision.plan(notes)
    most_usd = Decimal(0)
    if guards.budgets:
        from router.estimate import most_of_request

        plans = decision.possible_plans() if question else [plan]
        most_usd = most_of_request(plans, request, question, config, market)
    marks = guards.marks(most_usd)
    analysis = world.stopwatch()
    rows = accepted_rows(request, classification, plan, config, analysis, execution.arn, at)
    rows[0] |= marks
    if question:
        rows.append(asked_row(rows[0], plan, question, iso(at)))
    return Draft(decision, question, plan, most_usd, rows, guards.actions(plan, most_usd))


def _plan_with_opinion(draft: Draft, world: World) -> Plan:
    from router.asking import ask

    assert draft.question
    opinion, attempt = ask(draft.question, world.llm, world.clock)
    outcome = reported(draft.rows[0]["request_id"], opinion, attempt)
    return _plan_with(opinion, outcome, draft.decision, draft.rows[0], world)


def _plan_again(accepted: Decision, existing: Mapping[str, Row], world: World) -> Plan:
    """Return the plan of an earlier try, without asking an LLM again."""
    asked = existing.get(ASKED)
    if asked is None or not is_open(asked):
        return accepted.plan()
    # That try died while asking: the call may be on the bill, and its answer is lost.
    outcome = unreported(asked["request_id"], "NoReport", iso(world.clock()))
    opinion = Opinion(None, outcome["cause"])
    return _plan_with(opinion, outcome, accepted, existing["REQUEST"], world)


def _plan_with(
    opinion: Opinion, outcome: Mapping[str, Any], decision: Decision, request: Row, world: World
) -> Plan:
    plan = decision.plan_with(opinion)
    outcome = {**outcome, "tier": plan.tier}
    if world.store.record_opinion(request, routed(plan, world.stopwatch()), outcome):
        return plan
    # Another try was faster: what it wrote holds for both.
    written = world.store.rows_of(request["request_id"])["REQUEST"]
    return decision.accepted_as(written).plan()
