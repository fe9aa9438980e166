"""The sweep prices what the stream lost; reprice what had no price; reconcile trusts nobody."""

import json
from datetime import UTC, datetime
from decimal import Decimal

from cost_calculator.__main__ import main
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.telemetry import emit_metrics, emit_pending_age
from cost_calculator.backlog import pending_age, reprice, sweep_queue
from cost_calculator.book import BOOK_PATH, PriceBook, default_book
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.rates import Rates, default_rates
from cost_calculator.rows import shard_of
from cost_calculator.stream import price_records
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, attempt, record, request
from tests.support.tables import CONTROL, SPEND, USAGE

LATER = datetime(2026, 11, 21, 11, tzinfo=UTC)
MYSTERY = "us.anthropic.claude-mystery-1"


def put(dynamodb, *rows):
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))


def sweep(dynamodb, older_than=LATER, limit=100):
    store = LedgerStore(dynamodb, USAGE, SPEND, CONTROL)
    report = sweep_queue(store, "PENDING", default_rates(), older_than, limit, emit_metrics)
    emit_pending_age(pending_age(store, datetime.now(UTC)))
    return report


def row_of(dynamodb, request_id):
    key = {"request_id": {"S": request_id}, "item": {"S": "ATTEMPT#01"}}
    return from_item(dynamodb.get_item(TableName=USAGE, Key=key)["Item"])


def test_sweep_prices_what_the_stream_lost_once(dynamodb, store):
    put(dynamodb, request(), attempt(), attempt("r-2"))
    price_records([record(attempt("r-2"))], store, RATES, PRICED_AT)

    assert sweep(dynamodb) == {"priced": 2, "duplicates": 0, "unpriced": 0, "failed": 0}
    assert sweep(dynamodb)["priced"] == 0
    found = reconcile_tables(store)
    assert (found.rows, found.pending, found.differences) == (3, 0, ())


def test_sweep_leaves_the_stream_its_head_start_and_keeps_its_limit(dynamodb):
    put(dynamodb, *(attempt(f"r-{n}") for n in range(5)))

    early = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert sweep(dynamodb, older_than=early)["priced"] == 0
    assert sweep(dynamodb, limit=2)["priced"] == 2


def test_the_age_of_the_oldest_pending_row_is_known(dynamodb, store):
    assert pending_age(store, LATER) == 0
    put(dynamodb, attempt("r-1", queued_at="2026-11-21T10:30:00.000Z"), attempt("r-2"))

    assert pending_age(store, LATER) == 3598  # r-2 was queued at 10:00:02


def test_sweep_prints_the_metrics_of_what_the_stream_lost_and_of_what_still_waits(dynamodb, capsys):
    put(dynamodb, attempt("r-1", model=MYSTERY), attempt("r-poison", tier=None))

    sweep(dynamodb)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["unpriced"] for line in printed if "unpriced" in line] == [[1.0]]
    [waits] = [line["pending_age_seconds"] for line in printed if "pending_age_seconds" in line]
    assert waits[0] > 0


def test_sweep_counts_a_row_it_cannot_read_and_goes_on(dynamodb):
    put(dynamodb, attempt("r-poison", tier=None), attempt())

    assert sweep(dynamodb) == {"priced": 1, "duplicates": 0, "unpriced": 0, "failed": 1}


def test_however_many_rows_cannot_be_read_they_keep_no_other_waiting(dynamodb):
    early = "2026-11-21T09:00:00.000Z"
    put(dynamodb, *(attempt(f"r-poison-{n}", schema=99, queued_at=early) for n in range(60)))
    put(dynamodb, *(attempt(f"r-{n}") for n in range(8)))

    report = sweep(dynamodb, limit=8)

    assert (report["priced"], report["failed"]) == (8, 60)


def test_reprice_prices_what_was_unpriced_once_a_row_exists(dynamodb, store):
    put(dynamodb, attempt(model=MYSTERY), attempt("r-2"))
    sweep(dynamodb)
    assert row_of(dynamodb, "r-1")["cost_status"] == "UNPRICED"
    assert reprice(store, RATES) == {
        "priced": 0,
        "duplicates": 0,
        "unpriced": 1,
        "failed": 0,
    }

    rows = [
        {"provider": "bedrock", "model": MYSTERY, "usd_per_mtok": {"input": "1", "output": "2"}}
    ]
    book = PriceBook(json.loads(BOOK_PATH.read_text()), {"rows": rows})
    report = reprice(store, Rates(book, RATES.aws))

    row = row_of(dynamodb, "r-1")
    assert report["priced"] == 1
    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", Decimal("0.00003"))
    assert row["price_version"].startswith("override:")
    assert row["unpriced_at"]
    assert "queue" not in row
    assert reprice(store, Rates(book, RATES.aws))["priced"] == 0
    found = reconcile_tables(store)
    assert found.differences == ()
    assert "unpriced" not in found.total


def test_reconcile_names_the_sum_that_is_not_that_of_its_rows(dynamodb, store, capsys):
    put(dynamodb, request(), attempt())
    sweep(dynamodb)
    tables = ["--usage-table", USAGE, "--spend-table", SPEND, "--control-table", CONTROL]
    assert main(["reconcile", *tables]) == 0
    assert "0 differences, $0.00" in capsys.readouterr().out

    (cell,) = dynamodb.scan(TableName=SPEND)["Items"]
    dynamodb.update_item(
        TableName=SPEND,
        Key={"day": cell["day"], "cell": cell["cell"]},
        UpdateExpression="ADD cost_usd :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    assert main(["reconcile", *tables]) == 1
    out = capsys.readouterr().out
    assert "cost_usd is 1.00000627, its rows add up to 0.00000627" in out
    assert main(["reconcile", "--json", *tables]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert difference["sum"] == "cost_usd"


def test_reprice_command_takes_the_users_own_rows(dynamodb, capsys, monkeypatch):
    put(dynamodb, attempt(model=MYSTERY))
    sweep(dynamodb)
    capsys.readouterr()
    tables = ["--usage-table", USAGE, "--spend-table", SPEND, "--control-table", CONTROL]
    assert main(["reprice", *tables]) == 0
    assert json.loads(capsys.readouterr().out)["unpriced"] == 1

    alias = {"aliases": {"bedrock": {MYSTERY: HAIKU}}}
    monkeypatch.setenv("PRICE_OVERRIDES", json.dumps(alias))
    default_book.cache_clear()

    assert main(["reprice", *tables]) == 0
    default_book.cache_clear()
    assert row_of(dynamodb, "r-1")["cost_usd"] == Decimal("0.00000627")


def in_place(request_id="r-1", accepted_at="2026-11-21T10:00:00.000Z", **changes):
    """A REQUEST row that ended and kept its place from when it was accepted."""
    queue = f"ACCEPTED#{shard_of(request_id)}"
    return request(
        request_id, accepted_at=accepted_at, queue=queue, queued_at=accepted_at, **changes
    )


def test_a_request_that_kept_its_place_is_swept_and_one_under_way_is_left(dynamodb, store):
    open_row = in_place("r-2", status="ACCEPTED", ended_at=None, cost_status=None)
    put(dynamodb, in_place(), open_row)

    assert sweep(dynamodb)["priced"] == 1
    assert reconcile_tables(store).total["requests"] == 1


def test_the_age_of_a_request_that_kept_its_place_is_that_of_its_end(dynamodb, store):
    put(dynamodb, in_place(ended_at="2026-11-21T10:40:00.000Z"))

    assert pending_age(store, LATER) == 1200
