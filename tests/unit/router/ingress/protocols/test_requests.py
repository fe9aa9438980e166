"""Bodies of Anthropic's messages and OpenAI's responses as requests of ours."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given

from router.conversation.blocks import Reasoning, Text, ToolCall, ToolResult
from router.conversation.said import Said
from router.conversation.tools import read_conversation
from router.errors import InvalidRequest
from router.ingress.protocols import anthropic_messages, openai_responses
from router.ingress.protocols.reply import Reply, finish_of
from router.ingress.protocols.responses_reply import to_response
from tests.support.conversations import pdf, png
from tests.support.strategies import JSON, shaped

PNG = base64.b64encode(png()).decode()
PDF = base64.b64encode(pdf()).decode()
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
PAPER = {
    "type": "document", "title": "a.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
}  # fmt: skip
LOOP: list[Any] = [
    {"role": "user", "content": "Weather in Paris and Rome?"},
    {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "two calls", "signature": "sig"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Paris"}},
        {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
    ]},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": "21"},
        {"type": "tool_result", "tool_use_id": "t2", "is_error": True,
         "content": [{"type": "text", "text": "no city"}]},
        {"type": "text", "text": "And Oslo?"},
    ]},
]  # fmt: skip


def message(**changes: Any) -> dict[str, Any]:
    asked = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    return asked | changes


def test_a_message_loop_is_the_same_conversation() -> None:
    turns = read_conversation(anthropic_messages.to_request(message(messages=LOOP))).turns

    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "user"]
    assert turns[1].blocks == (
        Reasoning("two calls", "sig"),
        Text("I look."),
        ToolCall("t1", "weather", '{"city": "Paris"}'),
        ToolCall("t2", "weather", "{}"),
    )
    assert turns[2].results == (
        ToolResult("t1", (Text("21"),)),
        ToolResult("t2", (Text("no city"),), is_error=True),
    )


def test_instructions_files_tools_and_marks_of_a_message_are_kept() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    asked = message(
        system=[{"type": "text", "text": "Be brief.", **mark}],
        messages=[
            {"role": "user", "content": [IMAGE, PAPER, {"type": "text", "text": "Compare."}]}
        ],
        tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}, **mark}],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
    )

    found = read_conversation(anthropic_messages.to_request(asked))

    assert found.system == (Text("Be brief.", "5m"),)
    assert [part.media.media_type for part in found.media] == ["image/png", "application/pdf"]
    assert (found.tools[0].name, found.tools[0].cache) == ("f", "5m")
    assert found.choice is not None
    assert (found.choice.kind, found.parallel) == ("required", False)


def test_limits_stops_and_thinking_of_a_message_are_options_of_the_request() -> None:
    request = anthropic_messages.to_request(
        message(
            model="COMPLEX", stop_sequences=["END"], temperature=0.5, metadata={"user_id": "u"},
            thinking={"type": "enabled", "budget_tokens": 9_000},
        )
    )  # fmt: skip

    assert request["tier"] == "COMPLEX"
    assert (request["stop"], request["temperature"], request["max_tokens"]) == (["END"], 0.5, 9)
    assert (request["metadata"], request["reasoning_effort"]) == ({"user": "u"}, "medium")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"max_tokens": None}, "must have `max_tokens`"),
        ({"inference_geo": "eu"}, "`inference_geo` is not passed on"),
        ({"speed": "fast"}, "`speed` is not passed on"),
        ({"mcp_servers": [{}]}, "`mcp_servers` is not passed on"),
        ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, "is run by its provider"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "must be one of user, assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "type video"),
        ({"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "url", "url": "http://169.254.169.254/"}}]}]},
         "not fetched"),
    ],
)  # fmt: skip
def test_what_a_message_cannot_have_is_refused_by_its_name(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        anthropic_messages.to_request(message(**changes))

    assert says in str(refused.value)


ITEMS: list[Any] = [
    {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
    {"type": "message", "role": "assistant", "id": "m", "status": "completed",
     "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
    {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call", "call_id": "c2", "name": "f", "arguments": ""},
    {"type": "function_call_output", "call_id": "c1", "output": "21"},
    {"type": "function_call_output", "call_id": "c2", "output": "22"},
    {"role": "user", "content": [
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"}]},
]  # fmt: skip


def response(**changes: Any) -> dict[str, Any]:
    return {"model": "auto", "input": "hi", **changes}


def test_a_responses_items_are_the_same_conversation() -> None:
    turns = read_conversation(openai_responses.to_request(response(input=ITEMS))).turns

    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "user"]
    assert [call.id for call in turns[1].calls] == ["c1", "c2"]
    assert turns[1].text == "I look."
    assert [result.text for result in turns[2].results] == ["21", "22"]


def test_what_a_model_thought_comes_back_by_its_encrypted_content() -> None:
    said = Said("", (ToolCall("c1", "f", "{}"),), (Reasoning("hm", "sig", by="bedrock/x"),))
    whole = to_response(Reply("r", 0, "m", said, finish_of(said, truncated=False)), {})
    output = {"type": "function_call_output", "call_id": "c1", "output": "21"}

    items = [{"role": "user", "content": "hi"}, *whole["output"], output]
    turns = read_conversation(openai_responses.to_request(response(input=items))).turns

    assert turns[1].blocks == (Reasoning("hm", "sig", by="bedrock/x"), ToolCall("c1", "f", "{}"))


def test_options_of_a_response_are_options_of_the_request() -> None:
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    request = openai_responses.to_request(
        response(
            instructions="Be brief.", max_output_tokens=9, text={"format": form}, temperature=0.5,
            reasoning={"effort": "low"}, store=False, include=["reasoning.encrypted_content"],
            tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}}],
            tool_choice={"type": "function", "name": "f"}, prompt_cache_key="k",
        )
    )  # fmt: skip

    assert request["system"] == "Be brief."
    assert (request["max_tokens"], request["response_schema"]) == (9, {"type": "object"})
    assert (request["temperature"], request["reasoning_effort"]) == (0.5, "low")
    assert request["tools"][0]["function"]["name"] == "f"
    assert request["tool_choice"] == {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"previous_response_id": "resp_1"}, "send the whole conversation"),
        ({"store": True}, "send `store` false"),
        ({"background": True}, "mode=async"),
        ({"tools": [{"type": "web_search"}]}, "`tools[0]` of type web_search is run by its"),
        ({"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}]},
         "`tools[0].tools[0]` of type mcp"),
        ({"tools": [{"type": "custom", "name": "x"}], "tool_choice": {"type": "shell"}},
         "allowed_tools"),
        ({"input": [{"type": "computer_call"}]}, "`input[0]` of type computer_call"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "type input_audio"),
        ({"input": []}, "must not be empty"),
    ],
)  # fmt: skip
def test_what_a_response_cannot_have_is_refused_by_its_name(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        openai_responses.to_request(response(**changes))

    assert says in str(refused.value)


@given(shaped(message(messages=LOOP, tools=[{"name": "f"}], system="x", thinking={"type": "x"})))
def test_any_message_is_read_or_refused(body: Any) -> None:
    try:
        read_conversation(anthropic_messages.to_request(body))
    except InvalidRequest:
        return


@given(shaped(response(input=ITEMS, tools=[{"type": "function", "name": "f"}])) | JSON)
def test_any_response_is_read_or_refused(body: Any) -> None:
    try:
        read_conversation(openai_responses.to_request(body))
    except InvalidRequest:
        return
