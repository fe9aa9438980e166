"""However rows are delivered, the sums are those of pricing each row once by hand."""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.budget_names import budget_key, summed
from cost_calculator.reconciliation import cells_without_slots, reconcile
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from tests.fakes.dynamodb import cancelled, service_error, timed_out
from tests.support.cost_rows import (
    HAIKU,
    PRICED_AT,
    RATES,
    SONNET,
    attempt,
    record,
    record_of,
    request,
    sums_by_hand,
)
from tests.support.desk import new_tables
from tests.support.tables import CONTROL, SPEND, USAGE

COUNTS = st.integers(0, 200_000)
BUDGETS = ["a#2026-11-21", "a#2026-11-21,a#2026-11", "b#2026-11,*#2026-11-21"]
AMOUNTS = st.decimals(Decimal("0.000001"), Decimal(1), places=6)
OUTCOMES = [
    "OK", "TRUNCATED", "REFUSED", "THROTTLED", "UNKNOWN", "REJECTED", "INVALID_ANSWER", "CACHED",
]  # fmt: skip


class Killed(BaseException):
    """The process dies here: nothing after this runs, as when a Lambda is stopped."""


@st.composite
def attempts(draw, request_id, number, budgets):
    usage = draw(
        st.one_of(
            st.none(),
            st.builds('{{"inputTokens": {}, "outputTokens": {}}}'.format, COUNTS, COUNTS),
            st.just('{"inputTokens": -1, "outputTokens": 1}'),
        )
    )
    return attempt(
        request_id,
        number,
        model=draw(st.sampled_from([HAIKU, SONNET, "mystery"])),
        outcome=draw(st.sampled_from(OUTCOMES)),
        usage=usage,
        retries=draw(st.integers(0, 3)),
        served=draw(st.booleans()),
        tenant=draw(st.sampled_from(["a", "b"])),
        ended_at=draw(st.sampled_from(["2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00.000Z"])),
        baseline_model=draw(st.sampled_from([SONNET, "mystery", None])),
        budgets=budgets,
    )


@st.composite
def streams(draw):
    rows = []
    for index in range(draw(st.integers(1, 8))):
        budgets = draw(st.sampled_from([None, *BUDGETS]))
        rows.append(
            request(
                f"r-{index}",
                status=draw(st.sampled_from(["SUCCEEDED", "FAILED"])),
                budgets=budgets,
                # Some were accepted when their budgets had shards.
                spread_budgets=draw(st.sampled_from([None, budgets])),
                reserved_usd=draw(AMOUNTS) if budgets else None,
            )
        )
        for number in range(1, draw(st.integers(0, 3)) + 1):
            rows.append(draw(attempts(f"r-{index}", number, budgets)))
    return rows


@st.composite
def deliveries(draw, rows):
    """Return batches: every row at least once, in any order, some of them again and again."""
    extra = draw(st.lists(st.sampled_from(rows), max_size=10))
    order = draw(st.permutations([*rows, *extra]))
    batches, start = [], 0
    while start < len(order):
        size = draw(st.integers(1, len(order) - start))
        batches.append(order[start : start + size])
        start += size
    return batches


FAULTS = {
    "conflict": lambda: cancelled("TransactionConflict"),
    "throttle": lambda: service_error("ThrottlingException"),
    "time-out": timed_out,
    "kill": Killed,
}


def table(rows):
    """Return the tables as they stand when all rows are written and none is priced."""
    fake = new_tables()
    for row in rows:
        fake.put(USAGE, to_item(row))
    for name, usd in by_budget(rows, "reserved_usd").items():
        fake.put(
            CONTROL, to_item({"key": budget_key(name), "committed_usd": usd, "reserved_usd": usd})
        )
    return fake


def by_budget(rows, attribute):
    """Add up an attribute of distinct rows by the budgets that they name."""
    sums = {}
    for row in {(row["request_id"], row["item"]): row for row in rows}.values():
        for name in filter(None, row.get("budgets", "").split(",")):
            sums[name] = sums.get(name, 0) + row.get(attribute, 0)
    return sums


