from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.clock import iso
from cost_calculator.rows import Row
from cost_calculator.settlement import settle
from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.aws.answers_bucket import answer_store
from router.aws.duplicate_store import DuplicateStore
from router.errors import InvalidRequest
from router.invocation.attempt import Attempt
from router.learning.look import look_at_all
from router.recording.attempt_rows import attempt_rows
from router.recording.facts import RequestFacts
from tests.fakes.dynamodb import DynamoDB
from tests.support.cost_rows import PRICED_AT, RATES, attempt
from tests.support.dependencies import accept_store, dependencies
from tests.support.factories import AT, HAIKU, SONNET, classification, config
from tests.support.tables import USAGE

ROUTING = {"raise_above": 1, "lower_below": 0, "duplicate": {"share": 1}}
PROMPT = "Design a cache, with its trade-offs."


class World:
    """Requests that are accepted for real, answered by hand, and looked at as the hours go."""

    def __init__(self, client: DynamoDB, **settings: Any) -> None:
        self.client = client
        self.store = accept_store(client)
        self.config = config(**{"routing": ROUTING, **settings})
        self.duplicates = DuplicateStore(client, USAGE, answer_store("answers"))
        self.queue: list[dict[str, Any]] = []
        self.now = AT

    def ask(self, payload: Any, label: str = "COMPLEX") -> dict[str, Any]:
        deps = dependencies(
            self.store,
            classify=lambda _messages: classification(label),
            clock=lambda: self.now,
        )
        name = payload["request_id"]
        return accept(payload, Execution(f"arn:{name}", name), self.config, deps)

    def answer(self, key: str, text: str, **changes: Any) -> None:
        row = self.rows(key)["REQUEST"]
        done = {
            "status": "SUCCEEDED",
            "ended_at": iso(self.now),
            "provider": row["planned_provider"],
            "model": row["planned_model"],
        }
        self.put({**row, **done, **changes})
        self.put({"request_id": key, "item": "ANSWER", "tenant": row["tenant"], "output": text})

    def look(self, hours: float = 1.01) -> dict[str, int]:
        self.now += timedelta(hours=hours)
        return dict(
            look_at_all(
                self.duplicates,
                lambda request: self.queue.append(dict(request)),
                iso(self.now),
                lambda: self.now,
                input_bytes=131072,
                judge="COMPLEX",
                has_time=lambda: True,
            )
        )

    def deliver(self) -> list[dict[str, Any]]:
        """Start what is in the queue, as ``ingest`` does."""
        waiting, self.queue = self.queue, []
        for request in waiting:
            self.ask(json.loads(json.dumps(request)))
        return waiting

    def rows(self, key: str) -> dict[str, Row]:
        return self.store.rows_of(key)

    def put(self, row: Row) -> None:
        self.client.put_item(TableName=USAGE, Item=to_item(row))


@pytest.fixture
def world(dynamodb: DynamoDB) -> World:
    return World(dynamodb)


def judge(request: dict[str, Any], scores: dict[str, int]) -> str:
    """Score the answers of a judge's request by their text."""
    shown = json.loads(request["messages"][0]["content"])["answers"]
    return json.dumps({place: scores[text] for place, text in shown.items()})


def until_judged(world: World, payload: Any, scores: dict[str, int]) -> Row:
    world.ask(payload)
    tenant = payload.get("tenant", "default")
    prefix = "" if tenant == "default" else f"{tenant}/"
    key = prefix + payload["request_id"]
    world.answer(key, "strong")
    world.look()
    [again] = world.deliver()
    world.answer(prefix + again["request_id"], "weak")
    world.look()
    for question in world.deliver():
        world.answer(prefix + question["request_id"], judge(question, scores))
    world.look()
    return world.rows(key)["DUPLICATE"]


def test_both_answers_are_judged_in_both_orders_and_the_scores_kept(world: World) -> None:
    asked = {"input": PROMPT, "request_id": "r-1", "tenant": "acme"}

    row = until_judged(world, asked, {"strong": 9, "weak": 6})

    assert row["outcome"] == "JUDGED"
    assert (float(row["strong"]), float(row["weak"]), row["agrees"]) == (0.9, 0.6, 1)
    assert (row["strong_model"], row["weak_model"]) == (SONNET, HAIKU)
    assert "queue" not in row
    assert len(row["steps"]) == 3
    first, second = (
        json.loads(json.loads(world.rows(key)["CONTENT"]["input"])["messages"][0]["content"])
        for key in row["steps"][1:]
    )
    assert first["answers"]["1"] == second["answers"]["2"]
    assert first["task"] == PROMPT
    assert world.look(30) == {}


