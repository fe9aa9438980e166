from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cost_calculator.pricing import CostStatus, price
from cost_calculator.usage import Tokens
from router.catalog.prompt_cache import _LEAST_TOKENS, is_worth_marking
from router.config.tenants import InvalidRules
from router.providers.bedrock import Bedrock
from router.providers.call_json import call_from_json
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from tests.support.factories import HAIKU, classification, config, request

LONG, SHORT = "x" * 2048, "x" * 2047  # 512 tokens of four bytes, and one byte less


class Converse:
    """Takes the arguments of a call."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def converse(self, **arguments: Any) -> dict[str, Any]:
        self.given = arguments
        content = [{"text": "Paris"}]
        return {"stopReason": "end_turn", "output": {"message": {"content": content}}}


def call_of(system: str | None, **rules: Any) -> dict[str, Any]:
    asked = request({"input": "hi"} | ({"system": system} if system else {}))
    judged, settings = classification(), config(tenants={"*": rules})
    plan = decide(asked, judged, settings).plan()
    made = plan_to_json(asked, judged, plan, settings, 0, {})
    return json.loads(json.dumps(made["call"]))  # type: ignore[no-any-return]


def system_sent(system: str, **rules: Any) -> Any:
    client: Any = Converse()
    Bedrock(client).complete(call_from_json(call_of(system, **rules)))
    return client.given["system"]


def test_instructions_that_come_again_are_marked_for_the_provider() -> None:
    mark = {"cachePoint": {"type": "default"}}

    assert system_sent(LONG, prompt_cache=True) == [{"text": LONG}, mark]


def test_nothing_is_marked_where_it_could_only_cost_or_do_nothing() -> None:
    assert system_sent(LONG) == [{"text": LONG}]
    assert system_sent(SHORT, prompt_cache=True) == [{"text": SHORT}]
    assert call_of(None, prompt_cache=True)["prompt_cache"] is False


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        (HAIKU, 512),
        ("claude-sonnet-5-5", 512),
        ("eu.anthropic.claude-sonnet-4-6", 1024),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", 4096),
        ("gpt-6-luna", None),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/x", None),
    ],
)
def test_each_model_has_its_own_minimum_and_an_unknown_one_is_not_marked(
    model: str, tokens: int | None
) -> None:
    enough = 4 * (tokens or 1_000_000)

    assert is_worth_marking(model, "x" * enough) is (tokens is not None)
    assert not is_worth_marking(model, "x" * (enough - 1))


@pytest.mark.parametrize("name", _LEAST_TOKENS)
def test_what_is_marked_has_a_price_and_pays_from_one_reuse_in_four_calls(name: str) -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)

    def cost(**tokens: int) -> Any:
        found = price(Tokens(**{"input": 0, "output": 0, **tokens}), "anthropic", name, at)
        assert found.status is CostStatus.PRICED, found.reason
        return found.usd

    fresh, written, read = cost(input=1000), cost(cache_write_5m=1000), cost(cache_read=1000)
    assert written > fresh > read
    assert 3 * written + read <= 4 * fresh


def test_the_rule_is_true_or_false() -> None:
    with pytest.raises(InvalidRules, match="prompt_cache must be true or false"):
        config(tenants={"acme": {"prompt_cache": "yes"}})
