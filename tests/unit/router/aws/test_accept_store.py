from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.rows import Row
from router.acceptance.control_memory import KEPT_SECONDS
from router.acceptance.ports import Acceptance, ReadResult
from router.aws import accept_store as module
from router.aws.accept_store import AcceptStore
from router.errors import StoreUnavailable
from router.guards.conditional_update import ConditionalUpdate
from tests.fakes.dynamodb import DynamoDB, cancelled, service_error
from tests.support.dependencies import accept_store
from tests.support.desk import Desk
from tests.support.factories import accepted, analyzer, config
from tests.support.tables import CONTROL, USAGE

ANALYZE_SECONDS = 15  # as terraform/function_analyze.tf has it


def row(request_id: str = "r-1") -> Row:
    return accepted(request_id=request_id, confidence=Decimal("0.9"))


TAKE_ONE = ConditionalUpdate("purse", "ADD taken :one", "taken < :most", {":one": 1, ":most": 2})


@pytest.fixture
def store(dynamodb: DynamoDB) -> AcceptStore:
    dynamodb.put_item(TableName=CONTROL, Item={"key": {"S": "purse"}, "taken": {"N": "0"}})
    dynamodb.calls.clear()
    return accept_store(dynamodb)


def taken(store: AcceptStore) -> int:
    return int(store.read(["purse"]).control["purse"]["taken"])


def test_items_of_both_tables_come_in_one_round_trip(
    dynamodb: DynamoDB, store: AcceptStore
) -> None:
    cached = {"request_id": {"S": "CACHE#1"}, "item": {"S": "CONTENT"}, "output": {"S": "Paris."}}
    dynamodb.put(USAGE, cached)

    found = store.read(["purse", "nothing there"], cache_key="CACHE#1")

    assert set(found.control) == {"purse"}
    assert found.cached is not None
    assert found.cached["output"] == "Paris."
    assert dynamodb.calls == ["BatchGetItem"]


def test_nothing_is_read_where_nothing_is_asked_for(dynamodb: DynamoDB, store: AcceptStore) -> None:

    assert store.read(()) == ReadResult()
    assert dynamodb.calls == []


def test_a_read_that_is_not_answered_in_full_is_no_answer(
    dynamodb: DynamoDB, store: AcceptStore
) -> None:
    dynamodb.unprocessed = 1

    with pytest.raises(StoreUnavailable):
        store.read(["purse"])


def test_rows_and_guards_are_written_together(store: AcceptStore) -> None:
    assert store.accept([row()], [TAKE_ONE]) == Acceptance()

    assert taken(store) == 1
    assert set(store.rows_of("r-1")) == {"REQUEST"}


def test_a_guard_that_refuses_keeps_the_rows_out_and_shows_its_item(store: AcceptStore) -> None:
    for number in range(2):
        store.accept([row(f"r-{number}")], [TAKE_ONE])

    acceptance = store.accept([row("r-2")], [TAKE_ONE])

    assert acceptance.refused["purse"]["taken"] == 2
    assert store.rows_of("r-2") == {}


def test_a_request_that_stands_already_takes_nothing_whatever_its_guards_say(
    store: AcceptStore,
) -> None:
    store.accept([row()], [TAKE_ONE])
    again = store.accept([row()], [TAKE_ONE])
    store.accept([row("r-2")], [TAKE_ONE])
    when_all_is_taken = store.accept([row()], [TAKE_ONE])

    assert again.existing is not None
    assert again.existing["REQUEST"]["execution_arn"] == "arn:run-1"
    assert when_all_is_taken.existing == again.existing
    assert taken(store) == 2


@pytest.mark.parametrize(
    "passing",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "None"),
        service_error("ThrottlingException"),
    ],
)
def test_a_conflict_or_a_throttle_is_tried_again_and_is_no_verdict(
    dynamodb: DynamoDB, store: AcceptStore, passing: Exception
) -> None:
    dynamodb.fail(passing, passing)

    assert store.accept([row()], [TAKE_ONE]) == Acceptance()
    assert taken(store) == 1


def test_contention_that_does_not_end_is_no_verdict_either(
    dynamodb: DynamoDB, store: AcceptStore
) -> None:
    dynamodb.fail(*[cancelled("None", "TransactionConflict")] * 50)

    with pytest.raises(StoreUnavailable):
        store.accept([row()], [TAKE_ONE])


def test_all_guards_together_cost_one_round_trip_to_read_and_one_to_write(
    dynamodb: DynamoDB,
) -> None:
    limits = {"budget": {"day_usd": 5, "month_usd": 50}, "rate": {"requests": 60, "tokens": 10**6}}
    settings = config(budget={"day_usd": 50}, tenants={"*": limits}, breaker={"throttles": 5})
    at = Desk(settings, dynamodb)

    at.ask("r-1")
    at.ask("r-2")

    assert dynamodb.calls == ["BatchGetItem", "TransactWriteItems"] * 2


def test_without_guards_a_request_costs_one_round_trip_and_a_read_every_few_seconds(
    dynamodb: DynamoDB,
) -> None:
    at = Desk(config(breaker={"throttles": 5}, analyzer=analyzer("hybrid")), dynamodb)

    at.ask("r-1")
    at.ask("r-2")
    assert dynamodb.calls == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]
    at.pass_time(KEPT_SECONDS)
    at.ask("r-3")
    assert dynamodb.calls[3:] == ["BatchGetItem", "TransactWriteItems"]


def test_a_table_that_hangs_leaves_the_function_time_to_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("USAGE_TABLE", "CONTROL_TABLE", "SPEND_TABLE"):
        monkeypatch.setenv(name, "table")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    module.accept_store.cache_clear()

    config: Any = module.accept_store()._client.meta.config

    one_call = (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"]
    assert one_call < ANALYZE_SECONDS - 5