def test_what_is_sent_is_a_request_of_the_same_tenant_for_the_cheapest_tier(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1", "tenant": "acme", "system": "Be brief.",
               "max_tokens": 99, "metadata": {"user": "ann"}})  # fmt: skip
    world.answer("acme/r-1", "strong")
    assert world.look() == {"sent": 1}

    [sent] = world.queue

    assert (sent["tenant"], sent["tier"], sent["cache"]) == ("acme", "SIMPLE", False)
    assert (sent["system"], sent["max_tokens"]) == ("Be brief.", 99)
    assert "metadata" not in sent
    world.deliver()
    row = world.rows(f"acme/{sent['request_id']}")["REQUEST"]
    assert (row["route"], row["workflow"], row["parent_id"]) == ("SIMPLE", "duplicates", "acme/r-1")
    assert "duplicated" not in row


def test_nothing_is_sent_before_the_request_is_answered(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})

    assert world.look() == {"waiting": 1}
    assert world.queue == []
    world.answer("r-1", "", status="FAILED")
    assert world.look() == {"NOT_ANSWERED": 1}


@pytest.mark.parametrize(
    ("payload", "label", "settings"),
    [
        ({}, "SIMPLE", {}),
        ({"tier": "COMPLEX"}, "COMPLEX", {}),
        ({}, "COMPLEX", {"store_text": False}),
        ({}, "COMPLEX", {"routing": {"raise_above": 1, "lower_below": 0}}),
        ({}, "COMPLEX", {"tenants": {"*": {"floor": "CALCULATION"}}}),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            "COMPLEX",
            {},
        ),
    ],
)
def test_what_cannot_be_compared_or_was_not_decided_is_not_drawn(
    dynamodb: DynamoDB, payload: dict[str, Any], label: str, settings: dict[str, Any]
) -> None:
    world = World(dynamodb, **settings)
    messages = [{"role": "user", "content": PROMPT}]

    world.ask({"messages": messages, "request_id": "r-1", **payload}, label)

    assert "DUPLICATE" not in world.rows("r-1")
    assert "duplicated" not in world.rows("r-1")["REQUEST"]


def test_a_share_is_drawn(dynamodb: DynamoDB) -> None:
    world = World(dynamodb, routing=ROUTING | {"duplicate": {"share": 0.3}})
    for number in range(60):
        world.ask({"input": PROMPT, "request_id": f"r-{number}"})

    drawn = sum("DUPLICATE" in world.rows(f"r-{number}") for number in range(60))

    assert 6 < drawn < 30


def test_a_message_that_starts_nothing_is_sent_again_but_not_for_ever(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})
    world.answer("r-1", "strong")

    looks = [world.look(1.5) for _ in range(4)]

    assert looks == [{"sent": 1}, {"sent": 1}, {"sent": 1}, {"NOT_STARTED": 1}]
    assert len({request["request_id"] for request in world.queue}) == 1


def test_a_day_is_enough(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})
    world.look()

    assert world.look(30) == {"EXPIRED": 1}


def test_a_judge_that_does_not_reply_as_asked_leaves_no_scores(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})
    world.answer("r-1", "strong")
    world.look()
    [again] = world.deliver()
    world.answer(again["request_id"], "weak")
    world.look()
    for question in world.deliver():
        world.answer(question["request_id"], "both are nice")

    assert world.look() == {"UNJUDGED": 1}
    assert "weak" not in world.rows("r-1")["DUPLICATE"]


def test_after_its_texts_were_erased_nothing_more_is_sent(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})
    world.answer("r-1", "strong", forgotten_at=iso(AT))

    assert world.look() == {"FORGOTTEN": 1}
    assert world.queue == []


def test_a_caller_cannot_pass_for_one_of_them(world: World) -> None:
    world.ask({"input": PROMPT, "request_id": "r-1"})

    with pytest.raises(InvalidRequest, match="Faregate's own"):
        world.ask({"input": "hi", "request_id": "r-2", "parent_id": "r-1",
                   "workflow": {"name": "duplicates"}})  # fmt: skip


def test_they_count_against_their_own_budget_and_no_limit_of_the_tenant(
    dynamodb: DynamoDB,
) -> None:
    limits = {"budget": {"day_usd": 5}, "rate": {"requests": 1}}
    world = World(
        dynamodb, tenants={"acme": limits}, workflow_budgets={"duplicates": {"day_usd": 1}}
    )
    world.ask({"input": PROMPT, "request_id": "r-1", "tenant": "acme"})
    world.answer("acme/r-1", "strong")
    world.look(0.001)

    [again] = world.deliver()

    row = world.rows(f"acme/{again['request_id']}")["REQUEST"]
    assert row["budgets"].startswith("workflow")
    assert "acme#" not in row["budgets"]


def test_their_answers_save_nothing() -> None:
    facts = RequestFacts.from_row(
        {"request_id": "dup-1", "execution_arn": "arn", "workflow": "duplicates"}, 0
    )
    call = attempt("dup-1")
    made = Attempt("bedrock", HAIKU, "OK", call["started_at"], call["ended_at"], 5)

    [row] = attempt_rows(facts, [made], call["ended_at"])
    settled = settle({**call, "purpose": row["purpose"]}, RATES, PRICED_AT)

    assert settled["cost_usd"] > 0
    assert settled["baseline_usd"] == 0
