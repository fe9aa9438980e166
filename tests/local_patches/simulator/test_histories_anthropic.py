"""Conversations that the Messages API refuses, and those that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic import BadRequestError as AnthropicBadRequest

from tests.local_patches.simulator.wire import Wire

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"name": "look", "input_schema": SCHEMA}]


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


def test_results_in_messages_of_their_own_are_one_turn(wire: Wire) -> None:
    uses = [{"type": "tool_use", "id": each, "name": "look", "input": {}} for each in "ab"]
    results = [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": each}]} for each in "ab"
    ]

    messages = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": uses},
        *results,
    ]

    assert wire.message(messages=messages, tools=TOOLS).stop_reason == "end_turn"
