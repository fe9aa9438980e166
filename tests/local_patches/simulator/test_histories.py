"""Conversations that the providers refuse, and those that they take."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError
from openai import BadRequestError as OpenAIBadRequest

from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire

OLDER = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CONFIG = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": SCHEMA}}}]}
TOOLS = [{"name": "look", "input_schema": SCHEMA}]
FUNCTIONS = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]


def said(role: str, *texts: str) -> dict[str, Any]:
    return {"role": role, "content": [{"text": text} for text in texts]}


def called(*ids: str) -> dict[str, Any]:
    uses = [{"toolUse": {"toolUseId": each, "name": "look", "input": {}}} for each in ids]
    return {"role": "assistant", "content": uses}


def answered(*ids: str, **more: Any) -> dict[str, Any]:
    results = [
        {"toolResult": {"toolUseId": each, "content": [{"text": "ok"}], **more}} for each in ids
    ]
    return {"role": "user", "content": results}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "must start with a user message"),
        ([said("assistant", "Hi"), said("user", "q")], "must start with a user message"),
        ([said("user", "a"), said("user", "b")], "must alternate between user and assistant"),
        ([said("user", " \n")], r"messages\.0\.content\.0 is blank"),
        ([{"role": "user", "content": []}], r"messages\.0 is empty"),
        ([said("robot", "q")], r"enum value set: \[user, assistant, system\]"),
        ([said("user", "q"), called("a")], "without `tool_result` blocks"),
        (
            [said("user", "q"), called("a"), said("user", "and?")],
            r"Expected toolResult blocks at messages\.2\.content for the following Ids: a",
        ),
        ([said("user", "q"), called("a", "b"), answered("a")], "following Ids: b"),
        (
            [said("user", "q"), called("a"), answered("a", "b")],
            r"toolResult blocks at messages\.2\.content exceeds the number of toolUse blocks",
        ),
        ([answered("a")], "exceeds the number of toolUse blocks"),
        ([said("user", "q"), called("a", "a"), answered("a", "a")], "ids must be unique"),
        (
            [said("user", "q"), called("a"), answered("a"), called("a"), answered("a")],
            "ids must be unique",
        ),
        ([said("user", "q"), called("a" * 65), answered("a" * 65)], "less than or equal to 64"),
        ([said("user", "q"), called("a/b"), answered("a/b")], "regular expression pattern"),
        (
            [
                said("user", "q"),
                {"role": "assistant", "content": [*called("a")["content"], {"text": "so"}]},
                answered("a"),
            ],
            "without `tool_result` blocks immediately after",
        ),
        (
            [
                said("user", "q"),
                called("a"),
                {"role": "user", "content": [{"text": "here"}, *answered("a")["content"]]},
            ],
            "without `tool_result` blocks immediately after",
        ),
        ([{"role": "user", "content": [{}]}], "must set one of the following keys"),
        ([{"role": "user", "content": called("a")["content"]}], "only supported in messages of"),
    ],
)
def test_converse_refuses(wire: Wire, messages: list[Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        wire.bedrock.converse(modelId=HAIKU, messages=messages, toolConfig=CONFIG)

    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_converse_takes_a_loop_with_parallel_calls_and_ids_of_other_providers(wire: Wire) -> None:
    messages = [
        said("user", "q"),
        called("call:1.x", "toolu_2"),
        answered("toolu_2", "call:1.x", status="error"),
        said("assistant", "Well."),
        said("user", "Thanks"),
    ]

    answer = wire.bedrock.converse(modelId=HAIKU, messages=messages, toolConfig=CONFIG)

    assert answer["stopReason"] == "end_turn"


def test_converse_wants_the_tools_of_a_history(wire: Wire) -> None:
    messages = [said("user", "q"), called("a"), answered("a")]

    with pytest.raises(ClientError, match="toolConfig field must be defined"):
        wire.bedrock.converse(modelId=HAIKU, messages=messages)


@pytest.mark.parametrize("blank", ["", "\n"])
def test_blank_instructions_are_refused(wire: Wire, blank: str) -> None:
    with pytest.raises(ClientError, match=r"greater than or equal to 1|non-whitespace"):
        wire.converse(system=[{"text": blank}])
    with pytest.raises(AnthropicBadRequest, match="system: text content blocks must"):
        wire.message(system=[{"type": "text", "text": blank}])


def test_prefill_is_refused_by_models_of_today_and_may_not_end_in_space_on_others(
    wire: Wire,
) -> None:
    prefilled = [said("user", "q"), said("assistant", "{")]

    for model in (HAIKU, SONNET, "us.anthropic.claude-sonnet-4-6"):
        with pytest.raises(ClientError, match="prefill"):
            wire.bedrock.converse(modelId=model, messages=prefilled)
    with pytest.raises(ClientError, match="cannot end with trailing whitespace"):
        wire.bedrock.converse(modelId=OLDER, messages=[said("user", "q"), said("assistant", "So ")])
    assert wire.bedrock.converse(modelId=OLDER, messages=prefilled)["stopReason"] == "end_turn"


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"role": "assistant", "content": "Hi"}], 'first message must use the "user" role'),
        ([{"role": "user", "content": ""}], "non-empty"),
        ([{"role": "user", "content": [{"type": "text", "text": " "}]}], "non-whitespace text"),
        ([{"role": "user", "content": []}], "must have non-empty content"),
        ([{"role": "robot", "content": "q"}], "Input should be 'user' or 'assistant'"),
        ([{"role": "user", "content": [{"type": "video"}]}], "expected tags"),
        ([{"role": "user", "content": [{"type": "text"}]}], "Field required"),
        (
            [
                {"role": "user", "content": "q"},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a.b", "name": "look", "input": {}}],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a.b"}]},
            ],
            "String should match pattern",
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}],
            "unexpected `tool_use_id`",
        ),
        (
            [
                {"role": "user", "content": "q"},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}],
                },
                {"role": "user", "content": "and?"},
            ],
            "`tool_use` ids were found without `tool_result` blocks immediately after: a",
        ),
    ],
)
def test_anthropic_refuses(wire: Wire, messages: list[Any], words: str) -> None:
    with pytest.raises(AnthropicBadRequest, match=words):
        wire.message(messages=messages, tools=TOOLS)


def test_anthropic_merges_turns_of_one_role_and_takes_a_history_without_its_tools(
    wire: Wire,
) -> None:
    messages = [
        {"role": "user", "content": "What is"},
        {"role": "user", "content": "17 * 23?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]},
        {"role": "user", "content": "So, what is 17 * 23?"},
    ]

    assert wire.message(messages=messages).content[0].text == "The result is 391."


CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [CALL]}
QUESTION = {"role": "user", "content": "q"}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "x"}


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "empty array"),
        ([{"role": "robot", "content": "q"}], "Supported values are: 'system'"),
        ([{"role": "user", "content": None}], "expected a string, got null"),
        ([QUESTION, {"role": "tool", "tool_call_id": "c1", "content": "x"}], "must be a response"),
        ([QUESTION, ASSISTANT], "did not have response messages: c1"),
        ([QUESTION, ASSISTANT, QUESTION], "did not have response messages: c1"),
        (
            [
                QUESTION,
                ASSISTANT,
                RESULT,
                RESULT,
            ],
            "must be a response",
        ),
        ([QUESTION, {**ASSISTANT, "tool_calls": [{**CALL, "id": "c" * 65}]}], "maximum length 64"),
        (
            [QUESTION, {**ASSISTANT, "tool_calls": [{**CALL, "function": {"name": "look"}}]}],
            r"Invalid type for 'messages\[1\]\.tool_calls\[0\]\.function\.arguments'",
        ),
        (
            [QUESTION, ASSISTANT, {**RESULT, "content": [{"type": "image_url"}]}],
            "Invalid value: 'image_url'",
        ),
    ],
)  # fmt: skip
def test_chat_completions_refuse(wire: Wire, messages: list[Any], words: str) -> None:
    with pytest.raises(OpenAIBadRequest, match=words):
        wire.chat(messages=messages, tools=FUNCTIONS)


def test_chat_completions_take_what_converse_refuses(wire: Wire) -> None:
    messages = [
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "a"},
        {"role": "user", "content": ""},
        ASSISTANT,
        {"role": "tool", "tool_call_id": "c1", "content": "x"},
        {"role": "assistant", "content": "The "},
    ]

    assert wire.chat(messages=messages).choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([{"type": "function_call_output", "call_id": "c", "output": "x"}], "No tool call found"),
        (
            [{"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}],
            "No tool output found for function call c",
        ),
        ([{"role": "robot", "content": "q"}], "Supported values are: 'assistant'"),
        ([{"type": "item_reference", "id": "msg_1"}], "Item with id 'msg_1' not found"),
        ([{"role": "user", "content": [{"type": "text", "text": "q"}]}], "Invalid value: 'text'"),
        (
            [{"role": "user", "content": "q"}, {"type": "reasoning", "id": "rs_1", "summary": []}],
            "without its required following item",
        ),
    ],
)
def test_responses_refuse(wire: Wire, items: list[Any], words: str) -> None:
    with pytest.raises(OpenAIBadRequest, match=words):
        wire.respond(items)


def test_responses_store_nothing(wire: Wire) -> None:
    with pytest.raises(OpenAIBadRequest) as caught:
        wire.respond(previous_response_id="resp_1")

    assert caught.value.code == "previous_response_not_found"


@pytest.mark.parametrize("body", [{"messages": 5}, {"messages": [5]}, {"messages": [{}]}, []])
def test_a_body_of_another_shape_is_refused_too(wire: Wire, body: Any) -> None:
    for path, headers, model in (
        (f"/model/{HAIKU}/converse", {"authorization": "AWS4-HMAC-SHA256 Credential=x/y"}, None),
        ("/v1/chat/completions", {"authorization": "Bearer sk-local-1"}, "gpt-6-luna"),
        (
            "/v1/messages",
            {"x-api-key": "sk-ant-local-1", "anthropic-version": "2023-06-01"},
            "claude-haiku-5-5",
        ),
    ):
        named = {**body, "model": model, "max_tokens": 9} if isinstance(body, dict) else body
        assert wire.post(path, named, headers).status_code == 400, path
