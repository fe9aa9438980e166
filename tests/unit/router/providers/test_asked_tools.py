"""Tools, calls and results as providers take them: each case has broken a translator."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from router.conversation.blocks import (
    Image,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from router.errors import InvalidModelRequest
from tests.support.asked import (
    ASKED,
    CALLED,
    CLOSED,
    NOVA,
    RESULT,
    anthropic,
    bedrock,
    openai,
    shape,
    talk,
)
from tests.support.conversations import picture
from tests.support.factories import HAIKU


@pytest.mark.parametrize("call_id", ["call.1:x", "x" * 80, "ümlaut", "a b"])
def test_an_id_that_a_provider_refuses_is_mapped_for_call_and_result_alike(call_id: str) -> None:
    called = Turn("assistant", (ToolCall(call_id, "weather", ""),))
    asked = talk(ASKED, called, Turn("tool", (ToolResult(call_id, (Text("rain"),)),)))

    messages = bedrock(asked)["messages"]
    body = openai(asked)["messages"]

    sent = messages[1]["content"][0]["toolUse"]["toolUseId"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", sent)
    assert messages[2]["content"][0]["toolResult"]["toolUseId"] == sent
    assert anthropic(asked)["messages"][1]["content"][0]["id"] == sent
    assert body[1]["tool_calls"][0]["id"] == body[2]["tool_call_id"]
    assert len(body[2]["tool_call_id"]) <= 40


def test_an_id_that_a_model_gives_in_every_turn_is_used_once() -> None:
    asked = talk(ASKED, CALLED, RESULT, CALLED, RESULT)

    messages = bedrock(asked)["messages"]

    first, second = (messages[n]["content"][0]["toolUse"]["toolUseId"] for n in (1, 3))
    assert first == "c1" != second
    assert messages[4]["content"][0]["toolResult"]["toolUseId"] == second


def test_a_name_that_no_tool_can_have_is_made_one() -> None:
    called = Turn("assistant", (ToolCall("c1", "functions.weather/now", ""),))

    assert openai(talk(ASKED, called, RESULT))["messages"][1]["tool_calls"][0]["function"][
        "name"
    ] == ("functions_weather_now")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", {}),
        ("  ", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": 1}{"b": 2}', {"a": 1, "b": 2}),
    ],
)
def test_arguments_are_an_object_however_a_model_wrote_them(arguments: str, given: Any) -> None:
    asked = talk(ASKED, Turn("assistant", (ToolCall("c1", "weather", arguments),)), RESULT)

    assert bedrock(asked)["messages"][1]["content"][0]["toolUse"]["input"] == given
    assert anthropic(asked)["messages"][1]["content"][0]["input"] == given
    text = openai(asked)["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(text) == given


def test_arguments_that_were_cut_are_refused_with_what_to_do() -> None:
    asked = talk(ASKED, Turn("assistant", (ToolCall("c1", "weather", '{"a'),)), RESULT)

    with pytest.raises(InvalidModelRequest, match="give them whole"):
        bedrock(asked)


def test_a_turn_of_calls_alone_has_no_text() -> None:
    asked = talk(ASKED, CALLED, RESULT)

    assert openai(asked)["messages"][1]["content"] is None
    assert shape(bedrock(asked)["messages"])[1] == ("assistant", ["toolUse"])


def test_a_result_without_a_word_is_one() -> None:
    asked = talk(ASKED, CALLED, Turn("tool", (ToolResult("c1", (Text(" "),)),)))

    result = bedrock(asked)["messages"][2]["content"][0]["toolResult"]
    assert result["content"] == [{"text": "(no output)"}]
    assert anthropic(asked)["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1"}
    ]
    assert openai(asked)["messages"][2]["content"] == ""


def test_a_failed_tool_is_one_everywhere() -> None:
    asked = talk(ASKED, CALLED, Turn("tool", (ToolResult("c1", (Text("no net"),), True),)))

    assert bedrock(asked)["messages"][2]["content"][0]["toolResult"]["status"] == "error"
    assert anthropic(asked)["messages"][2]["content"][0]["is_error"] is True
    parts = openai(asked)["messages"][2]["content"]
    assert [part["text"] for part in parts] == ["[the tool failed]", "no net"]


# ---- tools


@pytest.mark.parametrize("model", [HAIKU, NOVA])
def test_a_tool_history_without_tools_is_told_as_text(model: str) -> None:
    asked = talk(ASKED, CALLED, RESULT, tools=())

    arguments = bedrock(asked, model)

    assert "toolConfig" not in arguments
    assert shape(arguments["messages"]) == [
        ("user", ["text"]),
        ("assistant", ["text"]),
        ("user", ["text", "text"]),
    ]
    told = json.dumps(arguments["messages"], ensure_ascii=False)
    assert "weather" in told
    assert "Paris" in told
    assert "rain" in told
    assert "tools" not in anthropic(asked)
    assert {p["type"] for m in anthropic(asked)["messages"] for p in m["content"]} == {"text"}
    # OpenAI takes it as it is.
    assert openai(asked)["messages"][1]["tool_calls"]


def test_pictures_that_a_tool_gave_are_kept_where_the_history_is_text() -> None:
    gave = Turn("tool", (ToolResult("c1", (Text("map"), Image(picture()))),))

    assert shape(bedrock(talk(ASKED, CALLED, gave, tools=()))["messages"])[2] == (
        "user",
        ["text", "text", "image"],
    )


def test_none_is_none_and_never_auto() -> None:
    asked = talk(ASKED, CALLED, RESULT, choice=ToolChoice("none"))

    assert "toolConfig" not in bedrock(asked)
    assert anthropic(asked)["tool_choice"] == {"type": "none"}
    assert anthropic(asked)["tools"]
    assert (openai(asked)["tool_choice"], len(openai(asked)["tools"])) == ("none", 1)


@pytest.mark.parametrize(
    ("choice", "converse", "messages", "chat"),
    [
        (None, None, None, None),
        (ToolChoice("auto"), {"auto": {}}, {"type": "auto"}, "auto"),
        (ToolChoice("required"), {"any": {}}, {"type": "any"}, "required"),
        (
            ToolChoice("named", "weather"),
            {"tool": {"name": "weather"}},
            {"type": "tool", "name": "weather"},
            {"type": "function", "function": {"name": "weather"}},
        ),
    ],
)
def test_a_choice_in_each_providers_words(
    choice: ToolChoice | None, converse: Any, messages: Any, chat: Any
) -> None:
    asked = talk(ASKED, choice=choice)

    assert bedrock(asked)["toolConfig"].get("toolChoice") == converse
    assert anthropic(asked).get("tool_choice") == messages
    assert openai(asked).get("tool_choice") == chat


def test_one_call_at_a_time_is_asked_of_each_provider_in_its_way() -> None:
    asked = talk(ASKED, choice=ToolChoice("required"), parallel=False)
    alone = {"type": "any", "disable_parallel_tool_use": True}

    arguments = bedrock(asked)

    # Bedrock finds that the two conflict if both are given.
    assert "toolChoice" not in arguments["toolConfig"]
    assert arguments["additionalModelRequestFields"] == {"tool_choice": alone}
    assert anthropic(asked)["tool_choice"] == alone
    assert openai(asked)["parallel_tool_calls"] is False
    auto = anthropic(talk(ASKED, parallel=False))["tool_choice"]
    assert auto == {"type": "auto", "disable_parallel_tool_use": True}


def test_a_model_that_cannot_be_kept_from_parallel_calls_is_not_asked() -> None:
    with pytest.raises(InvalidModelRequest, match="leave parallel_tool_calls out"):
        bedrock(talk(ASKED, parallel=False), NOVA)


def test_a_tool_without_parameters_takes_an_object() -> None:
    asked = talk(ASKED, tools=(Tool("now"), Tool("then", " ", {"properties": {}})))

    for tool in bedrock(asked)["toolConfig"]["tools"]:
        assert tool["toolSpec"]["inputSchema"]["json"] == {"type": "object", "properties": {}}
        assert "description" not in tool["toolSpec"]
    assert anthropic(asked)["tools"][0] == {
        "name": "now",
        "input_schema": {"type": "object", "properties": {}},
    }


def test_a_strict_tool_is_strict_everywhere() -> None:
    asked = talk(ASKED, tools=(Tool("weather", "Tells.", CLOSED, True),))

    assert bedrock(asked)["toolConfig"]["tools"][0]["toolSpec"]["strict"] is True
    assert anthropic(asked)["tools"][0]["strict"] is True
    assert openai(asked)["tools"][0]["function"]["strict"] is True


def test_bounds_that_claudes_strict_form_has_not_are_told_in_words() -> None:
    bounded = CLOSED | {"properties": {"city": {"type": "string", "maxLength": 5}}}
    asked = talk(ASKED, tools=(Tool("weather", "Tells.", bounded, True),))

    spec = bedrock(asked)["toolConfig"]["tools"][0]["toolSpec"]

    assert spec["inputSchema"]["json"] == CLOSED
    assert spec["description"].startswith("Tells.")
    assert '"maxLength": 5' in spec["description"]
    assert anthropic(asked)["tools"][0]["description"] == spec["description"]


@pytest.mark.parametrize("ask", [bedrock, anthropic, openai])
def test_an_open_schema_cannot_be_strict_and_says_so(ask: Any) -> None:
    asked = talk(ASKED, tools=(Tool("weather", "Tells.", {"type": "object"}, True),))

    with pytest.raises(InvalidModelRequest, match="weather cannot be strict"):
        ask(asked)


def test_openai_names_the_place_that_is_not_strict() -> None:
    nested = CLOSED | {"properties": {"city": {"type": "array", "items": {"type": "object"}}}}

    with pytest.raises(InvalidModelRequest, match=re.escape("parameters.city.items must")):
        openai(talk(ASKED, tools=(Tool("weather", None, nested, True),)))
