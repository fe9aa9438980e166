"""What a row counts against its budgets, and when its reservation is given up."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.backlog import reprice
from cost_calculator.book import default_book
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.contributions import commitment
from cost_calculator.ledger import Change, group
from cost_calculator.max_cost import most_of_call, most_of_tokens, most_overhead
from cost_calculator.overhead import aws_prices
from cost_calculator.rates import Rates
from cost_calculator.settlement import UnreadableRow, settle
from cost_calculator.stream import price_records
from cost_calculator.usage import Tokens
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import CONTROL, SPEND, USAGE

AT = datetime(2026, 11, 21, tzinfo=UTC)
BUDGETS = "acme#2026-11-21,acme#2026-11"


def charge(row):
    return settle(row, RATES, PRICED_AT)["charge_usd"]


def overhead(row):
    return settle(row, RATES, PRICED_AT)["overhead_usd"]


def test_a_row_without_a_budget_has_no_charge_and_writes_to_no_budget():
    settled = settle(attempt(), RATES, PRICED_AT)

    assert "charge_usd" not in settled
    assert Change(attempt(), settled).budgets() == {}


def test_a_priced_attempt_counts_its_cost_and_the_lambda_that_made_it():
    settled = settle(attempt(budgets=BUDGETS), RATES, PRICED_AT)

    assert settled["charge_usd"] == settled["cost_usd"] + settled["overhead_usd"]


def test_a_call_that_may_be_billed_counts_the_most_it_can_cost():
    row = attempt(outcome="UNKNOWN", usage=None, lambda_ms=None, budgets=BUDGETS)

    # 40 bytes as tokens written to the cache for an hour, and all of max_tokens.
    most = (40 * Decimal("0.22") + 2048 * Decimal("0.55")) / 10**6
    assert charge(row) == most + overhead(row)


def test_tokens_without_a_price_count_at_the_dearest_known_rates():
    row = attempt(model="mystery", lambda_ms=None, budgets=BUDGETS)
    dearest = default_book().most_expensive(AT)

    most = (12 * dearest["input"] + 9 * dearest["output"]) / 10**6
    assert charge(row) == most + overhead(row)
    assert charge(row) > charge(attempt(model=SONNET, lambda_ms=None, budgets=BUDGETS))


def test_usage_that_makes_no_sense_counts_like_none():
    nonsense = json.dumps({"inputTokens": -1, "outputTokens": 1})

    assert charge(attempt(usage=nonsense, budgets=BUDGETS)) == charge(
        attempt(usage=None, outcome="UNKNOWN", budgets=BUDGETS)
    )


def test_what_was_never_billed_counts_nothing_but_what_was_around_it():
    row = attempt(outcome="THROTTLED", usage=None, lambda_ms=None, budgets=BUDGETS)

    assert charge(row) == overhead(row) < Decimal("0.00001")


def test_a_row_that_cannot_be_bounded_is_not_charged_zero():
    with pytest.raises(UnreadableRow, match="max_tokens"):
        charge(attempt(outcome="UNKNOWN", usage=None, max_tokens=None, budgets=BUDGETS))


def test_the_price_of_a_model_can_be_no_dearer_than_its_bound():
    usage = Tokens(input=500, output=300, cache_read=100, cache_write_5m=200, cache_write_1h=200)
    most = most_of_call("bedrock", HAIKU, 1_000, 300, AT, book=default_book())

    settled = settle(
        attempt(
            usage=json.dumps(
                {
                    "inputTokens": usage.input,
                    "outputTokens": usage.output,
                    "cacheReadInputTokens": 100,
                    "cacheWriteInputTokens": 400,
                    "cacheDetails": [
                        {"ttl": "5m", "inputTokens": 200},
                        {"ttl": "1h", "inputTokens": 200},
                    ],
                }
            )
        ),
        RATES,
        PRICED_AT,
    )

    assert settled["cost_usd"] <= most
    assert settled["cost_usd"] <= most_of_tokens(usage, AT, book=default_book())


@pytest.mark.parametrize("workflow_type", ["STANDARD", "EXPRESS"])
def test_the_workflow_and_lambda_of_two_failed_calls_stay_under_their_bound(workflow_type):
    rows = [
        request(
            attempts=2, transitions=5 + 2 * 2 + 1 + 2 * 3, analyze_ms=14_000,
            workflow_type=workflow_type, ended_at="2026-11-21T10:05:00.000Z",
        ),
        attempt(number=0, purpose="classify", lambda_ms=None),
        *(attempt(number=n, outcome="UNKNOWN", usage=None, lambda_ms=270_000) for n in (1, 2)),
    ]  # fmt: skip

    spent = sum(settle(row, RATES, PRICED_AT)["overhead_usd"] for row in rows)

    assert spent <= most_overhead(2, workflow_type, 300, 512, aws_prices(), 0)


def test_a_reservation_is_held_until_the_request_is_priced():
    row = request(budgets=BUDGETS, reserved_usd=Decimal("0.25"))
    settled = settle(row, RATES, PRICED_AT)

    assert commitment(row) == {"committed_usd": Decimal("0.25"), "reserved_usd": Decimal("0.25")}
    assert commitment(settled) == {"committed_usd": settled["overhead_usd"]}
    assert Change(row, settled).budgets()["acme#2026-11"]["reserved_usd"] == Decimal("-0.25")


def test_a_reservation_is_given_up_after_the_calls_it_was_for_are_charged():
    rows = [request(budgets=BUDGETS, reserved_usd=Decimal(1))]
    rows += [attempt(number=n, model=f"model-{n}", budgets=BUDGETS) for n in range(1, 9)]
    changes = [Change(row, settle(row, RATES, PRICED_AT)) for row in rows]

    groups = list(group(changes, max_actions=8))

    assert len(groups) > 1
    assert [change.key[1] for planned in groups for change in planned.changes][-1] == "REQUEST"
    for planned in groups:
        written = len(planned.changes) + len(planned.cells) + len(planned.budgets)
        assert written <= 8


def test_rows_with_budgets_are_not_written_without_them(dynamodb):
    row = attempt(budgets=BUDGETS)
    dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    store = LedgerStore(dynamodb, USAGE, SPEND)

    with pytest.raises(ValueError, match="name the control table"):
        price_records([record(row)], store, RATES, PRICED_AT)


def test_a_new_price_moves_the_charge_by_the_difference(dynamodb, store):
    row = attempt(model="mystery", budgets=BUDGETS)
    dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row)], store, RATES, PRICED_AT)
    before = {it["key"]: it["committed_usd"] for it in store.all_budgets()}

    book = default_book().__class__(
        {"rows": [], "dated_aliases": {}, "aliases": {}},
        {
            "rows": [
                {
                    "provider": "bedrock",
                    "model": "mystery",
                    "usd_per_mtok": {"input": "1", "output": "2"},
                }
            ]
        },
    )
    reprice(store, Rates(book, RATES.aws))

    after = {it["key"]: it["committed_usd"] for it in store.all_budgets()}
    assert set(after) == {"budget#acme#2026-11-21", "budget#acme#2026-11"}
    assert all(after[key] < before[key] for key in after)
    assert reconcile_tables(store).differences == ()


def test_a_budget_that_is_not_that_of_its_rows_is_named(dynamodb, store):
    row = attempt(budgets=BUDGETS)
    dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row)], store, RATES, PRICED_AT)
    dynamodb.put_item(
        TableName=CONTROL, Item=to_item({"key": "budget#acme#2026-11", "committed_usd": Decimal(7)})
    )

    [difference] = reconcile_tables(store).differences

    assert (difference.cell, difference.name) == ("acme#2026-11", "committed_usd")
    assert difference.cell_says == 7
