"""A budget at which many requests meet: it lends to shards, and stays one budget for everybody."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.budget_names import BUDGET_SHARDS, shard_key
from cost_calculator.stream import price_records
from router.acceptance.control_memory import KEPT_SECONDS
from router.errors import BudgetExceeded, StoreUnavailable
from router.guards.budgets import LIMITS_KEY, attribute_of
from tests.fakes.dynamodb import DynamoDB, cancelled
from tests.support.cost_rows import PRICED_AT, RATES, attempt, record, request
from tests.support.desk import Desk, desk
from tests.support.tables import CONTROL, SPEND, USAGE

DAY = "budget#acme#2026-11-21"
NAME = "acme#2026-11-21"
LIMIT = Decimal(1000)


def spread(at: Desk, times: int = 2) -> None:
    """Let a request meet others at the budget's root, which it does not share from then on."""
    met = [cancelled("None", "None", "TransactionConflict")] * times
    at.client.fail(*met, on="TransactWriteItems")
    at.ask("r-0")


def acme(limit: Decimal = LIMIT, **changes: Any) -> Desk:
    return desk(tenants={"acme": {"budget": {"day_usd": float(limit)}}}, **changes)


def shards(at: Desk) -> dict[str, dict[str, Any]]:
    return {key: item for key, item in at.control.items() if key.startswith(f"{DAY}#")}


def whole(at: Desk) -> dict[str, Any]:
    [budget] = LedgerStore(at.client, USAGE, SPEND, CONTROL).all_budgets()
    return budget


@pytest.fixture
def at() -> Desk:
    found = acme()
    spread(found)
    return found


def test_a_budget_at_which_nobody_is_met_is_one_item() -> None:
    at = acme()
    for number in range(3):
        at.ask(f"r-{number}")

    assert set(at.control) == {DAY}
    assert "spread_budgets" not in at.row()
    assert at.client.calls == ["BatchGetItem", "TransactWriteItems"] * 3


def test_one_conflict_is_chance_and_spreads_nothing() -> None:
    at = acme()
    spread(at, times=1)

    assert set(at.control) == {DAY}


def test_at_the_second_conflict_the_root_lends_and_the_request_reserves_in_a_shard(
    at: Desk,
) -> None:
    reserved = at.row("r-0")["reserved_usd"]
    [shard] = shards(at).values()

    assert at.control[DAY]["lent_usd"] == at.control[DAY]["committed_usd"] == LIMIT / 2
    assert shard["committed_usd"] == shard["reserved_usd"] == reserved
    assert at.row("r-0")["spread_budgets"] == NAME
    assert whole(at)["committed_usd"] == reserved


def test_a_spread_budget_costs_a_request_no_write_more_and_a_read_every_few_seconds(
    at: Desk,
) -> None:
    at.ask("r-1")
    at.client.calls.clear()

    at.ask("r-2")
    assert at.client.calls == ["BatchGetItem", "TransactWriteItems"]
    at.pass_time(KEPT_SECONDS)
    at.ask("r-3")
    assert at.client.calls[2:] == ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]
    assert len(shards(at)) == 1  # the process stays where it met nobody


def test_a_process_that_meets_another_in_its_shard_goes_to_another_shard(at: Desk) -> None:
    at.client.fail(cancelled("None", "None", "TransactionConflict"), on="TransactWriteItems")
    at.ask("r-1")

    assert len(shards(at)) == 2


def test_how_much_is_used_is_the_sum_of_all_shards(at: Desk) -> None:
    at.control[shard_key(NAME, 5)] = {"committed_usd": Decimal(300)}
    at.control[shard_key(NAME, 6)] = {"committed_usd": Decimal(-50)}
    at.pass_time(KEPT_SECONDS)

    at.ask("r-1")

    percent = at.metered[-1][1]
    assert percent == pytest.approx(25, abs=0.1)


def test_the_soft_limit_goes_by_what_is_used_and_not_by_what_is_lent(at: Desk) -> None:
    at.control[DAY] |= {"committed_usd": Decimal(900), "lent_usd": Decimal(500)}
    at.label = "COMPLEX"
    at.pass_time(KEPT_SECONDS)

    assert at.ask("r-1")["route"] == "COMPLEX"


