"""A spread budget under whatever interleaving: processes that meet, die, and try again."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.budget_names import summed
from cost_calculator.reconciliation import reconcile
from cost_calculator.stream import price_records
from router.errors import BudgetExceeded, StoreUnavailable
from router.guards.budgets import LIMITS_KEY, attribute_of
from tests.fakes.dynamodb import DynamoDB, cancelled, timed_out
from tests.support.cost_rows import PRICED_AT, RATES, attempt, record, request
from tests.support.desk import Desk
from tests.support.factories import config
from tests.support.tables import CONTROL, SPEND, USAGE, create_tables

FEW = 4  # shards: enough to be apart, few enough to be emptied within an example
SAME = {"max_tokens": 500}


class Killed(BaseException):
    """The process dies here."""


class Busy(DynamoDB):
    """Transactions that meet others at budgets, as often as a test wishes."""

    met = staticmethod(lambda: False)

    def transact_write_items(self, **asked):
        reasons = [self.reason(next(iter(action.values()))) for action in asked["TransactItems"]]
        if "TransactionConflict" in reasons:
            raise cancelled(*reasons)
        return super().transact_write_items(**asked)

    def reason(self, action):
        hot = action["TableName"] == CONTROL and self.met()
        return "TransactionConflict" if hot else "None"


@contextmanager
def few_shards():
    with (
        patch("router.guards.budget_shards.BUDGET_SHARDS", FEW),
        patch("router.guards.budget_shards._MOST_POOR", FEW // 2),
        patch("cost_calculator.aws.ledger_store.BUDGET_SHARDS", FEW),
    ):
        yield


def settings_of(usd):
    return config(tenants={"acme": {"budget": {"day_usd": float(usd), "month_usd": 10**6}}})


def needed():
    """Return what every request here reserves."""
    at = Desk(settings_of(10**6))
    at.ask("r-0", **SAME)
    return at.row("r-0")["reserved_usd"]


NEEDED = needed()


class Deployment:
    """Processes of ``analyze`` and of ``price_rows`` over the same tables."""

    def __init__(self, limit):
        self.limit = self.largest = limit
        self.client = Busy()
        create_tables(self.client)
        self.processes = [Desk(settings_of(limit), self.client) for _ in range(3)]
        self.stores = [self._store() for _ in range(2)]
        self.asked = []

    def _store(self):
        return LedgerStore(self.client, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)

    def ask(self, number, request_id):
        """Let a process accept a request; return whether it was refused. A dead one is replaced."""
        if request_id not in self.asked:
            self.asked.append(request_id)
        try:
            self.processes[number].ask(request_id, **SAME)
        except BudgetExceeded:
            return True
        except StoreUnavailable:
            pass
        except Killed:
            self.processes[number] = Desk(
                self.processes[number].config, self.client, self.processes[number].at
            )
        return False

    def end(self, key, parts):
        """Close an accepted request, and price its rows in one batch or in two."""
        rows = {row["item"]: row for row in self.rows() if row["request_id"] == key}
        if rows["REQUEST"]["status"] != "ACCEPTED":
            return
        row = {**rows["REQUEST"], **closed(key)}
        call = attempt(key, tenant="acme", budgets=row["budgets"])
        for each in (row, call):
            self.client.put(USAGE, to_item(each))
        for number, batch in enumerate([[row, call]] if parts == 1 else [[call], [row]]):
            self.price(number, batch)

    def price(self, number, batch):
        """Price rows as the stream does: until it is done, by whichever process."""
        for _ in range(100):
            try:
                report = price_records(map(record, batch), self.stores[number], RATES, PRICED_AT)
            except Killed:
                self.stores[number] = self._store()
                continue
            if not report.failed:
                return
        raise AssertionError("the rows are never priced")

    def rows(self):
        return [from_item(row) for row in self.client.rows(USAGE)]

    def open_requests(self):
        return [row["request_id"] for row in self.rows() if row.get("status") == "ACCEPTED"]

    def budgets(self):
        return summed(map(from_item, self.client.rows(CONTROL)))

    def day(self):
        return self.budgets().get("acme#2026-11-21", {}).get("committed_usd", Decimal(0))

    def check(self):
        """What is committed is what the rows say; what was promised is within the limit."""
        rows = self.rows()
        cells = map(from_item, self.client.rows(SPEND))
        assert reconcile(rows, cells, self.budgets().values()).differences == ()
        promised = sum((promise(row, rows) for row in rows), Decimal(0))
        assert promised <= self.largest


def closed(key):
    kept = ("cost_status", "ended_at", "tier", "status", "attempts", "transitions", "queue")
    row = request(key)
    return {name: row[name] for name in kept}


def promise(row, rows):
    """Return what a row may cost: a reservation covers the calls that were made under it."""
    if row["item"] == "REQUEST":
        return row.get("charge_usd", row["reserved_usd"])
    if row["item"] != "ATTEMPT#01":
        return Decimal(0)
    [of] = [r for r in rows if (r["request_id"], r["item"]) == (row["request_id"], "REQUEST")]
    return row.get("charge_usd", Decimal(0)) if "charge_usd" in of else Decimal(0)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_interleaving_death_or_replay_passes_a_limit_or_loses_a_cent(data):
    with few_shards():
        at = Deployment(NEEDED * data.draw(st.integers(2, 40)))
        depth, steps = [0], [data.draw(st.integers(5, 60))]
        at.client.met = lambda: data.draw(st.integers(0, 9)) < 3

        def between(operation, when):
            """Another process acts between two calls of this one, or this one dies."""
            if depth[0] > 2 or steps[0] <= 0 or data.draw(st.integers(0, 9)) > 2:
                return
            what = data.draw(st.sampled_from(["act", "act", "kill", "time-out"]))
            if what == "act":
                act()
            elif operation == "TransactWriteItems" or what == "kill":
                raise Killed if what == "kill" else timed_out()

        def act():
            steps[0] -= 1
            depth[0] += 1
            try:
                step(data, at)
            finally:
                depth[0] -= 1

        at.client.fault = between
        while steps[0] > 0:
            act()
            at.check()
        at.client.fault, at.client.met = lambda *_: None, lambda: False

        for key in at.open_requests():
            at.end(key, 1)
        at.check()
        assert at.budgets().get("acme#2026-11-21", {}).get("reserved_usd", 0) == 0
        spend_the_rest(at)


def step(data, at):
    number = data.draw(st.integers(0, 2))
    what = data.draw(st.sampled_from(["new", "new", "new", "again", "end", "limit"]))
    if what == "new" or not at.asked:
        at.ask(number, f"r-{len(at.asked)}")
    elif what == "again":
        at.ask(number, data.draw(st.sampled_from(at.asked)))
    elif what == "limit":
        limit = NEEDED * data.draw(st.integers(2, 40))
        at.largest = max(at.largest, limit)
        at.client.put(
            CONTROL, to_item({"key": LIMITS_KEY, attribute_of("acme"): {"day_usd": limit}})
        )
        for process in at.processes:
            process.at += timedelta(seconds=5)
        at.limit = limit
    elif waiting := at.open_requests():
        at.end(data.draw(st.sampled_from(waiting)), data.draw(st.sampled_from([1, 2])))


def spend_the_rest(at):
    """What nobody holds any more can be spent: a refusal means that the request does not fit."""
    for process in at.processes:
        process.at += timedelta(seconds=5)
    for number in range(100):
        if at.ask(number % 3, f"rest-{number}"):
            break
    at.check()
    assert at.day() + NEEDED > at.limit
    assert at.day() <= max(at.limit, at.largest)


def test_requests_that_meet_at_a_budget_spread_over_shards_and_fill_it_to_the_last():
    with few_shards():
        at = Deployment(NEEDED * 30)
        busy = iter([True] * 6)
        at.client.met = lambda: next(busy, False)
        at.ask(0, "r-0")
        spend_the_rest(at)

        assert sum("#" in key.partition("2026")[2] for key in at.processes[0].control) > 1
        assert at.day() == NEEDED * 30
