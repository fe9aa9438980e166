"""Tools, choices and stop sequences that the providers refuse."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError
from openai import BadRequestError as OpenAIBadRequest

from cost_calculator.aws.error_codes import code_of
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire

OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
CLOSED = {**OBJECT, "additionalProperties": False}


def spec(name: str = "look", schema: Any = OBJECT, **more: Any) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema}, **more}}


def function(name: str = "look", schema: Any = OBJECT, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema, **more}}


def tool(name: str = "look", schema: Any = OBJECT, **more: Any) -> dict[str, Any]:
    return {"name": name, "input_schema": schema, **more}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"tools": []}, "greater than or equal to 1"),
        ({"tools": [spec("a" * 65)]}, "less than or equal to 64"),
        ({"tools": [spec("files/read")]}, "regular expression pattern"),
        ({"tools": [spec(), spec()]}, "Tool names must be unique"),
        ({"tools": [spec(description="")]}, "greater than or equal to 1"),
        ({"tools": [spec(schema={"type": "string"})]}, "Input should be 'object'"),
        ({"tools": [spec(schema={})]}, "type: Field required"),
        ({"tools": [spec(schema={**OBJECT, "anyOf": []})]}, "does not support oneOf, allOf"),
        ({"tools": [{"toolSpec": {"name": "look"}}]}, "Member must not be null"),
        ({"tools": [spec()], "toolChoice": {"tool": {"name": "other"}}}, "not found"),
        ({"tools": [spec(strict=True, schema={**OBJECT})]}, "explicitly set to false"),
    ],
)
def test_converse_refuses(wire: Wire, config: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        wire.converse(toolConfig=config)

    assert code_of(caught.value) == "ValidationException"


@pytest.mark.parametrize("choice", [{"any": {}}, {"tool": {"name": "look"}}])
def test_only_models_that_need_not_think_can_be_forced(wire: Wire, choice: dict[str, Any]) -> None:
    config = {"tools": [spec()], "toolChoice": choice}
    own = {"type": "any"} if "any" in choice else {"type": "tool", "name": "look"}

    with pytest.raises(ClientError, match="tool_choice forces tool use"):
        wire.converse(SONNET, toolConfig=config)
    with pytest.raises(AnthropicBadRequest, match="tool_choice forces tool use"):
        wire.message(model="claude-sonnet-5-5", tools=[tool()], tool_choice=own)

    assert wire.converse(HAIKU, toolConfig=config)["stopReason"] == "tool_use"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tools": []}, "empty array"),
        ({"tools": [function("a" * 65)]}, "string too long"),
        ({"tools": [function("files.read")]}, "does not match pattern"),
        ({"tools": [function() for _ in range(129)]}, "array too long"),
        ({"tools": [function(schema={"type": "array"})]}, "got 'type: \\\\?\"array"),
        (
            {"tools": [function(schema={**OBJECT, "properties": {"l": {"type": "array"}}})]},
            "array schema missing items",
        ),
        ({"tools": [function(strict=True)]}, "'additionalProperties' is required"),
        ({"tool_choice": "required"}, "only allowed when 'tools' are specified"),
        ({"parallel_tool_calls": True}, "only allowed when 'tools' are specified"),
        ({"tools": [function()], "tool_choice": "any"}, "Supported values are: 'none', 'auto'"),
        (
            {
                "tools": [function()],
                "tool_choice": {"type": "function", "function": {"name": "other"}},
            },
            "not found in 'tools'",
        ),
        ({"stop": ["x"]}, "'stop' is not supported with this model"),
        ({"presence_penalty": 0.5}, "'presence_penalty' does not support 0.5"),
        ({"model": "gpt-4.1-mini", "reasoning_effort": "low"}, "'reasoning_effort' is not"),
        ({"logit_bias": {"1": 1}}, "'logit_bias' is not supported"),
        ({"model": "gpt-4.1-mini", "stop": list("abcde")}, "array too long"),
        ({"stream_options": {"include_usage": True}}, "only allowed when 'stream' is enabled"),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
    ],
)
def test_chat_completions_refuse(wire: Wire, more: dict[str, Any], words: str) -> None:
    with pytest.raises(OpenAIBadRequest, match=words):
        wire.chat(**more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tools": [tool("files.read")]}, "String should match pattern"),
        ({"tools": [tool(), tool()]}, "Tool names must be unique"),
        ({"tools": [tool(schema={"properties": {}})]}, "type: Field required"),
        ({"tool_choice": {"type": "any"}}, "only be specified while providing tools"),
        ({"tools": [tool()], "tool_choice": {"type": "required"}}, "expected tags"),
        ({"tools": [tool()], "tool_choice": {"type": "tool", "name": "b"}}, "not found"),
        ({"tools": [tool(f"t{n}", CLOSED, strict=True) for n in range(21)]}, "too large"),
        ({"stop_sequences": [" "]}, "non-whitespace"),
    ],
)  # fmt: skip
def test_anthropic_refuses(wire: Wire, more: dict[str, Any], words: str) -> None:
    with pytest.raises(AnthropicBadRequest, match=words):
        wire.message(**more)


def test_more_than_four_cache_marks_are_refused(wire: Wire) -> None:
    point, kept = {"cachePoint": {"type": "default"}}, {"cache_control": {"type": "ephemeral"}}
    system = [{"text": "a"}, point, {"text": "b"}, point, {"text": "c"}, point]
    messages = [{"role": "user", "content": [{"text": "q"}, point]}]
    config = {"tools": [spec(), point]}

    with pytest.raises(ClientError, match="Found 5"):
        wire.bedrock.converse(modelId=HAIKU, system=system, messages=messages, toolConfig=config)
    with pytest.raises(AnthropicBadRequest, match="Found 5"):
        wire.message(system=[{"type": "text", "text": each, **kept} for each in "abcde"])

    assert wire.bedrock.converse(modelId=HAIKU, system=system, messages=messages)["usage"]


def test_stop_sequences_end_the_text_where_a_model_takes_them(wire: Wire) -> None:
    converse = wire.converse(inferenceConfig={"stopSequences": [" is "]})
    message = wire.message(stop_sequences=["Par", " is "])
    chat = wire.chat(model="gpt-4.1-mini", stop=" is ")

    assert converse["stopReason"] == message.stop_reason == "stop_sequence"
    assert (message.stop_sequence, message.content[0].text) == (" is ", "The capital of France")
    assert chat.choices[0].message.content == "The capital of France"
    assert chat.choices[0].finish_reason == "stop"


def test_allowed_tools_leave_the_others_out(wire: Wire) -> None:
    allowed = {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "b"}}],
        },
    }

    answer = wire.chat(tools=[function("a"), function("b")], tool_choice=allowed)

    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["b"]
