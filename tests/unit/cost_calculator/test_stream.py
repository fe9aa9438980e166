"""The stream delivers; every row is priced once and every sum is that of the rows."""

from decimal import Decimal

import pytest

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.reconciliation import cells_without_slots
from cost_calculator.stream import price_records
from tests.fakes.dynamodb import cancelled, service_error, timed_out
from tests.support.cost_rows import PRICED_AT, RATES, attempt, record, request, sums_by_hand
from tests.support.tables import SPEND, USAGE


def put(dynamodb, rows):
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))


def deliver(store, rows):
    return price_records(
        [record(row, number) for number, row in enumerate(rows)], store, RATES, PRICED_AT
    )


def cells(dynamodb):
    return cells_without_slots(map(from_item, dynamodb.rows(SPEND)))


def usage_row(dynamodb, request_id="r-1", name="ATTEMPT#01"):
    key = {"request_id": {"S": request_id}, "item": {"S": name}}
    return from_item(dynamodb.get_item(TableName=USAGE, Key=key)["Item"])


ROWS = [request(), attempt(), attempt("r-2", outcome="THROTTLED", usage=None, served=False)]


def test_rows_and_sums_are_written_together(dynamodb, store):
    put(dynamodb, ROWS)

    report = deliver(store, ROWS)

    assert len(report.priced) == 3
    assert report.failed == {}
    assert cells(dynamodb) == sums_by_hand(ROWS)
    assert usage_row(dynamodb)["cost_usd"] == Decimal("0.00000627")
    assert "queue" not in usage_row(dynamodb)


def test_duplicates_in_one_batch_and_replays_change_nothing(dynamodb, store):
    put(dynamodb, ROWS)

    deliver(store, [*ROWS, *reversed(ROWS)])
    again = deliver(store, [*reversed(ROWS), attempt("r-2", outcome="OK")])

    assert again.priced == []
    assert again.failed == {}
    assert cells(dynamodb) == sums_by_hand(ROWS)


def test_new_row_in_a_batch_of_old_ones_is_still_priced(dynamodb, store):
    put(dynamodb, [*ROWS, attempt("r-3")])
    deliver(store, ROWS)

    report = deliver(store, [*ROWS, attempt("r-3")])

    assert [row["request_id"] for row in report.priced] == ["r-3"]
    assert cells(dynamodb) == sums_by_hand([*ROWS, attempt("r-3")])


def test_more_rows_than_a_transaction_takes_are_all_priced(dynamodb, store):
    rows = [attempt(f"r-{number}", tenant=f"t-{number % 7}") for number in range(230)]
    put(dynamodb, rows)

    report = deliver(store, rows)

    assert len(report.priced) == 230
    by_hand = sums_by_hand(rows)
    assert cells(dynamodb) == by_hand
    assert sum(cell["attempts"] for cell in by_hand.values()) == 230


def test_poison_record_is_named_and_the_rest_is_priced(dynamodb, store):
    poison = attempt("r-poison", tenant=None)
    put(dynamodb, [*ROWS, poison])

    report = deliver(store, [ROWS[0], poison, *ROWS[1:]])

    assert list(report.failed) == [f"{1:021d}"]
    assert cells(dynamodb) == sums_by_hand(ROWS)
    assert usage_row(dynamodb, "r-poison")["cost_status"] == "PENDING"


def test_row_deleted_in_the_meantime_is_not_made_anew(dynamodb, store):
    deliver(store, [attempt()])

    assert dynamodb.rows(USAGE) == []
    assert cells(dynamodb) == {}


def test_rows_that_are_not_pending_are_left_alone(dynamodb, store):
    content = {"request_id": "r-1", "item": "CONTENT", "input": "[]"}

    report = deliver(store, [content, {**attempt(), "cost_status": "PRICED"}])

    assert (report.priced, report.failed, cells(dynamodb)) == ([], {}, {})


@pytest.mark.parametrize(
    "fault",
    [
        ("before", cancelled("None", "TransactionConflict")),
        ("before", cancelled("ThrottlingError", "None")),
        ("before", service_error("ProvisionedThroughputExceededException")),
        ("before", service_error("TransactionInProgressException")),
        ("before", timed_out()),
        ("after", timed_out()),
        ("after", service_error("InternalServerError")),
    ],
)
def test_what_passes_is_tried_again_and_never_read_as_a_duplicate(dynamodb, fault):
    put(dynamodb, ROWS)
    waits = []
    when, error = fault
    dynamodb.fail(error, error, when=when)
    store = LedgerStore(dynamodb, USAGE, SPEND, sleep=waits.append)

    report = deliver(store, ROWS)

    assert report.failed == {}
    assert waits
    assert cells(dynamodb) == sums_by_hand(ROWS)


def test_conflict_that_does_not_pass_is_reported_and_the_row_stays_pending(dynamodb, store):
    put(dynamodb, [attempt()])
    dynamodb.fail(*[cancelled("TransactionConflict", "None")] * 50)

    report = deliver(store, [attempt()])

    dynamodb.fail()
    assert list(report.failed) == [f"{0:021d}"]
    assert usage_row(dynamodb)["cost_status"] == "PENDING"
    assert cells(dynamodb) == {}


def test_row_the_table_will_not_take_does_not_hold_up_the_others(dynamodb, store):
    too_large = attempt("r-large", provider="bedrock", usage=None, cause="x")
    put(dynamodb, [*ROWS, too_large])
    refusing = Refusing(dynamodb, "r-large")

    report = deliver(LedgerStore(refusing, USAGE, SPEND), [too_large, *ROWS])

    assert list(report.failed) == [f"{0:021d}"]
    assert cells(dynamodb) == sums_by_hand(ROWS)


def test_missing_right_fails_the_batch_at_once_and_loses_nothing(dynamodb, store):
    put(dynamodb, ROWS)
    dynamodb.fail(service_error("AccessDeniedException"))

    report = deliver(store, ROWS)

    assert len(report.failed) == len(ROWS)
    assert dynamodb.calls.count("TransactWriteItems") == 1
    assert usage_row(dynamodb)["cost_status"] == "PENDING"


class Refusing:
    """A client that finds one row invalid, whoever travels with it."""

    def __init__(self, client, request_id):
        self._client = client
        self._request_id = request_id

    def transact_write_items(self, TransactItems):  # noqa: N803 - boto3's name
        keys = [action["Update"]["Key"] for action in TransactItems]
        if any(key.get("request_id") == {"S": self._request_id} for key in keys):
            raise service_error("ValidationException")
        return self._client.transact_write_items(TransactItems=TransactItems)
