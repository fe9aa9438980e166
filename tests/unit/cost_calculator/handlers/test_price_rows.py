"""The Lambda: what it answers, what it logs, which metrics it prints."""

import importlib
import json
import sys

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.planning.fixed_costs import SERIES
from tests.support.cost_rows import HAIKU, SONNET, attempt, record, request
from tests.support.tables import CONTROL, SPEND, USAGE


@pytest.fixture
def handle(dynamodb, monkeypatch):
    for name, value in {
        "USAGE_TABLE": USAGE,
        "SPEND_TABLE": SPEND,
        "CONTROL_TABLE": CONTROL,
        "POWERTOOLS_SERVICE_NAME": "price_rows",
        "POWERTOOLS_METRICS_NAMESPACE": "Faregate",
        "METRIC_TENANTS": "acme",
        "DETAILED_METRICS": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "cost_calculator.handlers.price_rows", raising=False)
    return importlib.import_module("cost_calculator.handlers.price_rows").handler


def printed(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_only_the_poison_record_is_to_be_delivered_again(dynamodb, handle):
    rows = [request(), attempt(), attempt("r-poison", schema=9)]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    answer = handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    assert answer == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}


def test_each_attempt_has_one_log_line_with_exact_money_and_no_text(dynamodb, handle, caplog):
    row = attempt(input="a secret prompt")
    dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    handle({"Records": [record(row), record(row)]}, None)

    (line,) = [vars(entry) for entry in caplog.records if entry.message == "attempt priced"]
    assert (line["cost_usd"], line["model"], line["input_tokens"]) == ("0.00000627", HAIKU, 12)
    assert line["correlation_id"] == "r-1"
    assert "secret" not in str(line)


def test_metrics_have_a_series_for_named_tenants_only(dynamodb, handle, capsys):
    rows = [attempt(f"r-{n}", tenant=tenant) for n, tenant in enumerate(["acme", "x", "y", "z"])]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    series = {entry["tenant"]: entry for entry in printed(capsys) if "tenant" in entry}
    assert set(series) == {"acme", "other"}
    assert series["other"]["attempts"] == [3.0]
    assert series["acme"]["cost_usd"] == [pytest.approx(0.00000627)]
    assert series["acme"]["unpriced"] == [0.0]


def emitted(capsys):
    """Each printed record as its dimensions and its metrics."""
    for entry in printed(capsys):
        if "_aws" in entry:
            [directive] = entry["_aws"]["CloudWatchMetrics"]
            [dimensions] = directive["Dimensions"]
            metrics = {each["Name"]: sum(entry[each["Name"]]) for each in directive["Metrics"]}
            yield {name: entry[name] for name in dimensions}, metrics


def test_what_alarms_watch_is_added_up_over_all_models_and_tenants(dynamodb, handle, capsys):
    rows = [
        attempt("r-1", model="us.anthropic.claude-mystery-1"),
        attempt("r-2", tenant="acme", outcome="REJECTED", cause="AccessDenied", usage=None),
        attempt("r-3", outcome="REJECTED", cause="ModelNotFound", usage=None),
        attempt("r-6", outcome="REJECTED", cause="QuotaExhausted", usage=None),
        attempt("r-4", outcome="THROTTLED", cause="Throttled", usage=None),
        attempt("r-5"),
    ]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    series = list(emitted(capsys))
    [watched] = [metrics for dimensions, metrics in series if not dimensions]
    assert watched.pop("cost_usd") == pytest.approx(0.00000627)
    assert watched.pop("latency") == 6 * 812
    assert watched == {"unpriced": 1, "config_errors": 2, "quota_exhausted": 1, "throttles": 1}
    assert ({"model": HAIKU}, {"throttles": 1}) in series


def test_by_default_there_are_few_series_and_no_more_while_nothing_is_wrong(
    dynamodb, handle, capsys, monkeypatch
):
    monkeypatch.delenv("DETAILED_METRICS")
    rows = [request("r-1"), attempt("r-1"), attempt("r-2", tenant="acme", model=SONNET)]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    [(dimensions, metrics)] = emitted(capsys)
    assert dimensions == {}
    # and pending_age_seconds, which the sweep prints
    assert len(metrics) + 1 == SERIES
    assert set(metrics) == {"cost_usd", "latency"}


def test_requests_and_failures_are_counted_by_tier_and_tenant(dynamodb, handle, capsys):
    rows = [request("r-1"), request("r-2", status="FAILED"), request("r-3", tenant="x")]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))

    handle({"Records": [record(row, n) for n, row in enumerate(rows)]}, None)

    series = {dimensions["tenant"]: metrics for dimensions, metrics in emitted(capsys)}
    assert series == {
        "default": {"requests": 2, "failures": 1},
        "other": {"requests": 1, "failures": 0},
    }


def test_a_row_that_is_not_priced_is_told_with_its_requests_id(dynamodb, handle, caplog):
    handle({"Records": [record(attempt("r-poison", schema=9))]}, None)

    [line] = [vars(entry) for entry in caplog.records if entry.message == "row not priced"]
    assert line["correlation_id"] == "r-poison"
