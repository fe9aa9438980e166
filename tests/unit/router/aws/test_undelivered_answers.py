from __future__ import annotations

from typing import Any

import pytest

from cost_calculator.aws.items import from_item, to_item
from router.aws.undelivered_answers import UndeliveredAnswers
from router.errors import StoreUnavailable
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.tables import USAGE

KEY = {"request_id": "acme/r-1", "item": "REQUEST"}


@pytest.fixture
def undelivered(dynamodb: DynamoDB) -> UndeliveredAnswers:
    return UndeliveredAnswers(dynamodb, USAGE)  # type: ignore[arg-type]


def row(dynamodb: DynamoDB) -> dict[str, Any] | None:
    found = dynamodb.get_item(TableName=USAGE, Key=to_item(KEY))
    return from_item(found["Item"]) if "Item" in found else None


def test_the_mark_comes_and_goes_and_the_rest_of_the_row_stays(
    dynamodb: DynamoDB, undelivered: UndeliveredAnswers
) -> None:
    dynamodb.put_item(TableName=USAGE, Item=to_item(KEY | {"status": "ACCEPTED"}))

    undelivered.note("acme/r-1")
    assert row(dynamodb) == KEY | {"status": "ACCEPTED", "undelivered": True}
    for _ in range(2):
        undelivered.clear("acme/r-1")
        assert row(dynamodb) == KEY | {"status": "ACCEPTED"}


def test_a_request_without_a_row_gets_none(
    dynamodb: DynamoDB, undelivered: UndeliveredAnswers
) -> None:
    undelivered.note("acme/r-1")
    undelivered.clear("acme/r-1")

    assert row(dynamodb) is None


def test_a_table_that_does_not_answer_is_said_to_be_unavailable() -> None:
    class Throttled:
        def update_item(self, **_: Any) -> None:
            raise service_error("ThrottlingException")

    with pytest.raises(StoreUnavailable):
        UndeliveredAnswers(Throttled(), USAGE).note("acme/r-1")  # type: ignore[arg-type]