def test_a_refusal_names_what_is_left_of_the_whole_budget(at: Desk) -> None:
    root = at.control[DAY]
    at.control[DAY] = root | {"committed_usd": LIMIT, "lent_usd": LIMIT}
    part = LIMIT / BUDGET_SHARDS
    for number in range(BUDGET_SHARDS):
        at.control[shard_key(NAME, number)] = {"committed_usd": part}
    at.control[shard_key(NAME, 7)] = {"committed_usd": part - Decimal("0.0001")}
    at.pass_time(KEPT_SECONDS)

    with pytest.raises(BudgetExceeded, match=r"\$0.000100 is left of the \$1000.00 of tenant acme"):
        at.ask("r-1")


def test_what_is_left_over_in_many_shards_is_gathered_for_a_request_that_needs_it(
    at: Desk,
) -> None:
    reserved, part = at.row("r-0")["reserved_usd"], LIMIT / BUDGET_SHARDS
    at.control[DAY] |= {"committed_usd": LIMIT, "lent_usd": LIMIT}
    for number in range(BUDGET_SHARDS):
        crumb = reserved / 8 if number < 10 else 0
        at.control[shard_key(NAME, number)] = {"committed_usd": part - crumb}
    at.pass_time(KEPT_SECONDS)

    at.ask("r-1")

    assert whole(at)["committed_usd"] == LIMIT - reserved / 4
    with pytest.raises(BudgetExceeded):
        at.ask("r-2")


def test_a_limit_that_is_lowered_holds_for_what_was_lent_before(at: Desk) -> None:
    used = at.row("r-0")["reserved_usd"]
    limits = {"key": LIMITS_KEY, attribute_of("acme"): {"day_usd": used * Decimal("1.5")}}
    at.control[LIMITS_KEY] = limits
    at.pass_time(KEPT_SECONDS)

    with pytest.raises(BudgetExceeded):
        at.ask("r-1")
    assert whole(at)["committed_usd"] == used


def test_a_limit_that_is_lowered_leaves_what_is_still_under_it(at: Desk) -> None:
    used = at.row("r-0")["reserved_usd"]
    limits = {"key": LIMITS_KEY, attribute_of("acme"): {"day_usd": used * Decimal("2.5")}}
    at.control[LIMITS_KEY] = limits
    at.pass_time(KEPT_SECONDS)

    at.ask("r-1")
    with pytest.raises(BudgetExceeded):
        at.ask("r-2")
    assert whole(at)["committed_usd"] == 2 * used


def test_a_raised_limit_is_shown_though_requests_write_to_shards_alone(at: Desk) -> None:
    at.control[LIMITS_KEY] = {"key": LIMITS_KEY, attribute_of("acme"): {"day_usd": LIMIT * 2}}
    at.pass_time(KEPT_SECONDS)

    at.ask("r-1")

    assert whole(at)["limit_usd"] == LIMIT * 2


def test_the_next_day_begins_with_one_item(at: Desk) -> None:
    at.pass_time(24 * 3600)
    at.ask("r-1")

    assert at.control["budget#acme#2026-11-22"]["committed_usd"] > 0
    assert "lent_usd" not in at.control["budget#acme#2026-11-22"]


def test_a_retried_analysis_of_a_spread_budget_reserves_once(at: Desk) -> None:
    first = at.ask("r-1")

    for _ in range(3):  # by other processes as well
        assert Desk(at.config, at.client).ask("r-1") == first
    assert whole(at)["committed_usd"] == 2 * at.row("r-1")["reserved_usd"]


def test_of_processes_that_find_no_room_in_shards_one_lends(at: Desk) -> None:
    for number in range(BUDGET_SHARDS):
        at.control[shard_key(NAME, number)] = {"committed_usd": LIMIT / 2 / BUDGET_SHARDS}
    at.pass_time(KEPT_SECONDS)
    late = Desk(at.config, at.client, at.at)

    at.client.fail(lambda: late.ask("r-1"), on="UpdateItem")
    at.ask("r-2")

    assert at.control[DAY]["lent_usd"] == LIMIT / 2 + LIMIT / 4


