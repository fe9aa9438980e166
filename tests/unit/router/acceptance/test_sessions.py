"""What a session costs: on the rows, in sums of its own, and within its limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.reports import partitions, roll_up, session_partitions
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from router.errors import BudgetExceeded
from router.recording.attempt_rows import attempt_base
from router.recording.facts import RequestFacts
from tests.support.cost_rows import PRICED_AT, RATES, attempt, record
from tests.support.desk import Desk, desk
from tests.support.factories import HAIKU, SONNET
from tests.support.tables import CONTROL, SPEND, USAGE

SESSION = "budget#session:acme/chat-7#whole"
DAY = PRICED_AT[:10]


def asked(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"request_id": f"r-{number}", "session_id": "chat-7", **changes}


def cost_of_a_request() -> Decimal:
    free = desk()
    free.ask(**asked(session={"max_cost_usd": 1000}))
    reserved: Decimal = free.row()["reserved_usd"]
    return reserved


def priced(at: Desk, *numbers: int) -> LedgerStore:
    """End the requests with one call each, and price them."""
    store = LedgerStore(at.client, USAGE, SPEND, CONTROL)
    for number in numbers:
        accepted = at.row(f"r-{number}")
        row = accepted | {
            "status": "SUCCEEDED", "ended_at": PRICED_AT, "tier": "SIMPLE", "attempts": 1,
            "cost_status": "PENDING",
        }  # fmt: skip
        kept = {n: row[n] for n in ("budgets", "session_id") if n in row}
        call = attempt(row["request_id"], tenant="acme", **kept)
        for each in (row, call):
            at.client.put(USAGE, to_item(each))
        price_records([record(call), record(row, 2)], store, RATES, PRICED_AT)
    return store


def test_every_row_of_a_request_names_its_session() -> None:
    at = desk()

    plan = at.ask(**asked())

    assert at.row()["session_id"] == "chat-7"
    facts = RequestFacts.from_record("acme/r-1", "acme", "SIMPLE", plan["plan"]["record"], "arn:1")
    assert attempt_base(facts)["session_id"] == "chat-7"
    assert attempt_base(RequestFacts.from_row(at.row(), 0))["session_id"] == "chat-7"


def test_a_request_of_no_session_has_no_such_attribute_and_no_larger_plan() -> None:
    at = desk()

    plan = at.ask()

    assert "session_id" not in at.row()
    assert "session_id" not in plan["plan"]["record"]
    assert dict(at.control) == {}


def test_a_session_costs_what_its_requests_cost_and_is_counted_beside_the_others() -> None:
    at = desk()
    at.ask(**asked(1))
    at.ask(**asked(2))
    at.ask("r-3")
    store = priced(at, 1, 2, 3)

    all_rows = [settle(row, RATES, PRICED_AT) for row in store.all_rows() if "cost_status" in row]
    of_it = [row for row in all_rows if row.get("session_id") == "chat-7"]
    report = roll_up(store.cells_of(session_partitions([DAY])), "session")
    assert set(report.lines) == {"acme/chat-7"}
    sums = report.lines["acme/chat-7"]
    assert (sums["requests"], sums["attempts"]) == (2, 2)
    assert sums["cost_usd"] == sum(row.get("cost_usd", 0) for row in of_it)
    assert sums["overhead_usd"] == sum(row["overhead_usd"] for row in of_it)
    # The sums of the day are of all requests, once.
    assert roll_up(store.cells_of(partitions([DAY])), "model").total["requests"] == 3
    found = reconcile_tables(store)
    assert found.differences == ()
    assert found.total["requests"] == 3


def test_one_session_is_read_without_those_whose_names_begin_like_it() -> None:
    at = desk()
    at.ask(**asked(1))
    at.ask(**asked(2, session_id="chat-70"))
    store = priced(at, 1, 2)

    found = store.cells_of_tenant(session_partitions([DAY]), "acme", "chat-7")

    assert roll_up(found, "session").lines.keys() == {"acme/chat-7"}


def test_a_sum_of_a_session_that_is_not_that_of_its_rows_is_found() -> None:
    at = desk()
    at.ask(**asked())
    store = priced(at, 1)
    for cell in store.cells_of(session_partitions([DAY])):
        at.client.put(SPEND, to_item(cell | {"requests": Decimal(9)}))

    assert {d.name for d in reconcile_tables(store).differences} == {"requests"}


def test_a_session_is_refused_what_passes_its_limit_with_what_was_spent() -> None:
    one = cost_of_a_request()
    most = {"max_cost_usd": float(one * 2)}
    at = desk()

    at.ask(**asked(1, session=most))
    at.ask(**asked(2, session=most))
    with pytest.raises(BudgetExceeded, match=r"the session has spent \$0\.00 of the") as no:
        at.ask(**asked(3, session=most))

    assert "begin a new session" in str(no.value)
    assert at.control[SESSION]["committed_usd"] == one * 2
    assert at.metered == []  # there are too many sessions for series of their own


def test_a_session_of_another_tenant_has_a_limit_of_its_own() -> None:
    one = {"max_cost_usd": float(cost_of_a_request())}
    at = desk()

    at.ask(**asked(1, session=one))
    at.ask(**asked(2, session=one, tenant="zeta"))

    with pytest.raises(BudgetExceeded):
        at.ask(**asked(3, session=one))


@pytest.mark.parametrize("raised", [{}, {"session": {"max_cost_usd": 1000}}])
def test_the_deployment_s_limit_holds_for_each_session_and_no_caller_raises_it(
    raised: dict[str, Any],
) -> None:
    at = desk(session_usd=float(cost_of_a_request()))

    at.ask(**asked(1, **raised))
    at.ask(**asked(2, session_id="chat-8", **raised))
    at.ask("r-9")
    with pytest.raises(BudgetExceeded):
        at.ask(**asked(3, **raised))


def test_what_a_session_has_committed_is_what_its_rows_add_up_to() -> None:
    at = desk()
    at.ask(**asked(session={"max_cost_usd": 1}))
    store = priced(at, 1)

    rows = [row for row in store.all_rows() if "charge_usd" in row]
    assert at.control[SESSION]["committed_usd"] == sum(row["charge_usd"] for row in rows)
    assert at.control[SESSION]["reserved_usd"] == 0
    assert reconcile_tables(store).differences == ()


ROW = "session#acme/chat-7"
LONG = "word " * 8_000
TOOL = {"type": "function", "function": {"name": "look"}}


def turns(*said: str) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]


def talk(number: int, *said: str) -> dict[str, Any]:
    return asked(number, messages=turns(*said), tools=[TOOL])


def close_tiers(label: str) -> Desk:
    """Tiers close in price."""
    models = {
        "SIMPLE": ("bedrock", HAIKU),
        "CALCULATION": ("bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        "COMPLEX": ("bedrock", SONNET),
    }
    return desk(label, tiers={
        name: {"provider": provider, "model": model, "max_tokens": 4096, "fallbacks": []}
        for name, (provider, model) in models.items()
    })  # fmt: skip


def test_the_model_of_a_session_is_kept_for_as_long_as_its_prompt_is() -> None:
    at = desk("COMPLEX")

    at.ask(**talk(1, LONG))

    item = at.control[ROW]
    now = int(at.at.timestamp())
    assert item["served_by"] == f"bedrock/{SONNET}"
    assert (item["warm_until"], item["expires_at"]) == (now + 300, now + 3600)


def test_a_turn_that_would_do_with_less_stays_while_that_is_cheaper() -> None:
    at = close_tiers("COMPLEX")
    at.ask(**talk(1, LONG, "Which one?", "All of them."))
    at.pass_time(60)
    at.label = "CALCULATION"
    said = (LONG, "Which one?", "All of them.", "Yes.", "In short?")

    stays = at.ask(**talk(2, *said))
    at.pass_time(600)  # nothing is warm any more
    moves = at.ask(**talk(3, *said, "So.", "And shorter?"))

    assert (stays["route"], moves["route"]) == ("COMPLEX", "CALCULATION")
    assert at.row("r-2")["reasons"][0].startswith(f"stays with {SONNET}")


def test_the_row_follows_a_session_that_moves_down() -> None:
    at = close_tiers("COMPLEX")
    at.ask(**talk(1, LONG))
    at.pass_time(600)
    at.label = "SIMPLE"

    at.ask(**talk(2, LONG, "Yes.", "In short?"))

    assert at.control[ROW]["served_by"] == f"bedrock/{HAIKU}"


@pytest.mark.parametrize(
    ("label", "text"), [("SIMPLE", LONG), ("COMPLEX", "hi")], ids=["the lowest tier", "short"]
)
def test_nothing_is_written_where_it_can_make_no_difference(label: str, text: str) -> None:
    at = desk(label)

    at.ask(**talk(1, text))

    assert dict(at.control) == {}


def test_an_older_call_does_not_overwrite_a_later_one() -> None:
    at = desk("COMPLEX")
    later = {"served_by": "bedrock/other", "warm_until": Decimal(10**10)}
    at.control[ROW] = later

    at.ask(**talk(1, LONG))

    assert at.control[ROW]["served_by"] == "bedrock/other"


def test_a_row_that_cannot_be_written_stops_no_request() -> None:
    at = desk("COMPLEX")

    def fails(*_: Any, **__: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    at.client.update_item = fails

    assert at.ask(**talk(1, LONG))["route"] == "COMPLEX"


def test_another_tenant_s_session_of_the_same_name_tells_nothing() -> None:
    at = close_tiers("COMPLEX")
    said = (LONG, "Which one?", "All of them.")
    at.ask(**talk(1, *said))
    at.label = "CALCULATION"

    other = at.ask(**talk(2, *said, "Yes.", "In short?"), tenant="zeta")

    assert other["route"] == "CALCULATION"


def test_a_session_s_call_carries_a_key_for_openai_s_cache_that_names_nobody() -> None:
    at = desk()

    first, second = (at.ask(**asked(n))["call"]["cache_key"] for n in (1, 2))
    other = at.ask(**asked(3, tenant="zeta"))["call"]["cache_key"]

    assert first == second != other
    assert "cache_key" not in at.ask("r-4")["call"]
