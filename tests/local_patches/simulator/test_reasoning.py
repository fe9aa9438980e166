"""Reasoning comes with a proof of its origin, and comes back unaltered or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError
from openai import BadRequestError as OpenAIBadRequest

from tests.local_patches.simulator.wire import SONNET, Wire

OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
CONFIG = {"tools": [{"toolSpec": {"name": "ping", "inputSchema": {"json": OBJECT}}}]}
TOOLS = [{"name": "ping", "input_schema": OBJECT}]
ASKED = {"role": "user", "content": [{"text": "call ping {}"}]}
OLDER = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def loop(content: list[Any]) -> list[Any]:
    ids = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
    results = [{"toolResult": {"toolUseId": each, "content": [{"text": "pong"}]}} for each in ids]
    return [ASKED, {"role": "assistant", "content": content}, {"role": "user", "content": results}]


def first(wire: Wire, model: str = SONNET) -> list[Any]:
    answer = wire.bedrock.converse(modelId=model, messages=[ASKED], toolConfig=CONFIG)
    content: list[Any] = answer["output"]["message"]["content"]
    return content


def test_a_loop_goes_on_with_the_reasoning_it_was_given(wire: Wire) -> None:
    content = first(wire)

    answer = wire.bedrock.converse(modelId=SONNET, messages=loop(content), toolConfig=CONFIG)

    assert "pong" in answer["output"]["message"]["content"][-1]["text"]


@pytest.mark.parametrize("field", ["text", "signature"])
def test_altered_reasoning_is_refused(wire: Wire, field: str) -> None:
    content = first(wire)
    content[0]["reasoningContent"]["reasoningText"][field] += "A"

    with pytest.raises(ClientError, match="Invalid `signature` in `thinking` block"):
        wire.bedrock.converse(modelId=SONNET, messages=loop(content), toolConfig=CONFIG)


def test_reasoning_of_one_model_is_refused_by_another_but_not_by_another_platform(
    wire: Wire,
) -> None:
    content = first(wire)
    thought = content[0]["reasoningContent"]["reasoningText"]
    own = [
        {"type": "thinking", "thinking": thought["text"], "signature": thought["signature"]},
        {"type": "tool_use", "id": "a", "name": "ping", "input": {}},
    ]
    messages = [
        {"role": "user", "content": "call ping {}"},
        {"role": "assistant", "content": own},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
    ]

    with pytest.raises(ClientError, match="Invalid `signature`"):
        wire.bedrock.converse(
            modelId="us.anthropic.claude-opus-5", messages=loop(content), toolConfig=CONFIG
        )
    with pytest.raises(AnthropicBadRequest, match="Invalid `signature`"):
        wire.message(model="claude-opus-5", messages=messages, tools=TOOLS)
    assert wire.message(model="claude-sonnet-5-5", messages=messages, tools=TOOLS).content


def test_adaptive_thinking_takes_calls_without_it_and_enabled_thinking_does_not(
    wire: Wire,
) -> None:
    bare = [block for block in first(wire) if "toolUse" in block]
    enabled = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    more = {"toolConfig": CONFIG, "additionalModelRequestFields": enabled}

    assert wire.bedrock.converse(modelId=SONNET, messages=loop(bare), toolConfig=CONFIG)
    with pytest.raises(ClientError, match="Expected `thinking` or `redacted_thinking`"):
        wire.bedrock.converse(modelId=OLDER, messages=loop(bare), **more)


def test_thinking_can_be_switched_on_where_a_model_does_not_think_by_itself(wire: Wire) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}

    answer = wire.message(model="claude-haiku-4-5", max_tokens=2000, thinking=thinking)

    assert [block.type for block in answer.content] == ["thinking", "text"]
    for wrong, words in (
        ({"type": "enabled", "budget_tokens": 2000}, "must be greater than"),
        ({"type": "enabled", "budget_tokens": 9}, "greater than or equal to 1024"),
    ):
        with pytest.raises(AnthropicBadRequest, match=words):
            wire.message(model="claude-haiku-4-5", max_tokens=2000, thinking=wrong)


def test_sealed_reasoning_is_given_if_asked_and_checked_when_it_returns(wire: Wire) -> None:
    plain = wire.respond("q").output[0]
    item = wire.respond("q", include=["reasoning.encrypted_content"]).output[0]
    said = {"role": "assistant", "content": "a"}
    again = [{"role": "user", "content": "q"}, item, said, {"role": "user", "content": "And?"}]

    assert (plain.type, plain.encrypted_content) == ("reasoning", None)
    assert wire.respond(again).status == "completed"
    with pytest.raises(OpenAIBadRequest) as caught:
        wire.respond(
            [again[0], {**item.model_dump(), "encrypted_content": "AAAA.BBBB"}, *again[2:]]
        )
    assert caught.value.code == "invalid_encrypted_content"