def test_a_read_that_fails_amid_conflicts_lets_nothing_pass_without_a_reservation() -> None:
    at = acme(on_store_failure="accept")
    spread(at)
    at.client.fail(cancelled("None", "None", "TransactionConflict"), on="TransactWriteItems")
    fault, at.client.unprocessed = at.client.fault, 0

    def busy(operation: str, when: str) -> None:
        if operation == "TransactWriteItems" and when == "before":
            at.client.unprocessed = 1
        fault(operation, when)

    at.client.fault = busy
    with pytest.raises(StoreUnavailable):
        at.ask("r-1")
    assert list(at.requests()) == ["acme/r-0"]


def crowded(at: Desk, left: Decimal) -> None:
    """Let every transaction meet others, with so much left of the budget."""
    part = LIMIT / BUDGET_SHARDS
    at.control[DAY] |= {"committed_usd": LIMIT, "lent_usd": LIMIT}
    for number in range(BUDGET_SHARDS):
        at.control[shard_key(NAME, number)] = {"committed_usd": part - left / BUDGET_SHARDS}
    at.pass_time(KEPT_SECONDS)
    met = [cancelled("None", "None", "TransactionConflict")] * 100
    at.client.fail(*met, on="TransactWriteItems")


def test_a_request_for_the_last_of_a_budget_that_meets_others_all_the_time_is_refused(
    at: Desk,
) -> None:
    crowded(at, left=LIMIT / 100)

    with pytest.raises(BudgetExceeded, match="which many requests want at once"):
        at.ask("r-1")


def test_a_request_that_meets_others_while_there_is_enough_is_not_refused(at: Desk) -> None:
    crowded(at, left=LIMIT / 20)

    with pytest.raises(StoreUnavailable):
        at.ask("r-1")


def test_a_request_that_was_accepted_is_not_refused_when_its_analysis_is_retried_in_a_crowd(
    at: Desk,
) -> None:
    first = at.ask("r-1")
    crowded(at, left=LIMIT / 100)
    at.client.fail(*[cancelled("None", "None", "TransactionConflict")] * 6)

    with pytest.raises(StoreUnavailable):
        at.ask("r-1")
    at.client.fail()
    assert at.ask("r-1")["route"] == first["route"]


def price(client: DynamoDB, *rows: dict[str, Any]) -> None:
    for row in rows:
        client.put(USAGE, to_item(row))
    store = LedgerStore(client, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)
    assert price_records(map(record, rows), store, RATES, PRICED_AT).failed == {}


def budgets(client: DynamoDB) -> dict[str, dict[str, Any]]:
    return {item["key"]: item for item in map(from_item, client.rows(CONTROL))}


MARKS = {"budgets": NAME, "spread_budgets": NAME, "reserved_usd": Decimal(1)}


def test_a_price_gives_back_to_a_shard_so_that_no_two_readers_meet(dynamodb: DynamoDB) -> None:
    price(dynamodb, request(**MARKS), attempt(budgets=NAME))

    [(key, item)] = budgets(dynamodb).items()
    assert key.startswith(f"{DAY}#")
    assert item["reserved_usd"] == -1


def test_a_charge_that_nothing_was_given_back_for_goes_to_the_root(dynamodb: DynamoDB) -> None:
    charged = request(**MARKS | {"reserved_usd": Decimal(0)})
    price(dynamodb, charged)

    assert list(budgets(dynamodb)) == [DAY]


def test_a_reader_that_meets_another_writes_elsewhere(dynamodb: DynamoDB) -> None:
    seen: list[str] = []
    conflict = cancelled("None", "TransactionConflict", "TransactionConflict")

    class Noting:
        def transact_write_items(self, **asked: Any) -> None:
            updates = [action["Update"] for action in asked["TransactItems"]]
            seen.extend(u["Key"]["day"]["S"] + u["Key"]["cell"]["S"] for u in updates
                        if u["TableName"] == SPEND)  # fmt: skip
            if len(seen) < 30:
                raise conflict

    store = LedgerStore(Noting(), USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)  # type: ignore[arg-type]
    for number in range(30):
        price_records([record(request(f"r-{number}", **MARKS))], store, RATES, PRICED_AT)

    assert len(set(seen)) > 4
