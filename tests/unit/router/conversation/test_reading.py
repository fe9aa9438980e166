from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.conversation.blocks import (
    Conversation,
    Document,
    Image,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from router.conversation.tools import read_conversation
from router.conversation.writing import write_conversation
from router.errors import InvalidRequest
from tests.support.conversations import conversations, pdf, png
from tests.support.strategies import JSON, shaped

PNG = "data:image/png;base64," + base64.b64encode(png()).decode()
PDF = "data:application/pdf;base64," + base64.b64encode(pdf()).decode()
ASK = {"role": "user", "content": "Weather in Paris?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": "I look it up.", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "21 degrees"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def read(*messages: Any, **fields: Any) -> Conversation:
    return read_conversation({"messages": list(messages), **fields})


def parts(*given: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(given)}


@given(conversations())
def test_what_is_written_is_read_back_as_it_was(conversation: Conversation) -> None:
    written = json.loads(json.dumps(write_conversation(conversation)))

    assert read_conversation(written) == conversation


def test_a_turn_keeps_its_text_beside_its_calls() -> None:
    blocks = read(ASK, CALLED, RESULT).turns[1].blocks

    assert blocks == (Text("I look it up."), ToolCall("c1", "weather", "{}"))


def test_results_of_one_turns_calls_are_one_turn_in_any_order() -> None:
    both = CALLED | {"tool_calls": [CALL, CALL | {"id": "c2"}]}
    second = RESULT | {"tool_call_id": "c2", "content": "rain", "is_error": True}

    turn = read(ASK, both, second, RESULT).turns[-1]

    assert turn.role == "tool"
    assert turn.results == (
        ToolResult("c2", (Text("rain"),), is_error=True),
        ToolResult("c1", (Text("21 degrees"),)),
    )


def test_instructions_come_from_system_and_from_turns_before_all_others() -> None:
    told = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
    ]

    found = read(*told, ASK, system="Speak French.")

    assert [block.text for block in found.system] == ["Speak French.", "Be brief.", "Be kind."]
    assert len(found.turns) == 1


def test_instructions_in_mid_conversation_stay_where_they_are() -> None:
    found = read(
        ASK, {"role": "assistant", "content": "21."}, {"role": "system", "content": "!"}, ASK
    )

    assert [turn.role for turn in found.turns] == ["user", "assistant", "system", "user"]


def test_pictures_and_documents_are_known_by_their_bytes() -> None:
    image = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    file = {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}}

    [turn] = read(parts({"type": "text", "text": "Compare."}, image, file)).turns

    _, picture, paper = turn.blocks
    assert isinstance(picture, Image)
    assert isinstance(paper, Document)
    assert (picture.media.width, picture.media.height, picture.detail) == (7, 9, "low")
    assert (paper.media.pages, paper.name) == (2, "a.pdf")


def test_text_parts_are_not_joined_by_anything() -> None:
    two = [{"type": "text", "text": "the capital"}, {"type": "text", "text": " of France"}]

    [turn] = read(parts(*two)).turns

    assert turn.blocks == (Text("the capital"), Text(" of France"))


def test_marks_names_and_thinking_are_kept() -> None:
    marked = {"type": "text", "text": "long", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}

    found = read(
        parts(marked) | {"name": "ann"}, CALLED | {"thinking_blocks": [thought]}, RESULT
    ).turns

    assert found[0].name == "ann"
    assert found[0].blocks == (Text("long", "1h"),)
    assert found[1].blocks[0] == Reasoning("hm", "s")


@pytest.mark.parametrize("blank", ["", " \n", [], [{"type": "text", "text": ""}]])
def test_blank_turns_before_the_last_are_left_out(blank: Any) -> None:
    found = read(ASK, {"role": "assistant", "content": blank}, ASK)

    assert [turn.role for turn in found.turns] == ["user", "user"]


