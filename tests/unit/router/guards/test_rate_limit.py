from __future__ import annotations

from typing import Any

import pytest

from router.config.tenants import InvalidRules, parse_rules
from router.errors import InvalidRequest, RateLimited
from router.guards.rate_limit import parse_rate
from tests.support.desk import Desk, tenant
from tests.support.factories import config


def accepted(at: Desk, count: int, first: int = 0, **payload: Any) -> int:
    """Send so many requests at once; return how many were taken."""
    taken = 0
    for number in range(first, first + count):
        try:
            at.ask(f"r-{number}", **payload)
            taken += 1
        except RateLimited:
            pass
    return taken


def test_a_full_bucket_takes_a_minutes_worth_at_once_and_then_as_it_fills() -> None:
    at = tenant(rate={"requests": 6})

    assert accepted(at, 10) == 6
    at.pass_time(10)
    assert accepted(at, 10, first=10) == 1
    at.pass_time(3600)
    assert accepted(at, 10, first=20) == 6


def test_tokens_are_limited_by_bytes_of_the_prompt_and_tokens_of_the_answer() -> None:
    at = tenant(rate={"tokens": 1_000})

    # {"role": "user", "content": "hi"} and no system prompt: 42 bytes, 11 tokens.
    assert accepted(at, 10, max_tokens=239) == 4
    at.pass_time(15)
    assert accepted(at, 10, first=10, max_tokens=239) == 1


def test_who_is_limited_hears_when_to_come_again_and_is_taken_then() -> None:
    at = tenant(rate={"requests": 2})
    accepted(at, 2)
    at.pass_time(12)

    with pytest.raises(RateLimited, match="retry after 18 s") as refused:
        at.ask("r-2")
    at.pass_time(refused.value.retry_after)
    at.ask("r-2")

    assert ("rate_limited", 1, "acme") in at.metered


def test_a_limited_request_leaves_no_row_and_takes_nothing() -> None:
    at = tenant(rate={"requests": 1, "tokens": 10_000})
    accepted(at, 1)
    before = dict(at.control["rate#acme"])

    assert accepted(at, 5, first=1) == 0
    assert at.control["rate#acme"] == before
    assert set(at.requests()) == {"acme/r-0"}


def test_a_retried_analysis_takes_once_also_when_the_bucket_is_empty() -> None:
    at = tenant(rate={"requests": 1})
    first = at.ask("r-0")
    before = dict(at.control["rate#acme"])

    assert at.ask("r-0") == first
    assert at.control["rate#acme"] == before


def test_a_request_larger_than_the_bucket_is_told_so_and_not_to_wait() -> None:
    at = tenant(rate={"tokens": 500})

    with pytest.raises(InvalidRequest, match="may send 500 a minute: lower `max_tokens`"):
        at.ask()
    at.ask(max_tokens=100)


def test_each_tenant_has_buckets_of_its_own() -> None:
    at = Desk(config(tenants={"*": {"rate": {"requests": 1}}}))

    assert accepted(at, 3, tenant="a") == 1
    assert accepted(at, 3, first=3, tenant="b") == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"request": 1}, "unknown `request`"),
        ({"requests": 0}, "requests a minute must be a whole number of at least 1"),
        ({"tokens": 1.5}, "tokens a minute must be a whole number"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused_with_what_to_write(
    data: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_rate(data)
    with pytest.raises(InvalidRules, match=f"tenant acme: rate: {says}"):
        parse_rules({"acme": {"rate": data}})
