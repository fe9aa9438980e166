"""The fake of DynamoDB does what moto does, whatever stands in the tables, for the product's calls.

What no emulator checks is not learnt here: the local cloud's tests send the same calls.
"""

from __future__ import annotations

import re
from decimal import Decimal

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from cost_calculator.aws.error_codes import code_of
from tests.fakes.conditions import name_of, plain
from tests.fakes.dynamodb import DynamoDB
from tests.fakes.expressions import names_in
from tests.support.product_calls import files_with_expressions, product_calls
from tests.support.tables import CONTROL, SPEND, USAGE, create_tables

INDEXED = ("accepted_at", "queued_at", "tenant", "queue", "day_shard")
KEYS = {USAGE: ("request_id", "item"), SPEND: ("day", "cell"), CONTROL: ("key",)}
EXPRESSIONS = ("ConditionExpression", "KeyConditionExpression", "FilterExpression",
               "UpdateExpression", "ProjectionExpression")  # fmt: skip


@pytest.fixture
def moto():
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1", **keys)
        create_tables(client)
        for table in account().values():
            table.stream_shard = None  # moto copies it with every transaction
        yield client


@pytest.fixture(scope="module")
def calls():
    return product_calls()


def test_every_file_with_an_expression_has_its_calls_among_those_compared(calls):
    assert files_with_expressions() - {call.file for call in calls.values()} == set()


def test_what_it_answers_and_leaves_behind_is_what_moto_does(moto, calls):
    def same(call, items):
        fake = filled(items)
        assert outcome(fake, call) == outcome(moto, call)
        for name, table in account().items():
            kept = [item.to_json()["Attributes"] for item in table.all_items()]
            assert unordered(fake.rows(name)) == unordered(kept)

    for call in calls.values():
        same(call, call.found)
        settings(max_examples=6)(given(st.just(call), stands(call))(same))()


def parts(call):
    """Yield each table that a call is about, with what it says of it."""
    if call.operation == "transact_write_items":
        for action in call.arguments["TransactItems"]:
            (part,) = action.values()
            yield part["TableName"], part
    elif call.operation == "batch_get_item":
        yield from call.arguments["RequestItems"].items()
    else:
        yield call.arguments["TableName"], call.arguments


@st.composite
def stands(draw, call):
    """Draw what may stand in the tables: on the keys and attributes that the call is about."""
    found = []
    for table, part in parts(call):
        names = part.get("ExpressionAttributeNames", {})
        compared = beside(part, names)
        used = {n for e in EXPRESSIONS if e in part for n in names_in(part[e], names)}
        keys = part.get("Keys") or [part.get("Key") or part.get("Item")]
        for key in keys if keys[0] else [None] * draw(st.integers(1, 5)):
            if draw(st.integers(0, 3)) == 0 and key:
                continue  # nothing is there
            item = {}
            for name in sorted(used):
                kind = "S" if name in INDEXED else None
                if value := draw(st.sampled_from([*near(compared.get(name, []), kind), None])):
                    item[name] = value
            for number, name in enumerate(KEYS[table]):
                others = compared.get(name) or [{"S": f"{number}-{len(found)}"}]
                item[name] = key[name] if key else draw(st.sampled_from(near(others, "S")))
            found.append((table, item))
    return found


def beside(part, names):
    """Return the values that each attribute is compared with, set to or increased by."""
    found = {}
    for expression in EXPRESSIONS:
        text = re.sub(r"IN \((:\w+).*?\)", r"= \1", part.get(expression, ""))
        for token, value in re.findall(r"(#?\w+)(?: <?>?=? ?|, )(:\w+)", text):
            held = part["ExpressionAttributeValues"][value]
            found.setdefault(name_of(token, names), []).append(held)
    return found


def near(values, kind=None):
    """Return values and others that are nearly those.

    All of one type: what is of another is an error of its own in each emulator, and no row is.
    """
    others = []
    for value in values:
        ((kind, held),) = value.items()
        if kind == "N":
            others += [{"N": str(Decimal(held) + 1)}, {"N": str(Decimal(held) - 1)}]
        elif kind == "S":
            others += [{"S": held + "~"}, {"S": held[:-1] or "~"}]
    others += [other for other in ({"S": "r-1"}, {"N": "0"}, {"M": {}}) if kind in (None, *other)]
    return [*values, *values, *values, *others]


def filled(items):
    """Put the items into moto's tables, nothing else left there, and into a fake.

    Not by its calls: they take ten times as long as the one that is compared.
    """
    fake = DynamoDB()
    create_tables(fake)
    for table in account().values():
        table.items.clear()
    for table, item in items:
        fake.put(table, item)
        account()[table].put_item(item)
    return fake


def account():
    """Return moto's own tables."""
    return dynamodb_backends["123456789012"]["us-east-1"].tables


def outcome(client, call):
    """Return the answer, or the error's code and what each action of a transaction came to."""
    try:
        answer = getattr(client, call.operation)(**call.arguments)
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", [])
        return code_of(error), [(r["Code"], read(r.get("Item"))) for r in reasons]
    if "Responses" in answer:
        return [{table: unordered(items) for table, items in answer["Responses"].items()},
                answer["UnprocessedKeys"]]  # fmt: skip
    items = answer.get("Items", [])
    order = [*map(read, items)]
    if index := call.arguments.get("IndexName"):  # two that are equal in it are in no order
        place = "queued_at" if index == "by-queue" else "accepted_at"
        order = [item.get(place) for item in items]
    if call.operation == "scan":
        order = []
    return read(answer.get("Item")), unordered(items), order, answer.get("LastEvaluatedKey")


def read(item):
    return {name: plain(value) for name, value in (item or {}).items()}


def unordered(items):
    return sorted(map(read, items), key=lambda item: repr(sorted(item.items())))
