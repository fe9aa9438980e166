"""What the documents show is what the code does."""

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.telemetry import ATTEMPT_FIELDS
from cost_calculator.stream import price_records
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import create_tables
from tools.prices.document import DOCUMENTS, computed

DASHBOARDS = (Path(__file__).parents[3] / "docs" / "dashboards.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) (prelude|query)\n(.*?)^```$", DASHBOARDS, re.DOTALL | re.MULTILINE)
PRELUDE = next(code for _, kind, code in BLOCKS if kind == "prelude")
QUERIES = [(language, code) for language, kind, code in BLOCKS if kind == "query"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_figures_of_a_document_are_the_codes(document):
    text = document.read_text(encoding="utf-8")

    assert computed(text) == text, "run: python -m tools.prices document"


def test_documented_log_fields_are_those_written():
    listed = re.search(r"<!-- log fields -->\n(.*?)<!-- end -->", DASHBOARDS, re.DOTALL)

    assert listed
    assert re.findall(r"`(\w+)`", listed[1]) == list(ATTEMPT_FIELDS)


@pytest.fixture(scope="module")
def account():
    """A day of traffic: two requests answered, one failed, one attempt without a price."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        client = boto3.client("dynamodb")
        create_tables(client, prefix="faregate-")
        rows = [
            request("r-1", tenant="acme", day_shard="2026-11-21#5"),
            attempt("r-1", tenant="acme"),
            request("r-2", model=SONNET, tier="COMPLEX", day_shard="2026-11-21#1"),
            attempt("r-2", model=SONNET, tier="COMPLEX"),
            request("r-3", status="FAILED", cause="UNKNOWN", model=None, day_shard="2026-11-21#4"),
            attempt("r-3", outcome="UNKNOWN", usage=None, served=False),
            attempt("r-4", model="mystery"),
            attempt("r-5", ended_at="2026-11-16T00:00:00.000Z"),
        ]
        for row in rows:
            client.put_item(TableName="faregate-usage", Item=to_item(row))
        store = LedgerStore(client, "faregate-usage", "faregate-spend")
        price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)
        yield client


def run_query(client, number):
    language, code = QUERIES[number - 1]
    if language == "python":
        scope = {}
        exec(PRELUDE + code, scope)
        return scope["answer"]
    if language == "sql":
        return [from_item(i) for i in client.execute_statement(Statement=code.strip())["Items"]]
    return [from_item(found) for found in aws_cli(client, code)["Items"]]


def aws_cli(client, command):
    """Call what ``aws dynamodb …`` would call, with the arguments it would send."""
    _, _, operation, *words = shlex.split(command.replace("\\\n", " "))
    arguments = {}
    while words:
        option = words.pop(0).removeprefix("--")
        if option == "no-scan-index-forward":
            arguments["ScanIndexForward"] = False
            continue
        value = words.pop(0)
        name = "".join(part.capitalize() for part in option.split("-"))
        if name == "MaxItems":
            name, value = "Limit", int(value)
        arguments[name] = json.loads(value) if str(value).startswith("{") else value
    return getattr(client, operation)(**arguments)


def test_there_are_ten_queries():
    assert len(QUERIES) == 10


def test_query_1_spend_of_a_day(account):
    assert run_query(account, 1) == Decimal("0.00000627") + Decimal("0.0001254")


def test_query_2_spend_by_model(account):
    answer = run_query(account, 2)

    assert (answer[HAIKU], answer[SONNET]) == (Decimal("0.00001254"), Decimal("0.0001254"))


def test_query_3_sums_of_a_tenant(account):
    (cell,) = run_query(account, 3)

    assert (cell["cell"], cell["requests"]) == (f"acme#{HAIKU}#SIMPLE", 1)


def test_query_4_net_savings(account):
    overhead = sum(row.get("overhead_usd", 0) for row in day_rows(account))

    assert run_query(account, 4) == Decimal("0.0001254") - Decimal("0.00000627") - overhead


def day_rows(client):
    rows = map(from_item, client.scan(TableName="faregate-usage")["Items"])
    return [row for row in rows if row["ended_at"].startswith("2026-11-21")]


def test_query_5_attempts_without_a_price(account):
    assert [row["request_id"] for row in run_query(account, 5)] == ["r-4"]


def test_query_6_latest_requests_of_a_tenant(account):
    assert [row["request_id"] for row in run_query(account, 6)] == ["r-1"]


def test_query_7_everything_about_a_request(account):
    assert sorted(row["item"] for row in run_query(account, 7)) == ["ATTEMPT#01", "REQUEST"]


def test_query_8_failures_by_cause(account):
    assert run_query(account, 8) == {"UNKNOWN": 1}


def test_query_9_what_is_left_out(account):
    answer = run_query(account, 9)

    assert (answer["unpriced"], answer["unknown"], answer["invalid_usage"]) == (1, 1, 0)
    assert answer["upper_estimate_usd"] == Decimal("0.0011308")


def test_query_10_histogram(account):
    answer = run_query(account, 10)

    assert (answer[HAIKU], answer[SONNET]) == ({"10": 1}, {"1000": 1})
