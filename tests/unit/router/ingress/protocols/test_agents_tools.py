"""What coding agents send beyond chat: tools of free text, namespaces, tools that come later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.conversation.blocks import Text, ToolCall
from router.conversation.events import ToolCallDelta, ToolCallStart
from router.conversation.said import Said
from router.conversation.tools import read_conversation
from router.errors import InvalidRequest
from router.ingress.protocols import anthropic_messages, openai_responses
from router.ingress.protocols.reply import Reply, finish_of
from router.ingress.protocols.responses_reply import to_response
from router.ingress.protocols.responses_stream import ResponseStream
from router.ingress.protocols.responses_tools import names_of

PATCH = {
    "type": "custom", "name": "apply_patch", "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin"'},
}  # fmt: skip
SPAWN = {"type": "function", "name": "spawn", "parameters": {"type": "object"}}
TEAM = {"type": "namespace", "name": "team", "description": "Helpers.", "tools": [SPAWN]}
CALLS = (ToolCall("c1", "apply_patch", '{"input": "*** Begin"}'), ToolCall("c2", "team__spawn", ""))


def response(**changes: Any) -> dict[str, Any]:
    return {"model": "auto", "input": "hi", "tools": [PATCH, TEAM], **changes}


def message(**changes: Any) -> dict[str, Any]:
    asked = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    return asked | changes


def reply(said: Said) -> Reply:
    return Reply("r", 0, "m", said, finish_of(said, truncated=False))


def test_a_tool_of_free_text_is_a_function_that_shows_its_grammar() -> None:
    [tool, _] = read_conversation(openai_responses.to_request(response())).tools

    assert tool.parameters is not None
    assert list(tool.parameters["properties"]) == tool.parameters["required"] == ["input"]
    assert "Edits files." in str(tool.description)
    assert '(lark):\nstart: "*** Begin"' in str(tool.description)
    assert openai_responses.dropped(response()) == ("tools.apply_patch.format",)


def test_calls_go_back_under_the_names_and_kinds_that_their_client_gave() -> None:
    text, function = to_response(reply(Said("", CALLS)), names_of(response()))["output"]

    assert (text["type"], text["name"], text["input"]) == (
        "custom_tool_call", "apply_patch", "*** Begin",
    )  # fmt: skip
    assert (function["type"], function["name"], function["namespace"]) == (
        "function_call", "spawn", "team",
    )  # fmt: skip


def test_calls_of_a_history_are_those_that_the_model_made() -> None:
    output = to_response(reply(Said("", CALLS)), names_of(response()))["output"]
    results = [
        {"type": "custom_tool_call_output", "call_id": "c1", "output": "Done"},
        {"type": "function_call_output", "call_id": "c2", "output": "started"},
    ]
    items = [{"role": "user", "content": "hi"}, *output, *results]

    turns = read_conversation(openai_responses.to_request(response(input=items))).turns

    assert [(c.id, c.name, c.input) for c in turns[1].calls] == [
        (c.id, c.name, c.input) for c in CALLS
    ]
    assert [result.text for result in turns[2].results] == ["Done", "started"]


def test_the_text_for_a_tool_is_streamed_as_text_and_not_as_its_json() -> None:
    stream = ResponseStream("r", 0, "m", names_of(response()))
    said = Said("", CALLS[:1])
    events = [
        *stream.start(),
        *stream.piece(ToolCallStart(0, "c1", "apply_patch")),
        *stream.piece(ToolCallDelta(0, '{"input": "*** ')),
        *stream.piece(ToolCallDelta(0, 'Begin"}')),
        *stream.end(reply(said)),
    ]

    found = [json.loads(e.split(b"data: ")[1]) for e in events]
    kinds = [event["type"].removeprefix("response.") for event in found]
    assert kinds[2:] == [
        "output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done",
        "output_item.done", "completed",
    ]  # fmt: skip
    assert found[2]["item"]["type"] == "custom_tool_call"
    assert [found[3]["delta"], found[4]["input"], found[5]["item"]["input"]] == ["*** Begin"] * 3


def test_a_model_that_writes_no_json_for_a_text_is_taken_at_its_word() -> None:
    call = ToolCall("c1", "apply_patch", "*** Begin")

    [item] = to_response(reply(Said("", (call,))), names_of(response()))["output"]

    assert item["input"] == "*** Begin"


@pytest.mark.parametrize(
    ("choice", "kind", "names"),
    [
        ({"type": "custom", "name": "apply_patch"}, "named", ["apply_patch", "team__spawn"]),
        ({"type": "allowed_tools", "mode": "required",
          "tools": [{"type": "function", "name": "spawn", "namespace": "team"}]},
         "required", ["team__spawn"]),
    ],
)  # fmt: skip
def test_a_choice_of_tools_is_one_of_their_functions(
    choice: Any, kind: str, names: list[str]
) -> None:
    asked = read_conversation(openai_responses.to_request(response(tool_choice=choice)))

    assert asked.choice is not None
    assert asked.choice.kind == kind
    assert [tool.name for tool in asked.tools] == names


def test_what_a_response_wants_beside_its_answer_is_named_as_dropped() -> None:
    asked = {
        "text": {"verbosity": "low"},
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    }

    found = openai_responses.dropped(response(tools=[], **asked))

    assert found == ("text.verbosity", "include.message.output_text.logprobs")


# ---- Anthropic's messages

DEFERRED = {"name": "fetch", "input_schema": {"type": "object"}, "defer_loading": True}
SEARCH = {"name": "search", "input_schema": {"type": "object"}}
FOUND = [
    {"role": "user", "content": "Find me a tool."},
    {"role": "assistant", "content": [
        {"type": "tool_use", "id": "t1", "name": "search", "input": {}}]},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1",
         "content": [{"type": "tool_reference", "tool_name": "fetch"}]}]},
]  # fmt: skip


def _change(kind: str) -> dict[str, Any]:
    named = {"type": "tool_reference", "name": "fetch"}
    return {"role": "system", "content": [{"type": kind, "tool": named}]}


@pytest.mark.parametrize(
    ("messages", "names"),
    [
        ([{"role": "user", "content": "hi"}], ["search"]),
        (FOUND, ["search", "fetch"]),
        ([{"role": "user", "content": "hi"}, _change("tool_addition")], ["search", "fetch"]),
        ([*FOUND, _change("tool_removal")], ["search"]),
    ],
)
def test_a_model_is_shown_a_deferred_tool_once_it_was_mentioned(
    messages: list[Any], names: list[str]
) -> None:
    asked = anthropic_messages.to_request(message(messages=messages, tools=[SEARCH, DEFERRED]))

    assert [tool.name for tool in read_conversation(asked).tools] == names


def test_a_mention_of_a_tool_is_a_text_that_its_model_reads() -> None:
    asked = anthropic_messages.to_request(message(messages=FOUND, tools=[SEARCH, DEFERRED]))

    [result] = read_conversation(asked).turns[-1].results

    assert result.text == "The tool fetch can be called from here on."


def test_tools_that_are_all_deferred_are_none() -> None:
    asked = anthropic_messages.to_request(message(tools=[DEFERRED], tool_choice={"type": "auto"}))

    assert read_conversation(asked).tools == ()


def test_an_inline_definition_of_a_tool_is_refused_with_what_to_write() -> None:
    block = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {}}}
    turns = [{"role": "user", "content": "hi"}, {"role": "system", "content": [block]}]

    with pytest.raises(InvalidRequest, match="must hold a `tool` of type tool_reference"):
        anthropic_messages.to_request(message(messages=turns))


def test_instructions_may_follow_the_question_and_do_not_end_a_tool_loop() -> None:
    now = {"role": "system", "content": [{"type": "text", "text": "Be brief from now on."}]}

    asked = read_conversation(anthropic_messages.to_request(message(messages=[*FOUND, now])))

    assert asked.turns[-1].blocks == (Text("Be brief from now on."),)
    assert asked.in_tool_loop
    assert asked.last.role == "tool"


def test_fields_that_no_model_gets_are_named_and_accepted() -> None:
    asked = message(
        context_management={"edits": [{"type": "clear_tool_uses_20250919"}]},
        cache_control={"type": "ephemeral"},
        top_k=40,
        speed="standard",
        tools=[{**SEARCH, "input_examples": [{}], "allowed_callers": ["direct"]}],
    )

    assert read_conversation(anthropic_messages.to_request(asked)).tools
    assert anthropic_messages.dropped(asked) == (
        "context_management", "cache_control", "top_k", "tools.search.input_examples",
    )  # fmt: skip
