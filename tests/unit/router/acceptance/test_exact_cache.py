from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.row_keys import key_of
from router.config.tenants import InvalidRules, parse_cache
from router.errors import BudgetExceeded, Conflict, InvalidRequest
from tests.support.desk import Desk, desk, tenant
from tests.support.factories import HAIKU
from tests.support.tables import USAGE as TABLE

USAGE = {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}
CACHE = {"ttl_seconds": 600}


def place(at: Desk, request_id: str = "r-1", **payload: Any) -> str | None:
    """Return the key under which a request's answer is to be kept."""
    cache = at.ask(request_id, **payload)["plan"]["record"]["cache"]
    return cache and str(cache["key"])


def keep(at: Desk, plan: dict[str, Any], seconds: int = 600, **changes: Any) -> None:
    """Keep the answer of a plan, as the workflow does when it records the outcome."""
    kept = {
        "request_id": plan["plan"]["record"]["cache"]["key"],
        "item": "CONTENT",
        "tenant": plan["tenant"],
        "tier": plan["route"],
        "provider": "bedrock",
        "model": HAIKU,
        "output": "Paris.",
        "usage": json.dumps(USAGE),
        "source": key_of(plan["tenant"], plan["request_id"]),
        "cache_until": int(at.at.timestamp()) + seconds,
    }
    at.client.put(TABLE, to_item(kept | changes))


def test_a_hit_is_answered_and_closed_as_it_is_accepted() -> None:
    at = tenant(cache=CACHE)
    keep(at, at.ask("r-1"))

    plan = at.ask("r-2")

    assert (plan["route"], plan["call"]) == ("CACHED", None)
    assert (plan["outcome"]["output"], plan["outcome"]["cached"]) == ("Paris.", True)
    row = at.row("r-2")
    assert (row["status"], row["cached"], row["cache_source"]) == ("SUCCEEDED", True, "acme/r-1")
    assert (row["cost_status"], row["transitions"], row["model"]) == ("PENDING", 3, HAIKU)
    assert row["queue"].startswith("PENDING#")
    assert row["reasons"][0] == "the same was answered by r-1: out of the cache"
    attempt = at.row("r-2", item="ATTEMPT#01")
    assert (attempt["outcome"], attempt["served"], attempt["usage"]) == (
        "CACHED", 1, json.dumps(USAGE),
    )  # fmt: skip
    assert at.row("r-2", item="ANSWER")["output"] == "Paris."


def test_where_tenants_share_an_answer_they_share_no_name_and_no_id() -> None:
    shared = {"cache": {**CACHE, "shared": True}}
    at = desk(tenants={"a": shared, "b": shared})
    keep(at, at.ask("hidden", tenant="a"))

    outcome = at.ask("r-2", tenant="b")["outcome"]

    assert outcome["reasons"][0] == "the same was answered for another tenant: out of the cache"
    assert outcome["request_id"] == "r-2"
    assert "hidden" not in json.dumps(outcome)
    assert at.row("r-2", "b")["cache_source"] == "a/hidden"


def test_a_retried_analysis_of_a_hit_answers_the_same_also_when_the_answer_has_expired() -> None:
    at = tenant(cache=CACHE)
    keep(at, at.ask("r-1"))
    first = at.ask("r-2")

    assert at.ask("r-2") == first
    at.pass_time(601)
    assert at.ask("r-2") == first


def test_a_try_that_was_accepted_before_the_answer_was_kept_goes_on_to_its_model() -> None:
    at = tenant(cache=CACHE)
    first = at.ask("r-1")
    keep(at, first)

    assert at.ask("r-1") == first


def test_the_same_id_is_repeated_in_another_run_and_a_conflict_with_another_payload() -> None:
    at = tenant(cache=CACHE)
    keep(at, at.ask("r-1"))
    at.ask("r-2")

    assert at.ask("r-2", run="another")["outcome"]["repeated"] is True
    with pytest.raises(Conflict):
        at.ask("r-2", metadata={"a": "b"})


def test_an_answer_holds_until_its_time_and_not_a_second_longer() -> None:
    at = tenant(cache=CACHE)
    keep(at, at.ask("r-1"), seconds=600)

    at.pass_time(599)
    assert at.ask("r-2")["route"] == "CACHED"
    at.pass_time(1)
    assert at.ask("r-3")["route"] == "SIMPLE"


def test_nothing_is_kept_or_given_unless_somebody_asked_for_it() -> None:
    assert place(desk()) is None
    assert place(desk(), cache=True) is not None
    assert place(tenant(cache=CACHE)) is not None
    assert place(tenant(cache=CACHE), cache=False) is None


