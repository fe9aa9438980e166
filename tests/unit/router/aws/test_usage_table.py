"""Looks at several requests take one call, and say of which of them they know nothing."""

from __future__ import annotations

import pytest

from cost_calculator.aws.items import to_item
from router.aws.usage_table import UsageStore
from router.errors import StoreUnavailable
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.tables import USAGE, create_tables


@pytest.fixture
def client() -> DynamoDB:
    made = DynamoDB()
    create_tables(made)
    made.put(USAGE, to_item({"request_id": "r-1", "item": "REQUEST", "status": "ACCEPTED"}))
    return made


def test_requests_are_looked_at_in_one_call(client: DynamoDB) -> None:
    found = UsageStore(client, USAGE).requests_at(["r-1", "r-2"])

    assert found["r-2"] is None
    assert (found["r-1"] or {})["status"] == "ACCEPTED"
    assert client.calls == ["BatchGetItem"]


def test_a_request_that_was_not_read_is_not_said_to_be_missing(client: DynamoDB) -> None:
    client.unprocessed = 1

    assert UsageStore(client, USAGE).requests_at(["r-1"]) == {}


def test_a_table_that_does_not_answer_is_no_missing_request(client: DynamoDB) -> None:
    client.fail(service_error("InternalServerError", "BatchGetItem"), on="BatchGetItem")

    with pytest.raises(StoreUnavailable):
        UsageStore(client, USAGE).requests_at(["r-1"])
