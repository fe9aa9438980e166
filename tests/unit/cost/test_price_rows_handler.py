"""The Lambda: what it answers, what it logs, which metrics it prints."""

import importlib
import json
import sys

import pytest

from tests.cost_rows import HAIKU, attempt, item, record, request
from tests.tables import CONTROL, SPEND, USAGE


@pytest.fixture
def handle(dynamodb, monkeypatch):
    for name, value in {
        "USAGE_TABLE": USAGE,
        "SPEND_TABLE": SPEND,
        "CONTROL_TABLE": CONTROL,
        "POWERTOOLS_SERVICE_NAME": "price_rows",
        "POWERTOOLS_METRICS_NAMESPACE": "Switchyard",
        "METRIC_TENANTS": "acme",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "cost_calculator.handlers.price_rows", raising=False)
    return importlib.import_module("cost_calculator.handlers.price_rows").handler


def printed(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_only_the_poison_record_is_to_be_delivered_again(dynamodb, handle):
    rows = [request(), attempt(), attempt("r-poison", schema=9)]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=item(row))

    answer = handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}


def test_each_attempt_has_one_log_line_with_exact_money_and_no_text(dynamodb, handle, caplog):
    row = attempt(input="a secret prompt")
    dynamodb.put_item(TableName=USAGE, Item=item(row))

    handle({"Records": [record(row), record(row)]}, None)

    (line,) = [vars(entry) for entry in caplog.records if entry.message == "attempt priced"]
    assert (line["cost_usd"], line["model"], line["input_tokens"]) == ("0.00000627", HAIKU, 12)
    assert "secret" not in str(line)


def test_metrics_have_a_series_for_named_tenants_only(dynamodb, handle, capsys):
    rows = [attempt(f"r-{n}", tenant=tenant) for n, tenant in enumerate(["acme", "x", "y", "z"])]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=item(row))

    handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    series = {entry["tenant"]: entry for entry in printed(capsys) if "_aws" in entry}
    assert set(series) == {"acme", "other"}
    assert series["other"]["attempts"] == [3.0]
    assert series["acme"]["cost_usd"] == [pytest.approx(0.00000627)]
    assert series["acme"]["unpriced"] == [0.0]
