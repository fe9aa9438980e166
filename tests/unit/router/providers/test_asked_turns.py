"""Turns and thinking as providers take them: each case has broken a translator."""

from __future__ import annotations

import json

import pytest

from router.catalog.families import names_of_claude
from router.conversation.blocks import (
    Block,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.loop import tag_of, tagged_id
from tests.support.asked import ASKED, CALLED, NOVA, RESULT, anthropic, bedrock, openai, shape, talk


def test_results_of_parallel_calls_are_in_one_turn_before_what_the_user_says() -> None:
    called = Turn("assistant", (ToolCall("a", "weather", ""), ToolCall("b", "weather", "")))
    gave = Turn("tool", (ToolResult("a", (Text("sun"),)), ToolResult("b", (Text("rain"),))))
    asked = talk(ASKED, called, gave, Turn("user", (Text("And Rome?"),)))

    assert shape(bedrock(asked)["messages"]) == [
        ("user", ["text"]),
        ("assistant", ["toolUse", "toolUse"]),
        ("user", ["toolResult", "toolResult", "text"]),
    ]
    kinds = [[part["type"] for part in m["content"]] for m in anthropic(asked)["messages"]]
    assert kinds[2] == ["tool_result", "tool_result", "text"]
    roles = [message["role"] for message in openai(asked)["messages"]]
    assert roles == ["user", "assistant", "tool", "tool", "user"]


def test_results_come_first_even_if_instructions_came_between() -> None:
    between = Turn("system", (Text("Answer in French."),))
    asked = talk(ASKED, CALLED, RESULT, between, Turn("user", (Text("So?"),)))

    last = bedrock(asked)["messages"][-1]["content"]

    assert "toolResult" in last[0]
    assert "Answer in French." in last[1]["text"]
    assert "instructions of the application" in last[1]["text"]
    assert last[2] == {"text": "So?"}


def test_instructions_in_mid_conversation_stay_where_they_are() -> None:
    between = Turn("system", (Text("Now in French."),))
    asked = talk(Turn("user", (Text("a"),)), between, Turn("user", (Text("b"),)), tools=())

    assert [m["role"] for m in openai(asked)["messages"]] == ["user", "system", "user"]
    (turn,) = anthropic(asked)["messages"]
    texts = [part["text"] for part in turn["content"]]
    assert texts[0] == "a"
    assert "Now in French." in texts[1]
    assert texts[2] == "b"
    assert "system" not in anthropic(asked)


def test_turns_of_one_role_are_merged_and_an_assistant_never_begins() -> None:
    turns = [Turn(role, (Text(text),)) for role, text in
             [("assistant", "Hello!"), ("user", "a"), ("user", "b")]]  # fmt: skip

    assert shape(bedrock(talk(*turns))["messages"]) == [
        ("user", ["text"]),
        ("assistant", ["text"]),
        ("user", ["text", "text"]),
    ]


def test_an_assistants_thinking_comes_first_and_its_calls_last() -> None:
    blocks: tuple[Block, ...] = (
        ToolCall("c1", "weather", ""),
        Text("I look."),
        Reasoning("hm", "s"),
    )
    asked = talk(ASKED, Turn("assistant", blocks), RESULT)

    assert shape(bedrock(asked)["messages"])[1] == (
        "assistant",
        ["reasoningContent", "text", "toolUse"],
    )


def test_a_text_of_white_space_is_never_sent_and_a_last_one_does_not_end_in_it() -> None:
    asked = talk(ASKED, Turn("assistant", (Text(" "), Text("So far: \n"))))

    assert bedrock(asked)["messages"][1]["content"] == [{"text": "So far:"}]
    assert anthropic(asked)["messages"][1]["content"] == [{"type": "text", "text": "So far:"}]


def test_a_speakers_name_is_a_field_or_words_and_never_lost() -> None:
    named = talk(Turn("user", (Text("Hi"),), "ann"), Turn("user", (Text("Hi"),), "Bob B."))

    (turn,) = bedrock(named)["messages"]
    ann, bob = openai(named)["messages"]

    assert [part["text"] for part in turn["content"]] == ["ann: Hi", "Bob B.: Hi"]
    assert (ann["name"], ann["content"]) == ("ann", "Hi")
    assert ("name" in bob, bob["content"]) == (False, "Bob B.: Hi")


def test_parts_of_a_text_stay_parts() -> None:
    asked = talk(Turn("user", (Text("the capital"), Text(" of France?"))))

    assert bedrock(asked)["messages"][0]["content"] == [
        {"text": "the capital"},
        {"text": " of France?"},
    ]
    assert [p["text"] for p in openai(asked)["messages"][0]["content"]] == [
        "the capital",
        " of France?",
    ]


# ---- thinking


@pytest.mark.parametrize(
    ("by", "goes"),
    [
        ("bedrock/us.anthropic.claude-haiku-5-5", True),
        ("anthropic/claude-haiku-5-5", True),
        (None, True),
        ("anthropic/claude-opus-4-8", False),
        ("bedrock/openai.gpt-oss-120b-1:0", False),
    ],
)
def test_thinking_goes_back_to_the_model_that_proved_it(by: str | None, goes: bool) -> None:
    thought = Turn("assistant", (Reasoning("hm", "s", by=by), *CALLED.blocks))
    redacted = Turn("assistant", (Reasoning(redacted="c2VjcmV0", by=by), *CALLED.blocks))

    assert (len(bedrock(talk(ASKED, thought, RESULT))["messages"][1]["content"]) == 2) is goes
    content = bedrock(talk(ASKED, redacted, RESULT))["messages"][1]["content"]
    assert ({"reasoningContent": {"redactedContent": b"secret"}} in content) is goes


@pytest.mark.parametrize(
    ("maker", "goes"),
    [
        ("anthropic/claude-haiku-5-5", True),
        ("bedrock/us.anthropic.claude-haiku-5-5", True),
        ("bedrock/anthropic.claude-haiku-5-5", True),
        ("bedrock/eu.anthropic.claude-haiku-5-5-v1:0", True),
        ("anthropic/claude-sonnet-5", False),
        ("bedrock/us.anthropic.claude-sonnet-5", False),
    ],
)
def test_thinking_of_an_unknown_writer_is_of_the_model_that_made_its_calls(
    maker: str, goes: bool
) -> None:
    # A fallback of the same model on another platform reads what it wrote there.
    call_id = tagged_id("call_1", tag_of(*maker.split("/")))
    thought = Turn("assistant", (Reasoning("hm", "s"), ToolCall(call_id, "look", "{}")))
    result = Turn("tool", (ToolResult(call_id, (Text("18"),)),))

    sent = anthropic(talk(ASKED, thought, result))

    assert ("thinking" in [block["type"] for block in sent["messages"][1]["content"]]) is goes


def test_thinking_without_a_proof_and_for_another_family_is_not_sent() -> None:
    unproven = Turn("assistant", (Reasoning("hm"), *CALLED.blocks))
    proven = Turn("assistant", (Reasoning("hm", "s"), *CALLED.blocks))

    assert shape(bedrock(talk(ASKED, unproven, RESULT))["messages"])[1][1] == ["toolUse"]
    assert shape(bedrock(talk(ASKED, proven, RESULT), NOVA)["messages"])[1][1] == ["toolUse"]
    assert "hm" not in json.dumps(openai(talk(ASKED, proven, RESULT)))


def test_a_release_is_known_by_its_day_on_both_platforms() -> None:
    names = names_of_claude("us.anthropic.claude-haiku-4-5-20251001-v1:0")

    assert {
        "anthropic/claude-haiku-4-5-20251001",
        "anthropic/claude-haiku-4-5",
        "bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0",
    } <= names
    assert names_of_claude("claude-haiku-4-5-20251001") == names
