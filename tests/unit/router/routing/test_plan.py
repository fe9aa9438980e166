from __future__ import annotations

from typing import Any

import pytest

from router.analyzer import Classification
from router.config.settings import Config
from router.errors import PolicyDenied
from router.intake.request import Request
from router.routing.decision import decide
from router.routing.plan import Plan
from router.routing.plan_json import plan_to_json, repeated
from tests.support.factories import HAIKU, SONNET, accepted, classification, config, request


def make_plan(asked: Request, judged: Classification, settings: Config) -> Plan:
    return decide(asked, judged, settings).plan()


def rules(**given: Any) -> Config:
    return config(tenants={"*": given})


def test_each_class_goes_to_its_tiers_model() -> None:
    for label, model in (("SIMPLE", HAIKU), ("CALCULATION", "gpt-6-luna"), ("COMPLEX", SONNET)):
        plan = make_plan(request(), classification(label), config())

        assert (plan.tier, plan.models[0].model) == (label, model)


def test_a_simple_looking_prompt_that_is_hard_goes_up() -> None:
    plan = make_plan(request(), classification("SIMPLE", score=0.95), config())

    assert plan.tier == "COMPLEX"
    assert plan.reasons[0] == "looks simple, but is hard (score 0.95 above 0.9)"


def test_a_complex_looking_prompt_that_is_easy_comes_down() -> None:
    assert make_plan(request(), classification("COMPLEX", score=0.01), config()).tier == "SIMPLE"


def test_a_calculation_stays_whatever_its_score() -> None:
    for score in (0.0, 1.0):
        plan = make_plan(request(), classification("CALCULATION", score=score), config())

        assert plan.tier == "CALCULATION"


def test_the_caller_may_ask_for_a_tier() -> None:
    asked = request({"input": "hi", "tier": "COMPLEX"})

    plan = make_plan(asked, classification("SIMPLE"), config())

    assert plan.tier == "COMPLEX"
    assert plan.reasons[0] == "the request asked for COMPLEX"


def test_max_tokens_of_the_request_bounds_every_model_of_the_plan() -> None:
    plan = make_plan(request({"input": "hi", "max_tokens": 9}), classification(), config())

    assert [model.max_tokens for model in plan.models] == [9, 9]


def test_openai_goes_through_the_http_task_only_where_its_answer_fits_in_60_seconds() -> None:
    tiers = {
        most: config(
            tiers={
                name: {"provider": "openai", "model": "gpt-6-luna", "max_tokens": most}
                for name in ("SIMPLE", "CALCULATION", "COMPLEX")
            }
        )
        for most in (4096, 4097)
    }
    vias = {
        most: plan_to_json(
            request(), classification(), make_plan(request(), classification(), it), it, 0, {}
        )["via"]
        for most, it in tiers.items()
    }

    assert vias == {4096: "http", 4097: "lambda"}


def test_the_plan_names_its_baseline_so_that_pricing_needs_no_settings() -> None:
    plan = make_plan(request(), classification(), config())
    written = plan_to_json(request(), classification(), plan, config(), 0, {})

    assert written["plan"]["record"]["baseline"] == {
        "provider": "bedrock",
        "model": SONNET,
        "mode": "standard",
    }


def test_a_repeated_request_answers_with_what_is_known_and_nothing_else() -> None:
    plan = repeated(
        {
            "REQUEST": accepted(status="SUCCEEDED", model=HAIKU, provider="bedrock"),
            "CONTENT": {"output": "Paris"},
        }
    )

    assert plan["route"] == "REPEATED"
    assert plan["outcome"]["output"] == "Paris"
    assert plan["outcome"]["repeated"] is True
    assert "cause" not in plan["outcome"]


def test_both_kinds_of_plan_have_the_fields_that_the_workflow_reads() -> None:
    plan = make_plan(request(), classification(), config())
    first = plan_to_json(request(), classification(), plan, config(), 0, {})

    assert set(first) == set(repeated({"REQUEST": accepted()}))


def test_a_forbidden_providers_models_are_dropped_and_the_next_one_serves() -> None:
    plan = make_plan(request(), classification("CALCULATION"), rules(deny_providers=["openai"]))

    assert [model.model for model in plan.models] == [SONNET]


def test_a_tier_without_any_permitted_model_is_refused_with_the_cure() -> None:
    with pytest.raises(PolicyDenied) as refused:
        make_plan(request(), classification("SIMPLE"), rules(deny_providers=["bedrock"]))

    assert "tenant default may not use bedrock, and tier SIMPLE has no other" in str(refused.value)
    assert "give the tier a fallback of another provider" in str(refused.value)