@pytest.mark.parametrize(
    ("arguments", "means"),
    [
        ("", {}),
        ("{}", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": 1}{"b": 2}', {"a": 1, "b": 2}),
        ('{"a": 1', None),
        ("[1]", None),
        ("NaN", None),
    ],
)
def test_arguments_are_an_object_however_a_model_writes_one(arguments: str, means: Any) -> None:
    assert ToolCall("c", "f", arguments).input == means


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([ASK, {"role": "assistant", "content": "a"}], "must end with a turn of role user"),
        ([ASK, CALLED], "a tool call without its result"),
        ([ASK, CALLED, ASK], "a tool call without its result"),
        ([ASK, RESULT], "a result of a call that the turn before it does not make"),
        ([ASK, CALLED, RESULT, RESULT], "two results of one tool call"),
        ([ASK, CALLED | {"tool_calls": [CALL, CALL]}, RESULT], "two tool calls of one id"),
        ([ASK | {"tool_calls": [CALL]}], "`messages[0].tool_calls` is not a field"),
        ([parts({"type": "input_audio", "input_audio": {}})], "`messages[0].content[0]` must"),
        ([parts({"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}})],
         "other addresses are not fetched"),
        ([parts({"type": "image_url", "image_url": {"url": "file:///etc/passwd"}})],
         "other addresses are not fetched"),
        ([parts({"type": "image_url", "image_url": {"url": PDF}})], "a part of type file"),
        ([parts({"type": "image_url", "image_url": {"url": PNG.replace("png", "gif", 1)}})],
         "says image/gif and is image/png"),
        ([parts({"type": "image_url", "image_url": {"url": "data:image/png;base64,%%"}})],
         "is not base64"),
        ([parts({"type": "file", "file": {"file_id": "file-1"}})], "must hold `file_data`"),
        ([{"role": "user", "content": None}], "`messages[0].content` must be a text"),
        ([{"role": "function", "content": "a"}], "`messages[0].role` must be one of"),
        (["hello"], "`messages[0]` must be an object"),
        ([ASK, CALLED | {"tool_calls": [CALL | {"function": {"name": "f", "arguments": "{"}}]},
          RESULT], "arguments` must be a JSON object"),
    ],
)  # fmt: skip
def test_what_has_no_place_is_refused_by_its_name(messages: list[Any], says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(*messages)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tools": [{"type": "web_search"}]}, "`tools[0]` must be of type function"),
        ({"tools": [TOOL, TOOL]}, "two of one name"),
        ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "name` must match"),
        ({"tools": [TOOL], "tool_choice": "any"}, "`tool_choice` must be auto"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "x"}}},
         "not among `tools`"),
        ({"tools": [TOOL], "parallel_tool_calls": 1}, "must be true or false"),
        ({"tools": [{**TOOL, "cache_control": {"type": "forever"}}]}, "cache_control` must be"),
    ],
)  # fmt: skip
def test_a_tool_that_cannot_be_passed_on_is_refused_by_its_name(
    fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(ASK, **fields)

    assert says in str(refused.value)


@given(st.lists(shaped(ASK) | shaped(CALLED) | shaped(RESULT), max_size=4), shaped([TOOL]), JSON)
def test_any_json_is_read_or_refused(messages: list[Any], tools: Any, choice: Any) -> None:
    try:
        found = read_conversation({"messages": messages, "tools": tools, "tool_choice": choice})
    except InvalidRequest:
        return
    assert read_conversation(write_conversation(found)) == found


@pytest.mark.parametrize(
    "field",
    [
        {"reasoning_content": "I should look."},
        {"provider_specific_fields": {"refusal": None, "thinking_blocks": []}},
    ],
)
def test_what_clients_copy_beside_an_answer_is_no_part_of_it(field: dict[str, Any]) -> None:
    assert read(ASK, {**CALLED, **field}, RESULT) == read(ASK, CALLED, RESULT)


def test_what_clients_copy_beside_an_answer_has_no_place_in_another_turn() -> None:
    with pytest.raises(InvalidRequest, match="is not a field of a user's turn"):
        read({**ASK, "provider_specific_fields": {"a": 1}})


def test_a_thought_that_nothing_follows_is_left_out_and_one_with_words_is_not() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    broken = {"role": "assistant", "content": [], "thinking_blocks": [thought]}

    assert read(ASK, broken) == read(ASK)
    with pytest.raises(InvalidRequest, match="must end with a turn of role user"):
        read(ASK, {**broken, "content": "It is"})
