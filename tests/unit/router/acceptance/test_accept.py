from __future__ import annotations

import base64
from typing import Any

import pytest

from cost_calculator.rows import shard_of
from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.aws.accept_store import AcceptStore
from router.errors import Conflict, InvalidRequest, PolicyDenied, StoreUnavailable
from tests.fakes.dynamodb import DynamoDB, cancelled
from tests.support.conversations import png
from tests.support.dependencies import accept_store, dependencies
from tests.support.desk import desk
from tests.support.factories import config

FIRST = Execution("arn:run-1", "run-1")
SECOND = Execution("arn:run-2", "run-2")


@pytest.fixture
def store(dynamodb: DynamoDB) -> AcceptStore:
    return accept_store(dynamodb)


def ask(
    store: AcceptStore, payload: Any, execution: Execution = FIRST, **changes: Any
) -> dict[str, Any]:
    return accept(payload, execution, config(**changes), dependencies(store))


def test_an_accepted_request_has_its_row_before_any_model_is_called(store: AcceptStore) -> None:
    plan = ask(store, {"input": "What is the capital of France?", "metadata": {"app": "chat"}})

    row = store.rows_of("run-1")["REQUEST"]
    assert plan["call"]["messages"][0]["content"] == "What is the capital of France?"
    assert (row["status"], row["execution_arn"], row["analyze_ms"]) == ("ACCEPTED", "arn:run-1", 3)
    assert row["queue"] == f"ACCEPTED#{shard_of('run-1')}"
    assert row["metadata"] == {"app": "chat"}
    assert "cost_status" not in row


def test_the_request_row_holds_no_text(store: AcceptStore) -> None:
    ask(store, {"input": "my secret prompt", "system": "my secret rules"})

    assert "secret" not in str(store.rows_of("run-1")["REQUEST"])
    assert "my secret prompt" in store.rows_of("run-1")["CONTENT"]["input"]


def test_where_text_is_not_stored_there_is_no_content_row(store: AcceptStore) -> None:
    ask(store, {"input": "my secret prompt"}, store_text=False)

    assert set(store.rows_of("run-1")) == {"REQUEST"}


def test_a_retried_analysis_accepts_once_and_plans_again(store: AcceptStore) -> None:
    first = ask(store, {"input": "hi"})

    assert ask(store, {"input": "hi"}) == first


def test_the_same_request_in_another_run_is_answered_from_its_rows(store: AcceptStore) -> None:
    ask(store, {"input": "hi", "request_id": "mine"}, FIRST)

    again = ask(store, {"input": "hi", "request_id": "mine"}, SECOND)

    assert again["route"] == "REPEATED"
    assert again["outcome"]["execution_arn"] == FIRST.arn
    assert again["call"] is None


def test_the_same_id_with_another_payload_is_a_conflict(store: AcceptStore) -> None:
    ask(store, {"input": "hi", "request_id": "mine"}, FIRST)

    with pytest.raises(Conflict, match="give a new request_id"):
        ask(store, {"input": "bye", "request_id": "mine"}, SECOND)


def test_a_refused_request_leaves_no_row(store: AcceptStore) -> None:
    with pytest.raises(InvalidRequest):
        ask(store, {"input": ""})
    with pytest.raises(InvalidRequest, match="`tier` must be one of"):
        ask(store, {"input": "hi", "tier": "cheap"})
    with pytest.raises(PolicyDenied):
        ask(store, {"input": "hi"}, tenants={"*": {"deny_providers": ["bedrock"]}})

    assert store.rows_of("run-1") == {}


def test_a_table_that_does_not_answer_is_no_verdict_on_the_request(
    dynamodb: DynamoDB, store: AcceptStore
) -> None:
    dynamodb.fail(*[cancelled("TransactionConflict")] * 50)

    with pytest.raises(StoreUnavailable):
        ask(store, {"input": "hi"})


def test_the_row_counts_the_files_of_a_conversation_and_no_others_have_counts() -> None:
    at = desk()
    picture = {"url": f"data:image/png;base64,{base64.b64encode(png()).decode()}"}
    parts = [{"type": "text", "text": "Which?"}, *[{"type": "image_url", "image_url": picture}] * 2]

    at.ask("r-1", messages=[{"role": "user", "content": parts}])
    at.ask("r-2")

    assert at.row("r-1")["images"] == 2
    assert "documents" not in at.row("r-1")
    assert at.row("r-2").keys().isdisjoint({"images", "documents"})