def test_the_baseline_is_the_same_for_a_tenant_that_may_not_use_it() -> None:
    denied = rules(deny_providers=["bedrock"])

    plan = make_plan(request(), classification("CALCULATION"), denied)

    assert [model.model for model in plan.models] == ["gpt-6-luna"]
    assert plan.baseline.model == SONNET


def chain(*fallbacks: dict[str, Any], **changes: Any) -> Config:
    tiers = {
        name: {"provider": "bedrock", "model": "us.anthropic.claude-haiku-4-5", "max_tokens": 2048}
        for name in ("SIMPLE", "CALCULATION", "COMPLEX")
    }
    named = [{"provider": "bedrock", "max_tokens": 4096, **fallback} for fallback in fallbacks]
    tiers["SIMPLE"] = {**tiers["SIMPLE"], "fallbacks": named}
    return config(tiers=tiers, **changes)


def fallbacks_of(settings: Config) -> list[dict[str, Any]]:
    judged = classification("SIMPLE")
    plan = make_plan(request(), judged, settings)
    written = plan_to_json(request(), judged, plan, settings, 0, {})
    found: list[dict[str, Any]] = written["plan"]["targets"][1:]
    return found


def test_a_fallback_without_causes_is_meant_for_all() -> None:
    [fallback] = fallbacks_of(chain({"model": SONNET}))

    assert fallback["when"] == ["throttled", "timeout", "too_long", "refused", "error"]


def test_a_fallback_keeps_its_causes() -> None:
    [fallback] = fallbacks_of(chain({"model": SONNET, "when": ["throttled"]}))

    assert fallback["when"] == ["throttled"]


def test_an_unknown_cause_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no cause is called busy; use throttled"):
        chain({"model": SONNET, "when": ["busy"]})


def test_a_fallback_knows_which_models_of_the_plan_have_a_smaller_window() -> None:
    same, larger = fallbacks_of(
        chain({"model": "us.anthropic.claude-sonnet-4-5"}, {"model": SONNET})
    )

    assert "larger_than" not in same
    assert larger["larger_than"] == [
        "us.anthropic.claude-haiku-4-5",
        "us.anthropic.claude-sonnet-4-5",
    ]


def test_a_window_that_is_not_known_is_not_taken_for_larger_or_smaller() -> None:
    unknown, larger = fallbacks_of(
        chain({"model": "arn:aws:bedrock:us-east-1:1:inference-profile/x"}, {"model": SONNET})
    )

    assert "larger_than" not in unknown
    assert larger["larger_than"] == ["us.anthropic.claude-haiku-4-5"]


def test_a_configured_window_stands_before_the_known_one() -> None:
    [fallback] = fallbacks_of(
        chain({"model": "arn:aws:bedrock:us-east-1:1:inference-profile/x", "context_tokens": 10**6})
    )

    assert fallback["larger_than"] == ["us.anthropic.claude-haiku-4-5"]


def test_a_model_whose_provider_has_no_key_is_not_in_the_plan() -> None:
    direct = {"provider": "anthropic", "model": "claude-sonnet-5-5"}

    found = fallbacks_of(chain(direct, {"model": SONNET}, providers=["bedrock", "openai"]))

    assert [fallback["model"] for fallback in found] == [SONNET]


def test_a_repeated_request_is_told_where_its_large_answer_is() -> None:
    row = accepted(status="SUCCEEDED", output_s3="s3://b/answers/r-1/x.txt")

    outcome = repeated({"REQUEST": row})["outcome"]

    assert outcome["output_s3"] == "s3://b/answers/r-1/x.txt"
    assert "output" not in outcome


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"tools": []}, False),
        ({"messages": [{"role": "user", "content": "Find it."}]}, False),
    ],
    ids=["an agent's second call", "a chat", "an agent's first call"],
)
def test_an_agent_s_prompt_is_kept_from_its_second_call_on(
    changes: dict[str, Any], kept: bool
) -> None:
    turns = ["Find it.", "Where?", "Everywhere."]
    messages = [
        {"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)
    ]
    tools = [{"type": "function", "function": {"name": "look"}}]
    asked = request({"messages": messages, "tools": tools} | changes)
    off = {"raise_above": 1, "lower_below": 0, "cache_points": False}

    assert make_plan(asked, classification(), config()).cache_points is kept
    assert not make_plan(asked, classification(), config(routing=off)).cache_points
