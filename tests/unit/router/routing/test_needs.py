"""A plan holds only models that can do what the request needs."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from cost_calculator.tiers import TIERS
from router.config.settings import Config
from router.conversation.loop import tag_of, tagged_id
from router.errors import InvalidRequest
from router.intake.request import Request
from router.providers.call_json import call_from_json
from router.routing.decision import decide
from router.routing.plan import Plan
from router.routing.plan_json import plan_to_json
from tests.support.conversations import png
from tests.support.factories import HAIKU, SONNET, classification, config, request

BLIND = "meta.llama3-3-70b-instruct-v1:0"
PNG = "data:image/png;base64," + base64.b64encode(png()).decode()
TOOL = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}
LOOK = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}]


def tiers(simple: str = BLIND, complex_: str = SONNET, **changes: Any) -> Config:
    data: dict[str, Any] = {
        name: {"provider": "bedrock", "model": model, "max_tokens": 999}
        for name, model in (("SIMPLE", simple), ("CALCULATION", simple), ("COMPLEX", complex_))
    }
    return config(tiers=data, **changes)


def plan_of(payload: dict[str, Any], settings: Config, label: str = "SIMPLE") -> Plan:
    return decide(request(payload), classification(label), settings).plan()


def test_a_picture_goes_up_to_the_next_tier_with_a_model_that_sees_and_the_reason_says_so() -> None:
    plan = plan_of({"messages": LOOK}, tiers())

    assert (plan.tier, plan.models[0].model) == ("COMPLEX", SONNET)
    assert plan.reasons[0] == f"{BLIND} takes no images: COMPLEX serves"


def test_a_picture_stays_where_a_model_sees_it() -> None:
    plan = plan_of({"messages": LOOK}, tiers(simple=HAIKU))

    assert (plan.tier, plan.models[0].model) == ("SIMPLE", HAIKU)


def test_what_no_model_takes_is_refused_with_its_name() -> None:
    with pytest.raises(InvalidRequest, match=r"no model can serve this: .* takes no images"):
        plan_of({"messages": LOOK}, tiers(complex_=BLIND))


def test_a_tenants_ceiling_holds_for_pictures_too() -> None:
    with pytest.raises(InvalidRequest, match="images"):
        plan_of({"messages": LOOK}, tiers(tenants={"*": {"ceiling": "SIMPLE"}}))


def test_a_forced_tool_is_not_asked_of_a_model_that_cannot_be_forced() -> None:
    asked = {"input": "Run it.", "tools": [TOOL], "tool_choice": "required"}

    with pytest.raises(InvalidRequest, match="tool_choice required"):
        plan_of(asked, tiers(), "COMPLEX")
    assert plan_of(asked, tiers(complex_=HAIKU), "COMPLEX").models[0].model == HAIKU
    assert plan_of(asked | {"tool_choice": "auto"}, tiers(), "COMPLEX").models[0].model == SONNET


def test_the_configuration_says_otherwise_of_a_model() -> None:
    sees = {
        "provider": "bedrock",
        "model": BLIND,
        "max_tokens": 9,
        "capabilities": {"images": True},
    }

    assert plan_of({"messages": LOOK}, config(tiers=dict.fromkeys(TIERS, sees))).tier == "SIMPLE"


def planned(asked: Request, settings: Config) -> dict[str, Any]:
    judged = classification()
    return plan_to_json(asked, judged, decide(asked, judged, settings).plan(), settings, 0, {})


def test_an_option_that_a_model_does_not_take_keeps_it_out_or_is_dropped_with_a_reason() -> None:
    asked = {"input": "hi", "temperature": 0.2, "stop": "END"}

    with pytest.raises(InvalidRequest, match="temperature"):
        plan_of(asked, tiers(simple=HAIKU))
    plan = planned(request(asked | {"unsupported_options": "drop"}), tiers(simple=HAIKU))

    assert call_from_json(plan["call"]).sampling == {"stop": ["END"]}
    assert plan["plan"]["targets"][0]["without"] == ["temperature"]
    assert f"dropped temperature: {HAIKU} does not take it" in plan["plan"]["reasons"]


def test_an_option_goes_to_the_models_that_take_it() -> None:
    kept = planned(request({"input": "hi", "temperature": 0.2}), tiers())

    assert kept["call"]["options"] == {"temperature": 0.2}
    assert "without" not in kept["plan"]["targets"][0]


def loop(*results: dict[str, Any], model: str = SONNET) -> dict[str, Any]:
    """A request that ends with the result of a tool that ``model`` has called."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Fix the build."}]
    for number, result in enumerate(results or ({},)):
        call_id = tagged_id(f"call_{number}", tag_of("bedrock", model))
        function = {"name": "run", "arguments": "{}"}
        call = {"id": call_id, "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call_id, "content": "ok", **result})
    return {"messages": messages, "tools": [TOOL]}


def test_a_tool_loop_stays_with_its_model_whatever_its_last_turn_looks_like() -> None:
    plan = plan_of(loop(), config())

    assert (plan.tier, plan.models[0].model) == ("COMPLEX", SONNET)
    assert plan.reasons[0] == f"the tool loop stays with {SONNET}"


def test_a_loop_of_a_fallback_goes_on_with_the_fallback() -> None:
    settings = config(tenants={"*": {"ceiling": "SIMPLE"}})

    plan = plan_of(loop(), settings)

    assert [model.model for model in plan.models] == [SONNET, HAIKU]


def test_no_opinion_is_asked_for_inside_a_loop() -> None:
    decision = decide(request(loop()), classification(confidence=0.4), config())

    assert decision.movable == ()


def test_a_loop_of_a_model_that_is_not_here_is_judged() -> None:
    assert plan_of(loop(model="another"), config()).tier == "SIMPLE"


def test_a_loop_that_gets_nowhere_moves_up_a_tier() -> None:
    plan = plan_of(loop({}, {}, {}, model=HAIKU), config())

    assert plan.tier == "CALCULATION"
    assert "makes the same call 3 times" in plan.reasons[0]


def test_the_callers_own_tier_holds_inside_a_loop() -> None:
    assert plan_of(loop() | {"tier": "SIMPLE"}, config()).tier == "SIMPLE"


def test_what_a_provider_has_no_words_for_keeps_its_models_out() -> None:
    seen = [{"type": "image_url", "image_url": {"url": PNG}}]
    call = {"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": seen},
    ]
    settings = config(tenants={"*": {"tier_names": {"mine": "CALCULATION"}}})

    plan = plan_of({"messages": messages, "tools": [TOOL], "tier": "mine"}, settings)

    assert [model.provider for model in plan.models] == ["bedrock"]


def test_an_effort_that_claude_has_no_word_for_is_not_sent_to_it() -> None:
    asked = {"input": "hi", "reasoning_effort": "minimal", "unsupported_options": "drop"}

    assert planned(request(asked), config())["plan"]["targets"][0]["without"] == [
        "reasoning_effort"
    ]
