"""Transactions that meet on an item conflict as often as ordered, and change nothing."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.support.patience import HANGS_SECONDS

CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}


@pytest.fixture(autouse=True)
def called_off(lab: Any) -> Iterator[None]:
    yield
    lab.control("conflicts", rate=0)


@pytest.fixture
def table(lab: Any) -> str:
    name = str(lab.name("table"))
    lab.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    return name


def put(table: str, key: str) -> dict[str, Any]:
    return {"Put": {"TableName": table, "Item": {"pk": {"S": key}}}}


def keys(lab: Any, table: str) -> list[str]:
    return [item["pk"]["S"] for item in lab.client("dynamodb").scan(TableName=table)["Items"]]


def test_a_transaction_is_cancelled_for_the_item_that_is_in_another(lab: Any, table: str) -> None:
    lab.control("conflicts", rate=1, key="budget#", count=1)
    database = lab.client("dynamodb")
    actions = [put(table, "request#1"), put(table, "budget#a")]

    with pytest.raises(database.exceptions.TransactionCanceledException) as cancelled:
        database.transact_write_items(TransactItems=actions)
    left = keys(lab, table)
    database.transact_write_items(TransactItems=actions)

    assert cancelled.value.response["CancellationReasons"] == [{"Code": "None"}, CONFLICT]
    assert left == []
    assert sorted(keys(lab, table)) == ["budget#a", "request#1"]
    assert lab.control("conflicts")["conflicts"] == 1


def test_a_single_write_of_such_an_item_is_refused_and_a_read_is_not(lab: Any, table: str) -> None:
    database, key = lab.client("dynamodb"), {"pk": {"S": "budget#a"}}
    database.put_item(TableName=table, Item=key)
    lab.control("conflicts", rate=1)
    writes = [
        lambda: database.put_item(TableName=table, Item=key),
        lambda: database.delete_item(TableName=table, Key=key),
        lambda: database.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
        ),
    ]

    for write in writes:
        with pytest.raises(database.exceptions.TransactionConflictException):
            write()

    assert database.get_item(TableName=table, Key=key)["Item"] == key
    with pytest.raises(database.exceptions.TransactionCanceledException):
        database.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key}}])


def test_a_share_of_the_writes_conflicts_and_the_same_ones_for_a_seed(lab: Any, table: str) -> None:
    database, numbers = lab.client("dynamodb"), itertools.count()

    def conflicts(seed: int) -> list[bool]:
        lab.control("conflicts", rate=0.3, seed=seed)
        met = []
        for _ in range(100):
            try:
                database.transact_write_items(TransactItems=[put(table, str(next(numbers)))])
                met.append(False)
            except ClientError:
                met.append(True)
        assert lab.control("conflicts")["conflicts"] == sum(met)
        return met

    first = conflicts(7)

    assert 15 < sum(first) < 45
    assert conflicts(7) == first
    assert conflicts(8) != first


def test_a_rate_that_is_none_is_refused_with_what_to_write(lab: Any) -> None:
    url = f"{lab.cloud.emulator_url}/_local/conflicts"

    answer = requests.post(url, json={"rate": 2}, timeout=HANGS_SECONDS)

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": 'write which share of the writes: {"rate": 0.2}'},
    )