def budgets(fake):
    return {
        name: {n: v for n, v in whole.items() if n != "key" and v}
        for name, whole in summed(map(from_item, fake.rows(CONTROL))).items()
    }


def charged(rows):
    """Price each distinct row once by hand; return its budgets with nothing reserved any more."""
    charges = by_budget([settle(row, RATES, PRICED_AT) for row in rows], "charge_usd")
    return {name: {"committed_usd": usd} if usd else {} for name, usd in charges.items()}


def cells(fake):
    found = cells_without_slots(map(from_item, fake.rows(SPEND)))
    return {key: sums for key, sums in found.items() if sums}


def work(fake, batches):
    """Deliver batches as the stream does: again after a kill, again what was reported failed."""
    store = LedgerStore(fake, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)
    images = {id(row): to_item(row) for batch in batches for row in batch}
    todo = [[(n, images[id(row)]) for n, row in enumerate(batch)] for batch in batches]
    while todo:
        batch = todo.pop(0)
        try:
            records = [record_of(image, n) for n, image in batch]
            report = price_records(records, store, RATES, PRICED_AT)
        except Killed:
            todo.insert(0, batch)
            continue
        again = [pair for pair in batch if f"{pair[0]:021d}" in report.failed]
        if again:
            todo.insert(0, again)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_order_duplication_batching_and_kill_schedule_gives_the_same_sums(data):
    rows = data.draw(streams())
    batches = data.draw(deliveries(rows))
    schedule = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["before", "after"]), st.sampled_from(["", *FAULTS])),
            max_size=12,
        )
    )
    fake = table(rows)

    def fault(_operation, when):
        if schedule and schedule[0][0] == when:
            _, name = schedule.pop(0)
            if name:
                raise FAULTS[name]()

    fake.fault = fault
    work(fake, batches)

    assert cells(fake) == sums_by_hand(rows)
    stored = [from_item(row) for row in fake.rows(USAGE)]
    assert all(row["cost_status"] != "PENDING" for row in stored)
    assert budgets(fake) == charged(rows)
    found = reconcile(
        stored,
        map(from_item, fake.rows(SPEND)),
        summed(map(from_item, fake.rows(CONTROL))).values(),
    )
    assert found.differences == ()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_two_workers_on_the_same_rows_count_each_once(data):
    rows = data.draw(streams())
    theirs = data.draw(deliveries(rows))
    fake = table(rows)
    other = LedgerStore(fake, USAGE, SPEND, CONTROL)
    turns = iter(theirs)

    def interleave(_operation, when):
        """Between the plan of one worker and its write, the other worker does a batch."""
        if when == "before" and (batch := next(turns, None)):
            price_records([record(row) for row in batch], other, RATES, PRICED_AT)

    fake.fault = interleave
    work(fake, data.draw(deliveries(rows)))

    assert cells(fake) == sums_by_hand(rows)
    assert budgets(fake) == charged(rows)


def test_a_thousand_requests_replayed_and_shuffled_three_times_reconcile_to_zero():
    shuffle = random.Random(20261121)
    rows = []
    for index in range(1_000):
        rows.append(request(f"r-{index}"))
        rows.append(attempt(f"r-{index}", tenant=f"t-{index % 5}"))
    fake = table(rows)

    def fault(_operation, when):
        if shuffle.random() < 0.2:
            raise shuffle.choice([cancelled("TransactionConflict"), Killed()])

    fake.fault = fault
    for _ in range(3):
        order = shuffle.sample(rows, len(rows))
        work(fake, [order[start : start + 100] for start in range(0, len(order), 100)])

    found = reconcile(map(from_item, fake.rows(USAGE)), map(from_item, fake.rows(SPEND)))
    assert (found.differences, found.pending) == ((), 0)
    assert found.total["cost_usd"] == 1_000 * Decimal("0.00000627")
    assert found.total["requests"] == 1_000
