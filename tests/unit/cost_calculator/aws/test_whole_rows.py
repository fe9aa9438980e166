"""The rows that an index names: all of them, in its order, as they are now."""

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.whole_rows import whole_rows
from tests.fakes.dynamodb import DynamoDB
from tests.support.tables import USAGE, create_tables


@pytest.fixture
def client():
    made = DynamoDB()
    create_tables(made)
    return made


def key(n):
    return to_item({"request_id": f"r-{n}", "item": "REQUEST"})


def names(rows):
    return [row["request_id"] for row in rows]


def test_more_rows_than_a_call_takes_come_in_the_order_of_the_index(client):
    for n in range(230):
        client.put(USAGE, key(n) | to_item({"model": "m"}))
    found = [key(n) for n in reversed(range(230))]

    rows = list(whole_rows(client, USAGE, found))

    assert names(rows) == [f"r-{n}" for n in reversed(range(230))]
    assert {row["model"] for row in rows} == {"m"}
    assert client.calls == ["BatchGetItem"] * 3


def test_a_row_that_is_gone_is_left_out(client):
    client.put(USAGE, key(2))

    assert names(whole_rows(client, USAGE, [key(1), key(2)])) == ["r-2"]


def test_rows_that_were_not_answered_at_once_are_asked_for_again(client):
    waited = []
    for n in range(3):
        client.put(USAGE, key(n))
    client.unprocessed = 1

    rows = list(whole_rows(client, USAGE, map(key, range(3)), sleep=waited.append))

    assert names(rows) == ["r-0", "r-1", "r-2"]
    assert len(waited) == 1
