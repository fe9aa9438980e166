"""Accepts a request exactly once and answers with its route plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.analyzer import Classification
from router.clock import iso
from router.config import Config
from router.control import Acceptance, Action, Found
from router.decision import Decision, decide
from router.errors import Conflict, StoreUnavailable
from router.invoke import Provider
from router.llm_classifier import Opinion
from router.market import Market
from router.opinion_row import ASKED, asked_row, is_open, opinion_of, reported, unreported
from router.plan import Plan, plan_to_json, repeated
from router.reopening import is_counted, next_run, reopened
from router.request import parse_request
from router.rows import Analysis, Row, accepted_rows, routed, text_expiry


class Store(Protocol):
    """What accepting needs of the tables; see ``AcceptStore``."""

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> Found: ...

    def accept(self, rows: Sequence[Row], guards: Sequence[Action] = ()) -> Acceptance: ...

    def rows_of(self, request_id: str) -> dict[str, Row]: ...

    def reopen(self, before: Row, after: Row, content: Row | None) -> bool: ...

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
    """What accepting needs beside the request; ``llm`` is called only where one is asked."""

    store: Store
    classify: Callable[[tuple[Mapping[str, str], ...]], Classification]
    llm: Callable[[], Provider]
    stopwatch: Callable[[], Analysis]
    clock: Callable[[], datetime]
    region: str


def accept(payload: Any, execution: Execution, config: Config, world: World) -> dict[str, Any]:
    """Return the route plan of a request, accepted by this call or by an earlier try of it.

    A request that another run accepted under the same id is answered from its rows, unless it
    failed and this is its next run; raise
    ``Conflict`` if its payload was another, ``PolicyDenied`` if the tenant's rules leave it no
    model, and ``InvalidRequest`` if it is malformed.
    """
    request = parse_request(
        payload, execution_name=execution.name, input_bytes_limit=config.input_bytes_limit
    )
    classification = world.classify(request.messages)
    decision = decide(request, classification, config)
    at = world.clock()
    question, notes = decision.question(Market(at, world.region, world.stopwatch().memory_mb))
    plan = decision.plan(notes)
    analysis = world.stopwatch()
    rows = accepted_rows(request, classification, plan, config, analysis, execution.arn, at)
    asked = [asked_row(request, plan, question, iso(at))] if question else []

    earlier_attempts = 0
    acceptance = world.store.accept([*rows, *asked])
    if (existing := acceptance.existing) is not None:
        known = existing["REQUEST"]
        if known["payload_hash"] != request.payload_hash:
            raise Conflict(
                f"request_id {request.request_id} was used with another payload:"
                " give a new request_id, or leave it out"
            )
        if known["execution_arn"] == execution.arn:
            plan = _plan_again(decision, existing, world) or plan
        elif request.rerun and request.rerun == next_run(known):
            if ASKED in existing:
                plan = decision.plan_with(opinion_of(existing[ASKED]))
            known = _open_again(existing, rows, routed(plan, analysis), world)
            if known["execution_arn"] != execution.arn:
                return repeated({**existing, "REQUEST": known})
        else:
            return repeated(existing)
        earlier_attempts = int(known.get("earlier_attempts", 0))
    elif question:
        from router.asking import ask

        opinion, attempt = ask(question, world.llm, world.clock)
        outcome = reported(request.request_id, opinion, attempt)
        plan = _plan_with(opinion, outcome, decision, rows[0], world)
    expires_at = text_expiry(config, at)
    return plan_to_json(request, classification, plan, config, expires_at, earlier_attempts)


def _open_again(existing: Mapping[str, Row], rows: list[Row], route: Row, world: World) -> Row:
    """Return the REQUEST row as it stands now: this run's, or that of one that was faster."""
    failed = existing["REQUEST"]
    if not is_counted(failed):
        raise StoreUnavailable(
            f"request {failed['request_id']} failed a moment ago and is not in the sums yet:"
            " run it again in a minute"
        )
    request, *content = rows
    opened = reopened(existing, request | route)
    if world.store.reopen(failed, opened, content[0] if content else None):
        return opened
    return world.store.rows_of(failed["request_id"])["REQUEST"]


def _plan_again(decision: Decision, existing: Mapping[str, Row], world: World) -> Plan | None:
    """Return the plan of an earlier try that asked an LLM, without asking it again."""
    asked = existing.get(ASKED)
    if asked is None:
        return None
    if not is_open(asked):
        return decision.plan_with(opinion_of(asked))
    # That try died while asking: the call may be on the bill, and its answer is lost.
    outcome = unreported(asked["request_id"], "NoReport", iso(world.clock()))
    opinion = Opinion(None, outcome["cause"])
    return _plan_with(opinion, outcome, decision, existing["REQUEST"], world)


def _plan_with(
    opinion: Opinion, outcome: Mapping[str, Any], decision: Decision, request: Row, world: World
) -> Plan:
    plan = decision.plan_with(opinion)
    outcome = {**outcome, "tier": plan.tier}
    if world.store.record_opinion(request, routed(plan, world.stopwatch()), outcome):
        return plan
    # Another try was faster: what it wrote holds for both.
    written = world.store.rows_of(request["request_id"])[ASKED]
    return decision.plan_with(opinion_of(written))
