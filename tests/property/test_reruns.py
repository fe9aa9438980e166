"""A request that fails and runs again, as often as it likes: its sums are those of its rows."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.reconciliation import reconcile
from cost_calculator.stream import price_records
from router.acceptance.reopen import reopened
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt, record_of, request
from tests.support.dependencies import accept_store
from tests.support.desk import new_tables
from tests.support.tables import SPEND, USAGE

DAYS = ("2026-11-21T10:00:02.000Z", "2026-11-22T10:00:02.000Z")
END = ("request_id", "item", "tenant", "schema")


class Life:
    """The rows of one request, written as the workflow, the stream and analyze write them."""

    def __init__(self):
        self.fake = new_tables()
        self.store = accept_store(self.fake)
        self.images = []
        self.attempts = 0

    def rows(self):
        return {row["item"]: row for row in map(from_item, self.fake.rows(USAGE))}

    def end(self, status, calls, model, day):
        """Close the run: a terminal row and its attempts, all PENDING."""
        before = self.rows().get("REQUEST", {})
        row = {
            **{name: v for name, v in before.items() if name not in END},
            **request(status=status, model=model, ended_at=day, transitions=3 + calls),
            "execution_arn": f"run-{before.get('runs', 1)}",
            "day_shard": "2026-11-21#0",
            "attempts": self.attempts + calls,
        }
        written = [row] + [
            attempt(number=self.attempts + n + 1, ended_at=day) for n in range(calls)
        ]
        self.attempts += calls
        images = [to_item(one) for one in written]
        for image in images:
            self.fake.put(USAGE, image)
        self.images += images

    def deliver(self, images):
        ledger = LedgerStore(self.fake, USAGE, SPEND, sleep=lambda _seconds: None)
        report = price_records(list(map(record_of, images)), ledger, RATES, PRICED_AT)
        assert report.failed == {}

    def reopen(self):
        rows = self.rows()
        run = rows["REQUEST"].get("runs", 1) + 1
        fresh = {
            **{name: rows["REQUEST"][name] for name in END},
            "status": "ACCEPTED",
            "execution_arn": f"run-{run}",
            "accepted_at": DAYS[0],
            "workflow_type": "STANDARD",
        }
        return rows["REQUEST"], reopened(rows, fresh)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_however_often_it_is_run_again_a_request_counts_once_and_every_call_is_paid_for(data):
    life, failures = Life(), data.draw(st.integers(1, 4))
    stale = None
    overhead = Decimal(0)
    for number in range(failures + 1):
        status = "FAILED" if number < failures else data.draw(st.sampled_from(["OK", "FAILED"]))
        life.end(
            "SUCCEEDED" if status == "OK" else status,
            data.draw(st.integers(0, 3)),
            data.draw(st.sampled_from([None, HAIKU, SONNET])),
            data.draw(st.sampled_from(DAYS)),
        )
        # Old images come again while the new ones still wait, and in any order.
        life.deliver(data.draw(st.lists(st.sampled_from(life.images), max_size=6)))
        life.deliver(data.draw(st.permutations(life.images)))
        assert life.rows()["REQUEST"]["overhead_usd"] > overhead
        overhead = life.rows()["REQUEST"]["overhead_usd"]
        if number < failures:
            before, after = life.reopen()
            assert life.store.reopen(before, after, [], []).existing is None
            assert life.store.reopen(before, after, [], []).existing
            if stale:
                assert life.store.reopen(*stale, [], []).existing
            stale = (before, after)

    rows = life.rows()
    sums = reconcile(rows.values(), map(from_item, life.fake.rows(SPEND)))
    assert (sums.differences, sums.pending) == ((), 0)
    assert sums.total["requests"] == 1
    assert sums.total.get("failures", 0) == (status == "FAILED")
    assert sums.total.get("attempts", 0) == life.attempts == len(rows) - 1
    assert sums.total["overhead_usd"] == rows["REQUEST"]["overhead_usd"] + sum(
        row.get("overhead_usd", 0) for row in rows.values() if row["item"] != "REQUEST"
    )


def test_what_earlier_runs_cost_around_the_models_is_counted_with_the_last():
    life = Life()
    life.end("FAILED", 1, None, DAYS[0])
    life.deliver(life.images)
    first = life.rows()["REQUEST"]["overhead_usd"]
    assert life.store.reopen(*life.reopen(), [], []).existing is None
    life.end("SUCCEEDED", 1, HAIKU, DAYS[0])
    life.deliver(life.images)

    row = life.rows()["REQUEST"]
    assert row["overhead_usd"] == 2 * first
