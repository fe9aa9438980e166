"""Loops of tool calls, as the clients of OpenAI and Anthropic make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import anthropic
import openai
import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import (
    CHAT_TOOLS,
    MESSAGES_TOOLS,
    RESPONSES_TOOLS,
    anthropic_at,
    openai_at,
    result_of,
    three_calls,
)
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_stream import sums

TENANT = "conversing"
SONNET = "us.anthropic.claude-sonnet-5-5"
MODELS = ("auto", "SIMPLE", "CALCULATION", "COMPLEX")
CALLED = ["get_weather", "get_weather", "get_time"]


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, TENANT)


@pytest.fixture(scope="module")
def openai_client(door: Door) -> Iterator[openai.OpenAI]:
    with openai_at(door) as client:
        yield client


@pytest.fixture(scope="module")
def anthropic_client(door: Door) -> Iterator[anthropic.Anthropic]:
    with anthropic_at(door) as client:
        yield client


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_chat_completions_stays_with_its_model(
    openai_client: openai.OpenAI, model: str
) -> None:
    messages: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        raw = openai_client.chat.completions.with_raw_response.create(
            model=model, messages=messages, tools=CHAT_TOOLS
        )
        choice = raw.parse().choices[0]
        served.add(raw.headers["x-faregate-model"])
        messages.append(choice.message)
        if not choice.message.tool_calls:
            break
        assert choice.finish_reason == "tool_calls"
        for call in choice.message.tool_calls:
            assert call.type == "function"
            called.append(call.function.name)
            result = result_of(call.function.name, call.function.arguments)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in str(choice.message.content)


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_responses_stays_with_its_model(
    openai_client: openai.OpenAI, model: str
) -> None:
    items: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        response = openai_client.responses.create(
            model=model, input=items, tools=RESPONSES_TOOLS, store=False
        )
        served.add(response.model)
        items += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            break
        for call in calls:
            called.append(call.name)
            output = result_of(call.name, call.arguments)
            items.append(
                {"type": "function_call_output", "call_id": call.call_id, "output": output}
            )

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in response.output_text


@pytest.mark.parametrize("model", MODELS)
def test_a_tool_loop_of_messages_stays_with_its_model(
    anthropic_client: anthropic.Anthropic, model: str
) -> None:
    messages: list[Any] = [{"role": "user", "content": three_calls()}]
    served, called = set(), []
    while True:
        message = anthropic_client.messages.create(
            model=model, max_tokens=2_000, messages=messages, tools=MESSAGES_TOOLS
        )
        served.add(message.model)
        messages.append({"role": "assistant", "content": message.content})
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            break
        assert message.stop_reason == "tool_use"
        called += [call.name for call in calls]
        results = [
            {"type": "tool_result", "tool_use_id": c.id, "content": result_of(c.name, c.input)}
            for c in calls
        ]
        messages.append({"role": "user", "content": results})

    assert called == CALLED
    assert len(served) == 1
    assert "get_time of Rome: 18" in "".join(b.text for b in message.content if b.type == "text")


@pytest.mark.parametrize(
    ("status", "follows"), [(429, "claude-sonnet-5-5"), (500, "us.anthropic.claude-sonnet-5")]
)
def test_another_model_goes_on_in_the_middle_of_a_loop(
    deployment: Deployment,
    anthropic_client: anthropic.Anthropic,
    simulator: Simulator,
    status: int,
    follows: str,
) -> None:
    question = three_calls()
    messages: list[Any] = [{"role": "user", "content": question}]
    match = {"contains": question, "model": SONNET}
    # The first of its calls is answered, with signed thinking; the provider fails from then on.
    simulator.script({"match": {**match, "nth": 1}, "delay_ms": 1}, {
        "match": match, "status": status, "count": None,
    })  # fmt: skip
    before, ids, served = len(simulator.calls()), [], []
    for _ in range(3):
        message = anthropic_client.messages.create(
            model="COMPLEX", max_tokens=2_000, messages=messages, tools=MESSAGES_TOOLS
        )
        ids.append(message.id)
        served.append(message.model)
        results = [
            {"type": "tool_result", "tool_use_id": b.id, "content": result_of(b.name, b.input)}
            for b in message.content
            if b.type == "tool_use"
        ]
        messages.append({"role": "assistant", "content": message.content})
        messages.append({"role": "user", "content": results})

    assert served == [SONNET, follows, follows]
    assert message.stop_reason == "end_turn"
    traces = client.wait_until_settled(deployment, ids, 60, TENANT)
    attempts = [attempt for traced in traces for attempt in traced.attempts]
    assert len(simulator.calls()) - before == sum(1 + row["retries"] for row in attempts)


def test_a_tool_turn_goes_through_the_workflow_too(deployment: Deployment, door: Door) -> None:
    def asked() -> dict[str, Any]:
        turn = {"role": "user", "content": three_calls()}
        return {"messages": [turn], "tools": CHAT_TOOLS}

    [arn] = client.start(deployment, [{**asked(), "tenant": TENANT}])
    started = json.loads(client.wait_for_execution(deployment, arn, 90)["output"])
    first = asked()
    posted = door.call("POST", "/prompts", first)
    assert posted.status_code == 200, posted.text
    found = posted.json()
    second = [
        *first["messages"],
        {"role": "assistant", "content": found["output"], "tool_calls": found["tool_calls"]},
        *(
            {"role": "tool", "tool_call_id": call["id"], "content": "18"}
            for call in found["tool_calls"]
        ),
    ]
    followed = door.call("POST", "/prompts", {"messages": second, "tools": CHAT_TOOLS})

    for calls in (started["tool_calls"], found["tool_calls"]):
        assert [call["function"]["name"] for call in calls] == CALLED[:2]
    assert followed.status_code == 200, followed.text
    assert [call["function"]["name"] for call in followed.json()["tool_calls"]] == CALLED[2:]
    assert followed.json()["model"] == found["model"]


def test_what_was_asked_here_is_accounted_for(
    deployment: Deployment, door: Door, simulator: Simulator
) -> None:
    raw = door.call("POST", "/chat/completions", {
        "model": "auto", "messages": [{"role": "user", "content": three_calls()}],
        "tools": CHAT_TOOLS,
    })  # fmt: skip

    name = raw.headers["x-faregate-request-id"]
    [traced] = client.wait_until_settled(deployment, [name], 60, TENANT)
    assert traced.priced
    assert traced.cost_usd == Decimal(raw.headers["x-faregate-cost-usd"])
    assert sums(deployment).differences == ()
