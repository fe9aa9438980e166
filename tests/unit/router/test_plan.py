from __future__ import annotations

from typing import Any

import pytest

from cost_calculator.shards import shard_of
from router.analyzer import Classification
from router.config import Config
from router.decision import decide
from router.errors import PolicyDenied
from router.plan import Plan, plan_to_json, repeated
from router.request import Request
from tests.unit.router.factories import HAIKU, SONNET, accepted, classification, config, request


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
            request(), classification(), make_plan(request(), classification(), it), it, 0
        )["via"]
        for most, it in tiers.items()
    }

    assert vias == {4096: "http", 4097: "lambda"}


def test_the_plan_names_its_baseline_so_that_pricing_needs_no_settings() -> None:
    plan = make_plan(request(), classification(), config())
    written = plan_to_json(request(), classification(), plan, config(), 0)

    assert written["record"]["baseline"] == {"provider": "bedrock", "model": SONNET}
    assert written["record"]["shard"] == shard_of("run-1")


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
    first = plan_to_json(request(), classification(), plan, config(), 0)

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
