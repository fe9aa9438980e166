"""A conversation leaves its model for a weaker one only where that is cheaper by the estimate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cost_calculator.tiers import TIERS
from router.catalog.pricing_context import PricingContext
from router.config.settings import Config
from router.config.tenants import Rules
from router.conversation.loop import tag_of, tagged_id
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.decision import Decision, decide
from router.routing.moving_down import MovingDown, Present, moving_down
from router.routing.plan import permitted_models
from router.routing.restrictions import NO_RESTRICTIONS, Restrictions
from router.routing.served_before import Served
from router.routing.turn_ahead import turn_usd
from tests.support.factories import AT, HAIKU, SONNET, analyzer, classification, config, request

MARKET = PricingContext(AT, "us-east-1", 512)
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
MINI = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
# Close in price, so that a warm prompt decides.
CLOSE = {
    name: {"provider": "bedrock", "model": model, "max_tokens": 4096, "fallbacks": []}
    for name, model in {"SIMPLE": HAIKU, "CALCULATION": MINI, "COMPLEX": SONNET}.items()
}


def conversation(
    model: str = SONNET, size: int = 40_000, rounds: int = 2, answer: int = 40, **more: Any
) -> dict[str, Any]:
    """An agent that has looked ``rounds`` times, has answered, and is asked once more."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "word " * (size // 5)}]
    for number in range(rounds):
        call = tagged_id(f"c{number}", tag_of("bedrock", model))
        function = {"name": "look", "arguments": "{}"}
        calls = [{"id": call, "type": "function", "function": function}]
        messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        messages.append({"role": "tool", "tool_call_id": call, "content": "found"})
    messages.append({"role": "assistant", "content": "w " * (answer // 2)})
    messages.append({"role": "user", "content": "Thanks. In short?"})
    return {"messages": messages, "tools": [TOOL], **more}


def decided(
    payload: dict[str, Any],
    label: str = "SIMPLE",
    served: Served | None = None,
    restrictions: Restrictions = NO_RESTRICTIONS,
    confidence: float = 0.9,
    **settings: Any,
) -> Decision:
    asked, at = request(payload), config(**({"tiers": CLOSE} | settings))

    def previous(rules: Rules) -> MovingDown | None:
        return moving_down(asked, at, rules, restrictions, served, MARKET)

    judged = classification(label, confidence=confidence)
    return decide(asked, judged, at, restrictions, previous)


def test_a_short_turn_stays_where_the_prompt_is_warm_and_says_what_both_cost() -> None:
    plan = decided(conversation(), "CALCULATION").plan()

    assert (plan.tier, plan.models[0].model) == ("COMPLEX", SONNET)
    assert plan.reasons[0].startswith(f"stays with {SONNET}: it goes on for $")
    assert f"{MINI} would be sent all of the conversation for $" in plan.reasons[0]


def test_a_turn_that_is_cheaper_with_the_weaker_model_moves_down_and_says_so() -> None:
    plan = decided(conversation(), "SIMPLE").plan()

    assert (plan.tier, plan.models[0].model) == ("SIMPLE", HAIKU)
    assert plan.reasons[0].startswith(f"moved down from COMPLEX: {HAIKU} is sent all of the")


def test_without_a_prompt_cache_nothing_holds_a_conversation() -> None:
    off = {"routing": {"raise_above": 1, "lower_below": 0, "cache_points": False}}

    assert decided(conversation(), "CALCULATION", **off).plan().tier == "CALCULATION"


def test_the_caller_s_own_marks_keep_it_too() -> None:
    off = {"routing": {"raise_above": 1, "lower_below": 0, "cache_points": False}}
    payload = conversation()
    marked = {"type": "text", "text": payload["messages"][0]["content"]}
    payload["messages"][0]["content"] = [marked | {"cache_control": {"type": "ephemeral"}}]

    assert decided(payload, "CALCULATION", **off).plan().tier == "COMPLEX"


@pytest.mark.parametrize(
    "payload",
    [
        conversation(size=200),
        conversation(rounds=0),
        conversation(model="another"),
        conversation(tier="CALCULATION"),
    ],
    ids=["too short to be kept", "no calls show its model", "not a model of ours", "a tier asked"],
)
def test_a_conversation_of_which_nothing_is_known_or_kept_is_judged(
    payload: dict[str, Any],
) -> None:
    assert decided(payload, "CALCULATION").plan().tier == "CALCULATION"


def test_moving_up_is_always_allowed() -> None:
    plan = decided(conversation(model=HAIKU), "COMPLEX").plan()

    assert plan.tier == "COMPLEX"


def test_a_tenant_s_rules_stand_above_what_is_warm() -> None:
    ceiling = {"tenants": {"*": {"ceiling": "CALCULATION"}}}
    pinned = {"tenants": {"*": {"pins": [{"contains": "Thanks", "tier": "SIMPLE"}]}}}
    capped = Restrictions(cap="the budget is nearly used")
    ill = Restrictions(skipped={f"bedrock/{SONNET}": "it fails"})

    assert decided(conversation(), "CALCULATION", **ceiling).plan().tier == "CALCULATION"
    assert decided(conversation(), **pinned).plan().tier == "SIMPLE"
    assert decided(conversation(), "CALCULATION", restrictions=capped).plan().tier == "CALCULATION"
    assert decided(conversation(), "CALCULATION", restrictions=ill).plan().tier == "CALCULATION"


def test_an_opinion_moves_a_conversation_down_only_where_that_pays() -> None:
    llm = {"analyzer": analyzer("llm")}

    at_complex = decided(conversation(), "COMPLEX", **llm)
    from_haiku = decided(conversation(model=HAIKU), "COMPLEX", **llm)

    assert at_complex.movable == ()
    assert from_haiku.movable == ("CALCULATION",)


def warm(seconds: int) -> Served:
    until = int((AT + timedelta(seconds=seconds)).timestamp())
    return Served(f"bedrock/{SONNET}", until)


def test_a_session_knows_its_model_without_any_call_and_when_its_prompt_is_cold() -> None:
    of_a_session = conversation(rounds=0, session_id="s-1")
    of_a_session["messages"][1:1] = [
        {"role": "assistant", "content": "Which one?"},
        {"role": "user", "content": "The first."},
    ]

    assert decided(of_a_session, "CALCULATION", warm(60)).plan().tier == "COMPLEX"
    assert decided(of_a_session, "CALCULATION", warm(-1)).plan().tier == "CALCULATION"
    assert decided(of_a_session, "CALCULATION").plan().tier == "CALCULATION"


def test_a_session_whose_prompt_is_cold_is_judged_though_its_calls_show_a_model() -> None:
    assert decided(conversation(session_id="s-1"), "CALCULATION").plan().tier == "CALCULATION"


def test_what_has_no_price_holds_nothing() -> None:
    odd = {**CLOSE, "CALCULATION": CLOSE["SIMPLE"] | {"model": "us.unheard.of-model"}}

    assert decided(conversation(), "CALCULATION", tiers=odd).plan().tier == "CALCULATION"


@given(
    present=st.sampled_from(TIERS),
    judged=st.sampled_from(TIERS),
    size=st.integers(100, 110_000),
    rounds=st.integers(0, 6),
    answer=st.integers(2, 8_000),
    points=st.booleans(),
)
def test_the_model_that_serves_is_never_the_more_expensive_by_the_estimate(
    present: str, judged: str, size: int, rounds: int, answer: int, points: bool
) -> None:
    routing = {"raise_above": 1, "lower_below": 0, "cache_points": points}
    settings = config(tiers=CLOSE, routing=routing)
    rules = settings.rules_of("default")
    asked = request(conversation(CLOSE[present]["model"], size, rounds, answer))
    model = permitted_models(present, settings, rules)[0]
    bound = MovingDown(Present(present, model), asked, settings, rules, MARKET)

    chosen = bound.bounded(Choice(judged, ("judged",), open=True))

    if TIERS.index(judged) >= TIERS.index(present):
        assert chosen == Choice(judged, ("judged",), open=True)  # up, or no move
        return
    assert chosen.tier in (present, judged)
    assert chosen.reasons[-1] == "judged"
    other = present if chosen.tier == judged else judged
    assert _usd(chosen.tier, present, asked, settings, rules) <= _usd(
        other, present, asked, settings, rules
    )


def _usd(tier: str, present: str, asked: Request, settings: Config, rules: Rules) -> Decimal:
    model = permitted_models(tier, settings, rules)[0]
    found = turn_usd(model, asked, settings, rules, MARKET, is_warm=tier == present)
    assert found is not None
    return found


@given(size=st.integers(3_000, 100_000), rounds=st.integers(1, 6))
def test_a_warm_prompt_is_never_more_expensive_than_a_cold_one(size: int, rounds: int) -> None:
    settings = config(tiers=CLOSE)
    rules = settings.rules_of("default")
    asked = request(conversation(size=size, rounds=rounds))
    model = permitted_models("COMPLEX", settings, rules)[0]
    ahead: Any = (model, asked, settings, rules, MARKET)

    kept, afresh = turn_usd(*ahead, is_warm=True), turn_usd(*ahead, is_warm=False)

    assume(kept is not None and afresh is not None)
    assert kept is not None
    assert afresh is not None
    assert kept < afresh


def test_a_model_that_cannot_serve_the_request_holds_nothing() -> None:
    small = {**CLOSE, "COMPLEX": CLOSE["COMPLEX"] | {"capabilities": {"tools": False}}}

    assert decided(conversation(), "CALCULATION", tiers=small).plan().tier == "CALCULATION"


def test_what_is_left_of_the_choice_is_as_it_was() -> None:
    """A choice that is closed was made by the caller, a pin, or the loop."""
    settings = config(tiers=CLOSE)
    rules = settings.rules_of("default")
    asked = request(conversation())
    model = permitted_models("COMPLEX", settings, rules)[0]
    bound = MovingDown(Present("COMPLEX", model), asked, settings, rules, MARKET)
    closed = Choice("CALCULATION", ("because",), open=False)

    assert bound.bounded(closed) == closed
    assert bound.bounded(replace(closed, open=True)).tier == "COMPLEX"
