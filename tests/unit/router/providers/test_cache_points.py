"""Our points for the prompt cache: where they have an effect, beside the caller's, four at most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.conversation.blocks import Conversation, Text, Tool, ToolCall, ToolResult, Turn
from router.invocation.call import ModelCall
from router.providers.anthropic_request import messages_body
from router.providers.bedrock_request import converse_arguments
from router.providers.call_json import call_from_json, call_to_json
from router.providers.openai_chat import http_body
from tests.support.factories import HAIKU, SONNET

LONG = "The rules of the house. " * 120  # more than 512 tokens
TOOL = Tool("look", "Looks. " * 400)
TURNS = (
    Turn("user", (Text("Find the invoice."),)),
    Turn("assistant", (ToolCall("c1", "look", "{}"),)),
    Turn("tool", (ToolResult("c1", (Text("a page " * 400),)),)),
    Turn("assistant", (ToolCall("c2", "look", "{}"), ToolCall("c3", "look", "{}"))),
    Turn("tool", (ToolResult("c2", (Text("one"),)), ToolResult("c3", (Text("two"),)))),
)
AGENT = Conversation(TURNS, (Text(LONG),), (TOOL,))


def call(conversation: Conversation = AGENT, model: str = SONNET, **changes: Any) -> ModelCall:
    return ModelCall("bedrock", model, conversation, 500, **{"cache_points": True, **changes})


def points(asked: ModelCall) -> dict[str, list[tuple[int, int]]]:
    """Return where Converse is asked to keep the prompt: turn and place by part."""
    body = converse_arguments(asked)
    parts = {
        "tools": [body.get("toolConfig", {}).get("tools", [])],
        "system": [body.get("system", [])],
        "turns": [message["content"] for message in body["messages"]],
    }
    return {
        name: [
            (number, at)
            for number, part in enumerate(found)
            for at, block in enumerate(part)
            if "cachePoint" in block
        ]
        for name, found in parts.items()
    }


def test_an_agent_s_prompt_is_kept_after_tools_instructions_and_both_last_turns() -> None:
    # Behind the tool, behind the instructions, behind both results of a turn.
    assert points(call()) == {"tools": [(0, 1)], "system": [(0, 1)], "turns": [(2, 1), (4, 2)]}


def test_both_apis_of_claude_are_asked_the_same() -> None:
    body = messages_body(call())

    marked = [
        [at for at, block in enumerate(turn["content"]) if "cache_control" in block]
        for turn in body["messages"]
    ]
    assert marked == [[], [], [0], [], [1]]
    assert "cache_control" in body["system"][0]
    assert "cache_control" in body["tools"][0]


def test_the_point_of_the_call_before_is_found_again_however_many_blocks_follow() -> None:
    before = replace(AGENT, turns=TURNS[:3])

    assert points(call(before))["turns"][-1] in points(call())["turns"]


@pytest.mark.parametrize(
    "asked",
    [
        call(cache_points=False),
        call(model="us.amazon.nova-pro-v1:0"),
        call(model="anthropic.claude-unheard-of-9"),
        call(Conversation((Turn("user", (Text("hi"),)),), (), (Tool("look"),))),
    ],
    ids=["off", "another family", "its minimum is not known", "too short"],
)
def test_no_point_is_placed_where_it_has_no_effect_or_is_not_wanted(asked: ModelCall) -> None:
    assert not any(points(asked).values())


def test_what_is_too_short_for_the_model_is_not_marked() -> None:
    short = replace(AGENT, tools=(Tool("look"),))

    assert points(call(short))["tools"] == []
    # 4,096 tokens at the least
    assert not any(points(call(short, model="anthropic.claude-haiku-4-5-20251001-v1:0")).values())


def with_marks(**marked: Any) -> Conversation:
    return replace(AGENT, **marked)


def test_a_part_that_the_caller_has_marked_is_the_caller_s() -> None:
    marked = with_marks(system=(Text(LONG, cache="5m"), Text("And one more.")))

    assert points(call(marked)) == {
        "tools": [(0, 1)],
        "system": [(0, 1)],
        "turns": [(2, 1), (4, 2)],
    }


def test_the_caller_s_marks_leave_room_or_they_do_not() -> None:
    texts = tuple(Text(LONG, cache="5m") for _ in range(3))

    two = points(call(with_marks(system=texts)))
    none = points(call(with_marks(system=(*texts, *texts[:1]))))

    assert two == {"tools": [], "system": [(0, 1), (0, 3), (0, 5)], "turns": [(4, 2)]}
    assert (none["tools"], none["turns"]) == ([], [])


def test_nothing_kept_for_minutes_comes_before_what_is_kept_for_an_hour() -> None:
    hour = with_marks(system=(Text(LONG, cache="1h"),))

    # Providers refuse a longer time behind a shorter one.
    assert points(call(hour)) == {"tools": [], "system": [(0, 1)], "turns": [(2, 1), (4, 2)]}


def test_the_tenant_s_mark_of_the_instructions_counts_among_them() -> None:
    assert points(call(prompt_cache=True)) == points(call())


def test_points_travel_with_the_plan_and_other_plans_stay_as_small() -> None:
    asked = call(cache_key="k")

    assert call_from_json(call_to_json(asked, http=False)) == asked
    plain = call_to_json(call(cache_points=False), http=False)
    assert plain.keys().isdisjoint({"cache_points", "cache_key"})


def test_openai_is_given_the_key_that_calls_share() -> None:
    body = http_body(ModelCall("openai", "gpt-6-luna", AGENT, 500, cache_key="k"))

    assert body["prompt_cache_key"] == "k"
    assert "prompt_cache_key" not in http_body(call(model=HAIKU))
