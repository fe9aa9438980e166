"""The rows that close a request: what docs/data-model.md has, and what was written before."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.item_size import item_bytes
from cost_calculator.rows import shard_of
from cost_calculator.settlement import settle
from router.aws.usage_table import UsageStore
from router.conversation.said import Said
from router.invocation.attempt import Attempt
from router.recording.attempt_rows import attempt_rows, last_attempt
from router.recording.facts import RequestFacts
from router.recording.record import Closing, Decision, End, record
from tests.support.cost_rows import RATES
from tests.support.factories import HAIKU, SONNET, accepted
from tests.support.runs import (
    ARN,
    ASKED,
    DRAFT,
    ENDED,
    EXPIRES_AT,
    NOW,
    STARTED,
    USAGE,
    attempt,
    facts,
)
from tests.unit.router.invocation.test_attempt import ATTEMPTS

QUEUE = f"PENDING#{shard_of('r-1')}"
ANSWERED = End(NOW, 3, said=Said("Paris."))
CACHE = {"key": "CACHE#1", "ttl_seconds": 600}
# What price_rows alone writes.
COST_COLUMNS = {
    "cost_usd", "baseline_usd", "overhead_usd", "upper_estimate_usd", "charge_usd", "cost_parts",
    "overhead_parts", "price_version", "baseline_price_version", "priced_at", "cost_reason",
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "output_tokens", "overhead_status", "unpriced_at",
}  # fmt: skip


ANSWER = {
    "request_id": "r-1", "item": "ANSWER", "schema": 1, "tenant": "acme", "output": "Paris.",
    "expires_at": EXPIRES_AT,
}  # fmt: skip


def closed(*attempts: Attempt, end: End = ANSWERED, **changes: Any) -> Closing:
    return record(facts(**changes), attempts or (ASKED,), end)


def test_an_answered_request_is_closed_by_these_changes_and_no_others() -> None:
    closing = closed()

    assert (closing.request_id, closing.execution_arn) == ("r-1", ARN)
    assert closing.request == {
        "status": "SUCCEEDED",
        "ended_at": NOW,
        "tier": "SIMPLE",
        "attempts": 1,
        "transitions": 3,
        "cost_status": "PENDING",
        "provider": "bedrock",
        "model": HAIKU,
        "answer_bytes": item_bytes(ANSWER),
    }
    assert closing.answer == ANSWER
    assert (closing.review, closing.cached) == ({}, None)


def test_an_attempt_row_has_the_columns_it_always_had() -> None:
    [row] = closed().attempts

    assert row == {
        "request_id": "r-1",
        "item": "ATTEMPT#01",
        "schema": 1,
        "tenant": "acme",
        "tier": "SIMPLE",
        "purpose": "answer",
        "mode": "standard",
        "cost_status": "PENDING",
        "queue": QUEUE,
        "queued_at": NOW,
        "provider": "bedrock",
        "model": HAIKU,
        "outcome": "OK",
        "retries": 0,
        "served": 1,
        "started_at": STARTED,
        "ended_at": ENDED,
        "max_tokens": 2048,
        "input_bytes": 60,
        "baseline_provider": "bedrock",
        "baseline_model": SONNET,
        "latency_ms": 812,
        "lambda_ms": 830,
        "lambda_mb": 256,
        "usage": json.dumps(USAGE),
    }


def test_what_an_attempt_knows_beside_that_has_a_column_of_its_own() -> None:
    full = attempt(
        "UNKNOWN", "ModelTimeout", mode="flex", retries=2, response_model="m-2026", draft_s3=DRAFT,
        input_bytes=4321, max_tokens=99, detail="HTTP 500",
    )  # fmt: skip
    [row] = closed(full, budgets="acme#2026-11").attempts

    assert (row["mode"], row["retries"], row["served"]) == ("flex", 2, 0)
    assert (row["cause"], row["response_model"], row["draft_s3"]) == (
        "ModelTimeout", "m-2026", DRAFT,
    )  # fmt: skip
    assert (row["input_bytes"], row["max_tokens"]) == (4321, 99)
    assert row["budgets"] == "acme#2026-11"
    assert "detail" not in row


def test_the_row_of_an_attempt_is_one_that_pricing_takes() -> None:
    [row] = closed().attempts

    assert settle(row, RATES, NOW)["cost_status"] == "PRICED"


def test_a_usage_that_is_empty_is_known_and_one_that_is_not_known_is_absent() -> None:
    empty, missing = closed(replace(ASKED, usage={}), replace(ASKED, usage=None)).attempts

    assert empty["usage"] == "{}"
    assert "usage" not in missing


@pytest.mark.parametrize(
    ("end", "changes"),
    [
        (End(NOW, 3, said=Said("Par"), truncated=True), {"status": "TRUNCATED"}),
        (End(NOW, 3, said=Said("a"), altered=True), {"output_altered": True}),
        (End(NOW, 3, output_s3="s3://b/a"), {"output_s3": "s3://b/a"}),
    ],
)
def test_how_an_answer_came_is_on_the_row(end: End, changes: dict[str, Any]) -> None:
    request, usual = ({**closed(end=each).request} for each in (end, ANSWERED))
    for row in (request, usual):
        row.pop("answer_bytes", None)

    assert request == usual | changes


def test_an_answer_in_s3_is_not_in_the_table_and_where_no_text_is_kept_none_is() -> None:
    assert closed(end=End(NOW, 3, output_s3="s3://b/a")).answer is None
    assert closed(store_text=False).answer is None


def test_a_fallback_leaves_why_the_planned_model_did_not_serve() -> None:
    served = replace(ASKED, model=SONNET)

    after_refusal = closed(attempt("THROTTLED", "Throttled"), served).request
    nameless = closed(replace(attempt("UNKNOWN"), served=False), served).request
    repaired = closed(attempt("INVALID_ANSWER", "InvalidAnswer"), ASKED).request

    assert (after_refusal["fallback_cause"], after_refusal["model"]) == ("Throttled", SONNET)
    assert nameless["fallback_cause"] == "UNKNOWN"
    assert "fallback_cause" not in repaired  # the planned model served at last


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("REFUSED", "REFUSED"),
        ("FILTERED", "FILTERED"),
        ("BLOCKED", "BLOCKED"),
        ("THROTTLED", "FAILED"),
        ("UNKNOWN", "FAILED"),
        ("REJECTED", "FAILED"),
        ("BAD_RESPONSE", "FAILED"),
        ("INVALID_ANSWER", "FAILED"),
        ("OK", "FAILED"),  # a review that ended without an answer
    ],
)
def test_a_failed_request_has_its_cause_and_serves_nobody(outcome: str, status: str) -> None:
    closing = closed(attempt(outcome, "Why"), end=End(NOW, 7, cause="Why"), cache=CACHE)

    assert closing.request == {
        "status": status,
        "ended_at": NOW,
        "tier": "SIMPLE",
        "attempts": 1,
        "transitions": 7,
        "cost_status": "PENDING",
        "cause": "Why",
    }
    assert (closing.answer, closing.cached) == (None, None)


def test_a_request_without_any_attempt_failed() -> None:
    closing = record(facts(), (), End(NOW, 1, cause="Aborted"))

    assert (closing.request["status"], closing.request["attempts"]) == ("FAILED", 0)
    assert list(closing.attempts) == []


@pytest.mark.parametrize("cause", [None, "ReviewRejected"])
def test_a_review_is_closed_with_its_request_whatever_was_decided(cause: str | None) -> None:
    decision = Decision("APPROVED", "ann", "fine")
    end = End(NOW, 10, cause=cause, said=Said("Paris."), review=decision)

    closing = closed(end=end, cache=CACHE)

    assert (closing.request["review"], closing.request["reviewer"]) == ("APPROVED", "ann")
    assert closing.review == {
        "decision": "APPROVED", "reviewer": "ann", "decided_at": NOW, "note": "fine",
    }  # fmt: skip
    assert closing.cached is None


def test_an_answer_is_kept_for_others_until_its_time() -> None:
    closing = closed(cache=CACHE)

    assert closing.request["cache_key"] == "CACHE#1"
    assert closing.cached == {
        "request_id": "CACHE#1",
        "item": "CONTENT",
        "schema": 1,
        "tenant": "acme",
        "tier": "SIMPLE",
        "provider": "bedrock",
        "model": HAIKU,
        "output": "Paris.",
        "source": "r-1",
        "cached_at": NOW,
        "cache_until": 1795255202 + 600,
        "expires_at": 1795255202 + 600,
        "usage": json.dumps(USAGE),
    }


@pytest.mark.parametrize(
    ("attempts", "end"),
    [
        ((ASKED,), End(NOW, 3, said=Said("Par"), truncated=True)),
        ((ASKED,), End(NOW, 3, output_s3="s3://b/a")),
        ((ASKED,), End(NOW, 9, said=Said("Paris."), review=Decision("APPROVED", "ann"))),
        ((attempt("THROTTLED", "Throttled"), replace(ASKED, model=SONNET)), ANSWERED),
    ],
    ids=["truncated", "large", "reviewed", "fallback"],
)
def test_only_what_went_well_and_as_planned_is_kept(
    attempts: tuple[Attempt, ...], end: End
) -> None:
    closing = closed(*attempts, end=end, cache=CACHE)

    assert closing.cached is None
    assert "cache_key" not in closing.request


def test_an_erased_request_is_closed_without_text_and_names_no_kept_answer() -> None:
    closing = closed(cache=CACHE)
    left = closing.without_text()

    assert (left.answer, left.cached) == (None, None)
    assert left.request == closed(store_text=False).request
    assert left.attempts == closing.attempts


@given(
    st.lists(ATTEMPTS, min_size=1, max_size=40),
    st.integers(0, 60),
    st.booleans(),
    st.sampled_from([None, CACHE]),
    st.sampled_from([None, Decision("EDITED", "ann", "n")]),
    st.none() | st.just("Why"),
)
def test_any_attempts_give_one_transaction_that_the_table_takes(
    attempts: list[Attempt],
    earlier: int,
    store_text: bool,
    cache: dict[str, Any] | None,
    review: Decision | None,
    cause: str | None,
) -> None:
    secret = [replace(made, detail="the launch code is 0042") for made in attempts]
    known = facts(earlier_attempts=earlier, store_text=store_text, cache=cache)
    closing = record(known, secret, End(NOW, 3, cause=cause, said=Said("Paris."), review=review))
    client = Transactions()
    assert UsageStore(client, "usage").record(closing)  # type: ignore[arg-type]

    [actions] = client.sent
    bodies = [next(iter(action.values())) for action in actions]
    keys = [tuple((body.get("Key") or body["Item"])[it]["S"] for it in ("request_id", "item"))
            for body in bodies]  # fmt: skip
    assert len(keys) == len(set(keys)) <= 100
    numbers = [last_attempt([row["item"]]) for row in closing.attempts]
    assert numbers == list(range(earlier + 1, earlier + 1 + len(attempts)))
    assert closing.request["attempts"] == earlier + len(attempts)
    for row in (closing.request, *closing.attempts, closing.cached or {}):
        assert not COST_COLUMNS & row.keys()
        assert None not in row.values()
    assert "launch" not in str(actions)


class Transactions:
    """A client that takes every transaction and remembers it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def transact_write_items(self, TransactItems: Any) -> None:  # noqa: N803
        self.sent.append(TransactItems)


@given(ATTEMPTS)
def test_the_same_attempt_makes_the_same_row_whoever_closes_its_request(made: Attempt) -> None:
    row = accepted(
        tenant="acme", request_id="r-1", execution_arn=ARN, budgets="acme#2026-11",
        baseline_mode="standard",
    )  # fmt: skip
    recovered = RequestFacts.from_row(row, earlier_attempts=2)
    planned = facts(budgets="acme#2026-11", earlier_attempts=2)

    assert attempt_rows(recovered, [made], NOW) == attempt_rows(planned, [made], NOW)


@pytest.mark.parametrize(
    ("items", "last"),
    [
        ((), 0),
        (("REQUEST", "CONTENT", "ATTEMPT#00"), 0),
        (("ATTEMPT#01", "ATTEMPT#09", "ATTEMPT#02"), 9),
        (("ATTEMPT#99", "ATTEMPT#100"), 100),
        (("ATTEMPT#", "ATTEMPT#x", "ATTEMPT#03"), 3),
    ],
)
def test_attempts_are_numbered_on_from_the_last_one(items: tuple[str, ...], last: int) -> None:
    assert last_attempt(items) == last
