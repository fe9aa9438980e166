"""The readers of providers' bodies: an answer, or an error that says what is on the bill."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import errors
from router.conversation.blocks import Reasoning, ToolCall
from router.invocation.call import Answer, ModelCall
from router.providers.anthropic_messages import read_message
from router.providers.bedrock_converse import read_converse
from router.providers.openai_chat import read_completion
from tests.support.factories import asking
from tests.support.strategies import JSON, shaped

USAGE = {"input": 3, "somethingNew": {"a": 1}}


def converse(body: Any, tier: str | None = None, latency: str | None = None) -> Answer:
    call = ModelCall("bedrock", "m", asking("hi"), 9, service_tier=tier, latency=latency)
    return read_converse(body, call)


def chat_body(text: Any = "Paris", finish: Any = "stop", **more: Any) -> dict[str, Any]:
    choice = {"message": {"content": text, "refusal": None}, "finish_reason": finish}
    return {"choices": [choice], "usage": USAGE, "model": "m-2026", **more}


def message_body(text: Any = "Paris", finish: Any = "end_turn", **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"content": content, "stop_reason": finish, "usage": USAGE, "model": "m-2026", **more}


def converse_body(text: Any = "Paris", finish: Any = "end_turn", **more: Any) -> dict[str, Any]:
    message = {"content": [{"text": text}]}
    return {"output": {"message": message}, "stopReason": finish, "usage": USAGE, **more}


Read = Callable[[Any], Answer]
Body = Callable[..., dict[str, Any]]
READERS: Mapping[str, tuple[Read, Body]] = {
    "openai": (lambda body: read_completion(body, "standard"), chat_body),
    "anthropic": (lambda body: read_message(body, "standard"), message_body),
    "bedrock": (converse, converse_body),
}
each = pytest.mark.parametrize(("read", "body"), READERS.values(), ids=READERS)

SHAPES = {
    "openai": chat_body(service_tier="flex"),
    "anthropic": message_body(usage={"service_tier": "standard"}),
    "bedrock": converse_body(
        serviceTier={"type": "flex"},
        performanceConfig={"latency": "optimized"},
        trace={"guardrail": {"inputAssessment": {"g": {"topicPolicy": {"topics": [{}]}}}}},
    ),
}
CALLS = {
    "openai": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    "anthropic": [{"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
                  {"type": "thinking", "thinking": "hm", "signature": "s"}],
    "bedrock": [{"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": 1}}},
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}],
}  # fmt: skip
REASONS = ("stop", "length", "content_filter", "end_turn", "max_tokens", "stop_sequence", "refusal",
           "guardrail_intervened", "content_filtered", "tool_use", "pause_turn",
           "tool_calls", "malformed_tool_use")  # fmt: skip


def with_calls(name: str, body: Any, calls: Any = None, text: Any = "") -> Any:
    """Return a body of a provider in which tools are called, beside its text or without one."""
    calls = CALLS[name] if calls is None else calls
    match name:
        case "openai":
            message = {"content": text or None, "refusal": None, "tool_calls": calls}
            choice = {"message": message, "finish_reason": "tool_calls"}
            return body | {"choices": [choice]}
        case "anthropic":
            said = [{"type": "text", "text": text}] if text else []
            return body | {"content": [*said, *calls], "stop_reason": "tool_use"}
    said = [{"text": text}] if text else []
    message = {"content": [*said, *calls]}
    return body | {"output": {"message": message}, "stopReason": "tool_use"}


def outcome_of(read: Read, body: Any) -> Answer | errors.NoAnswer:
    try:
        return read(body)
    except errors.NoAnswer as error:
        return error


@pytest.mark.parametrize("name", READERS)
@given(st.data())
def test_whatever_a_body_holds_it_is_an_answer_or_an_error_of_the_call(
    name: str, data: st.DataObject
) -> None:
    read, _ = READERS[name]
    shape: Any = SHAPES[name]
    if data.draw(st.booleans()):
        shape = with_calls(name, shape)
    if data.draw(st.booleans()):
        reason = data.draw(st.sampled_from(REASONS))
        shape = json.loads(json.dumps(shape).replace('"end_turn"', json.dumps(reason)))
    body = data.draw(shaped(shape))
    if name == "bedrock" and not isinstance(body, dict):
        return  # botocore's parser gives an object, or raises

    found = outcome_of(read, body)

    if isinstance(found, Answer):
        assert found.truncated or found.text.strip() or found.calls
        assert found.truncated or all(call.input is not None for call in found.calls)
        assert isinstance(found.mode, str)
    assert isinstance(found.usage, dict | None)
    assert isinstance(found.response_model, str | None)
    assert isinstance(found.mode, str | None)


@given(JSON)
def test_a_body_that_is_no_object_at_all_is_a_bad_response(body: Any) -> None:
    for read in (read_completion, read_message):
        if not isinstance(body, dict):
            with pytest.raises(errors.BadResponse):
                read(body, "standard")


@each
def test_an_answer_comes_with_its_usage_as_the_provider_wrote_it(read: Read, body: Body) -> None:
    answer = read(body())

    assert (answer.text, answer.truncated, answer.usage) == ("Paris", False, USAGE)


# The allow-list: what a provider adds to its reasons tomorrow is no success today.
@pytest.mark.parametrize(
    ("name", "reason", "becomes"),
    [
        ("openai", "stop", "answer"),
        ("openai", "length", "truncated"),
        ("openai", "content_filter", errors.Filtered),
        ("openai", "tool_calls", errors.BadResponse),
        ("openai", "function_call", errors.BadResponse),
        ("openai", "end_turn", errors.BadResponse),
        ("openai", "something_new", errors.BadResponse),
        ("openai", None, errors.BadResponse),
        ("openai", {"stop": 1}, errors.BadResponse),
        ("openai", ["stop"], errors.BadResponse),
        ("anthropic", "end_turn", "answer"),
        ("anthropic", "stop_sequence", "answer"),
        ("anthropic", "max_tokens", "truncated"),
        ("anthropic", "model_context_window_exceeded", "truncated"),
        ("anthropic", "refusal", errors.Refused),
        ("anthropic", "tool_use", errors.BadResponse),
        ("anthropic", "pause_turn", errors.BadResponse),
        ("anthropic", "something_new", errors.BadResponse),
        ("anthropic", None, errors.BadResponse),
        ("anthropic", {"end_turn": 1}, errors.BadResponse),
        ("bedrock", "end_turn", "answer"),
        ("bedrock", "stop_sequence", "answer"),
        ("bedrock", "max_tokens", "truncated"),
        ("bedrock", "model_context_window_exceeded", "truncated"),
        ("bedrock", "refusal", errors.Refused),
        ("bedrock", "content_filtered", errors.Filtered),
        ("bedrock", "guardrail_intervened", errors.Blocked),
        ("bedrock", "tool_use", errors.BadResponse),
        ("bedrock", "malformed_model_output", errors.BadResponse),
        ("bedrock", "malformed_tool_use", errors.BadResponse),
        ("bedrock", "something_new", errors.BadResponse),
        ("bedrock", None, errors.BadResponse),
        ("bedrock", ["end_turn"], errors.BadResponse),
    ],
)
def test_a_reason_for_stopping_decides_and_an_unknown_one_is_no_success(
    name: str, reason: Any, becomes: str | type[errors.CallError]
) -> None:
    read, body = READERS[name]

    if isinstance(becomes, str):
        assert read(body(finish=reason)).truncated is (becomes == "truncated")
        return
    with pytest.raises(becomes) as raised:
        read(body(finish=reason))
    assert type(raised.value) is becomes
    assert raised.value.usage == USAGE


@each
def test_an_error_in_a_body_of_status_200_is_a_bad_response(read: Read, body: Body) -> None:
    found = outcome_of(read, {"error": {"message": "upstream", "code": 502}})

    assert isinstance(found, errors.BadResponse)
    assert found.usage is None


@each
@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000", None, 7, ["Paris"]])
def test_white_space_is_no_answer_and_is_on_the_bill(read: Read, body: Body, text: Any) -> None:
    with pytest.raises(errors.BadResponse) as raised:
        read(body(text))

    assert raised.value.usage == USAGE


@pytest.mark.parametrize(
    "body",
    [
        ("openai", chat_body("", "length")),
        ("openai", chat_body(None, "length")),
        ("anthropic", message_body(finish="max_tokens") | {"content": []}),
        ("anthropic", message_body(finish="max_tokens") | {"content": [{"type": "thinking"}]}),
        ("bedrock", converse_body(finish="max_tokens") | {"output": {"message": {"content": []}}}),
        ("bedrock", converse_body(finish="max_tokens") | {"output": None}),
    ],
    ids=lambda body: body[0],
)
def test_where_all_tokens_went_into_thinking_the_answer_is_truncated_and_empty(
    body: tuple[str, dict[str, Any]],
) -> None:
    name, given = body

    answer = READERS[name][0](given)

    assert (answer.text, answer.truncated, answer.usage) == ("", True, USAGE)


@each
def test_a_body_without_usage_says_that_it_is_not_known(read: Read, body: Body) -> None:
    for usage in (None, "lots", [1]):
        assert read(body() | {"usage": usage}).usage is None


@pytest.mark.parametrize(
    ("said", "asked", "mode"),
    [
        ("default", "priority", "standard"),
        ("flex", "standard", "flex"),
        (None, "priority", "priority"),
        ("auto", "priority", "priority"),
        ("standard_only", "priority", "standard"),
        ("", "flex", "flex"),
        (7, "flex", "flex"),
        ({}, "flex", "flex"),
    ],
)
def test_the_tier_that_served_is_the_mode_else_the_one_asked_for(
    said: Any, asked: str, mode: str
) -> None:
    chat, message = chat_body(service_tier=said), message_body(usage={"service_tier": said})

    assert read_completion(chat, asked).mode == mode
    assert read_message(message, asked).mode == mode


def test_a_body_that_names_no_tier_keeps_the_mode_that_was_asked_for() -> None:
    assert read_completion(chat_body(), "priority").mode == "priority"
    assert read_message(message_body(), "priority").mode == "priority"
    assert converse(converse_body(), "flex", "optimized").mode == "flex+optimized"


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ({"serviceTier": {"type": "default"}}, "optimized"),
        ({"performanceConfig": {"latency": "standard"}}, "flex"),
        ({"serviceTier": "broken", "performanceConfig": 7}, "flex+optimized"),
        ({"serviceTier": {"type": ["x"]}, "performanceConfig": {"latency": {}}}, "flex+optimized"),
        ({"serviceTier": {"type": ""}, "performanceConfig": {}}, "flex+optimized"),
    ],
)
def test_bedrock_says_tier_and_latency_apart(said: dict[str, Any], mode: str) -> None:
    assert converse(converse_body(**said), "flex", "optimized").mode == mode


@pytest.mark.parametrize("refusal", ["I cannot help with that.", {"text": "no"}, [1]])
def test_a_refusal_of_openai_is_one_whatever_the_finish_reason(refusal: Any) -> None:
    body = chat_body(None, "stop")
    body["choices"][0]["message"]["refusal"] = refusal

    with pytest.raises(errors.Refused) as raised:
        read_completion(body, "standard")

    assert raised.value.usage == USAGE
    assert "cannot help" not in raised.value.detail


@each
def test_what_is_told_of_a_body_is_never_its_text(read: Read, body: Body) -> None:
    with pytest.raises(errors.BadResponse) as raised:
        read(body("the launch code is 0042", finish="the launch code is 0042"))

    assert "launch" not in raised.value.detail


def test_the_text_is_that_of_its_own_blocks_alone() -> None:
    content = [
        {"type": "thinking", "text": "hm"},
        {"type": "text", "text": "Par"},
        "junk",
        {"type": "text", "text": "is"},
    ]
    blocks = [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "Par"},
              {"text": "is"}]  # fmt: skip

    assert read_message(message_body() | {"content": content}, "standard").text == "Paris"
    output = {"message": {"content": blocks}}
    assert converse(converse_body() | {"output": output}).text == "Paris"


# ---- calls of tools, and thinking


@each
def test_an_answer_may_be_calls_of_tools_alone(read: Read, body: Body) -> None:
    name = next(name for name, known in READERS.items() if known[1] is body)

    answer = read(with_calls(name, body()))

    assert answer.text == ""
    assert [(call.id, call.name) for call in answer.calls] == [("c1", "f")]
    assert (answer.truncated, answer.usage) == (False, USAGE)


@each
def test_a_text_beside_calls_is_kept(read: Read, body: Body) -> None:
    name = next(name for name, known in READERS.items() if known[1] is body)

    answer = read(with_calls(name, body(), text="I look it up."))

    assert (answer.text, len(answer.calls)) == ("I look it up.", 1)


def test_a_forced_call_of_openai_stops_like_a_text() -> None:
    body = with_calls("openai", chat_body())
    body["choices"][0]["finish_reason"] = "stop"

    assert read_completion(body, "standard").calls == (ToolCall("c1", "f", "{}"),)


@pytest.mark.parametrize(
    "call",
    [
        {"id": "", "function": {"name": "f", "arguments": "{}"}},
        {"id": "c1", "function": {"name": "", "arguments": "{}"}},
        {"id": "c1", "function": {"name": "f", "arguments": '{"a":'}},
        {"id": "c1", "function": {"name": "f", "arguments": "[1]"}},
        {"id": "c1", "function": {"name": "f", "arguments": 7}},
        {"id": 7},
    ],
)
def test_a_call_that_cannot_be_made_is_no_answer_and_is_on_the_bill(call: Any) -> None:
    with pytest.raises(errors.BadResponse) as raised:
        read_completion(with_calls("openai", chat_body(), [call], text="so"), "standard")

    assert raised.value.usage == USAGE


def test_calls_that_the_limit_cut_are_truncated_with_what_is_there() -> None:
    half = {"id": "c2", "function": {"name": "g", "arguments": '{"city": "Par'}}
    body = with_calls("openai", chat_body(), [*CALLS["openai"], half, {"id": "c3"}])
    body["choices"][0]["finish_reason"] = "length"

    answer = read_completion(body, "standard")

    assert answer.truncated
    assert [call.arguments for call in answer.calls] == ["{}", '{"city": "Par']


def test_a_tool_that_the_provider_ran_itself_is_no_call() -> None:
    used = {"toolUse": {"toolUseId": "c1", "name": "f", "input": {}, "type": "server_tool_use"}}

    with pytest.raises(errors.BadResponse):
        converse(with_calls("bedrock", converse_body(), [used]))


def test_thinking_keeps_its_proof_and_names_its_writer() -> None:
    secret = b"\x00\xff"
    claude = with_calls("anthropic", message_body())
    claude["content"].append({"type": "redacted_thinking", "data": "c2VjcmV0"})
    bedrock = with_calls("bedrock", converse_body())
    bedrock["output"]["message"]["content"].append(
        {"reasoningContent": {"redactedContent": secret}}
    )

    assert read_message(claude, "standard", "anthropic/m").reasoning == (
        Reasoning("hm", "s", by="anthropic/m"),
        Reasoning(redacted="c2VjcmV0", by="anthropic/m"),
    )
    assert converse(bedrock).reasoning == (
        Reasoning("hm", "s", by="bedrock/m"),
        Reasoning(redacted=base64.b64encode(secret).decode(), by="bedrock/m"),
    )


def test_thinking_in_the_shape_of_openais_relatives_is_no_part_of_the_text() -> None:
    body = chat_body()
    body["choices"][0]["message"]["reasoning_content"] = "hm"

    answer = read_completion(body, "standard")

    assert (answer.text, answer.reasoning) == ("Paris", (Reasoning("hm"),))
