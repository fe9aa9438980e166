"""Conversations that OpenAI refuses on either path, and those that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from openai import BadRequestError as OpenAIBadRequest

from tests.local_patches.simulator.wire import HAIKU, Wire

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTIONS = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]
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