def test_a_tenant_gets_its_own_answers_alone_unless_both_share() -> None:
    own, shared = {"cache": CACHE}, {"cache": {**CACHE, "shared": True}}
    at = desk(tenants={"a": own, "b": own, "c": shared, "d": shared})

    keys = [place(at, f"r-{name}", tenant=name) for name in "abcd"]

    assert len({*keys}) == 3
    assert keys[2] == keys[3]


@pytest.mark.parametrize(
    "change",
    [{"input": "ho"}, {"system": "Be brief."}, {"max_tokens": 9}, {"tier": "COMPLEX"},
     {"response_schema": {"type": "object"}}],
)  # fmt: skip
def test_whatever_decides_the_answer_decides_its_place(change: dict[str, Any]) -> None:
    at = tenant(cache=CACHE)

    assert place(at, "r-1") != place(at, "r-2", **change)


def test_what_no_reader_sees_does_not_decide_it() -> None:
    at = tenant(cache=CACHE)

    assert place(at, "r-1", input="Café \nau lait\n\n") == place(at, "r-2", input="Café\nau lait")
    assert place(at, "r-3", metadata={"a": "b"}, input="x") == place(at, "r-4", input="x")


def test_an_answer_of_a_provider_or_tier_that_a_tenant_may_not_use_is_none_for_it() -> None:
    shared = {"cache": {**CACHE, "shared": True}}
    at = desk(tenants={"a": shared, "b": {**shared, "deny_providers": ["openai"]},
                       "c": {**shared, "ceiling": "SIMPLE"}})  # fmt: skip
    keep(at, at.ask("r-1", tenant="a"), provider="openai", tier="CALCULATION")

    routes = [at.ask(f"r-2{name}", tenant=name)["route"] for name in "abc"]

    assert routes == ["CACHED", "SIMPLE", "SIMPLE"]


def test_a_hit_takes_nothing_from_budget_and_rate_and_runs_also_when_the_rate_is_used_up() -> None:
    at = tenant(cache=CACHE, budget={"day_usd": 1}, rate={"requests": 1})
    keep(at, at.ask("r-1"))
    before = dict(at.control)

    assert at.ask("r-2")["route"] == "CACHED"

    assert at.control == before
    assert "reserved_usd" not in at.row("r-2")
    assert at.row("r-2")["budgets"]  # its workflow is on the bill


def test_a_budget_that_is_used_up_stops_hits_too() -> None:
    at = tenant(cache=CACHE, budget={"day_usd": 1})
    keep(at, at.ask("r-1"))
    at.control["budget#acme#2026-11-21"] |= {"committed_usd": Decimal(1)}

    with pytest.raises(BudgetExceeded, match=r"\$0.00 is left"):
        at.ask("r-2")


def test_where_no_text_is_kept_no_answer_is() -> None:
    with pytest.raises(InvalidRequest, match="keeps no text"):
        place(desk(store_text=False), cache=True)
    assert place(desk(store_text=False, tenants={"acme": {"cache": CACHE}})) is None


def test_an_answer_that_a_human_is_to_see_is_not_kept_for_others() -> None:
    review = {"answer_above": 1, "fail_below": 0, "timeout_seconds": 60, "default": "reject"}
    at = desk(review=review, tenants={"acme": {"cache": CACHE}})

    with pytest.raises(InvalidRequest, match="a human is to see"):
        place(at, cache=True, review=True)
    assert place(at, review=True) is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"ttl": 5}, "unknown `ttl`"),
        ({"ttl_seconds": 0}, "whole seconds from 1"),
        ({"ttl_seconds": True}, "whole seconds from 1"),
        ({"shared": "yes"}, "shared as true or false"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_what_to_write(
    data: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_cache(data)
    with pytest.raises(InvalidRules, match="tenant acme: cache"):
        desk(tenants={"acme": {"cache": data}})


def test_with_every_guard_and_the_cache_on_there_are_two_round_trips_at_most() -> None:
    at = tenant(cache=CACHE, budget={"day_usd": 1}, rate={"requests": 9})

    keep(at, at.ask("r-1"))
    assert at.client.calls == ["BatchGetItem", "TransactWriteItems"]
    at.ask("r-2")
    assert at.client.calls == ["BatchGetItem", "TransactWriteItems"] * 2


def test_what_a_guard_made_worse_is_not_kept_for_when_all_is_well() -> None:
    at = tenant(cache=CACHE, budget={"day_usd": 1})
    at.label = "COMPLEX"
    assert place(at, "r-1") is not None
    at.control["budget#acme#2026-11-21"] |= {"committed_usd": Decimal("0.89")}

    assert at.ask("r-2", input="ho")["route"] == "CALCULATION"
    assert place(at, "r-3", input="hm") is None
