"""Conversations that Converse refuses, and those that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire

OLDER = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
CONFIG = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": SCHEMA}}}]}


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

    assert code_of(caught.value) == "ValidationException"


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
