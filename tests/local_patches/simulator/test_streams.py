"""Streams of all four protocols, read by the official clients: the answer in pieces, then usage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.local_patches.simulator.wire import HAIKU, QUESTION, SONNET, Wire

PARIS = "The capital of France is Paris."
LOOK = {"type": "object", "properties": {"city": {"type": "string"}}}
PAIR = 'call look {"city": "Reykjavík ☂"} and call look {"city": "Oslo"}'
PAIR_OF = [{"city": "Reykjavík ☂"}, {"city": "Oslo"}]


def converse(wire: Wire, model: str = HAIKU, text: str = QUESTION, **more: Any) -> list[Any]:
    messages = [{"role": "user", "content": [{"text": text}]}]
    answer = wire.bedrock.converse_stream(modelId=model, messages=messages, **more)
    return list(answer["stream"])


def named(events: list[Any], name: str) -> list[Any]:
    return [event[name] for event in events if name in event]


def test_converse_stream_says_what_converse_says_and_the_usage_last(wire: Wire) -> None:
    whole, events = wire.converse(), converse(wire)

    deltas = named(events, "contentBlockDelta")
    assert "".join(each["delta"]["text"] for each in deltas) == PARIS
    assert len(deltas) > 1
    assert [next(iter(event)) for event in (events[0], *events[-3:])] == [
        "messageStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert events[-1]["metadata"]["usage"] == whole["usage"]
    assert events[-1]["metadata"]["serviceTier"] == {"type": "default"}
    assert not named(events, "contentBlockStart")  # text has none


def test_converse_stream_of_thinking_and_parallel_calls(wire: Wire) -> None:
    spec = {"toolSpec": {"name": "look", "inputSchema": {"json": LOOK}}}
    config = {"tools": [spec]}
    whole = wire.converse(SONNET, PAIR, toolConfig=config)

    events = converse(wire, SONNET, PAIR, toolConfig=config)

    blocks = [block for block in whole["output"]["message"]["content"] if "toolUse" in block]
    starts = named(events, "contentBlockStart")
    assert [each["start"]["toolUse"]["toolUseId"] for each in starts] == [
        block["toolUse"]["toolUseId"] for block in blocks
    ]
    assert [each["contentBlockIndex"] for each in starts] == [1, 2]  # 0 is the thinking
    fragments: dict[int, str] = {}
    thought = signature = ""
    for each in named(events, "contentBlockDelta"):
        index, delta = each["contentBlockIndex"], each["delta"]
        thought += delta.get("reasoningContent", {}).get("text", "")
        signature += delta.get("reasoningContent", {}).get("signature", "")
        if "toolUse" in delta:
            fragments[index] = fragments.get(index, "") + delta["toolUse"]["input"]
    assert [json.loads(fragments[index]) for index in (1, 2)] == PAIR_OF
    reasoning = whole["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    assert (thought, signature) == (reasoning["text"], reasoning["signature"])
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"
    assert events[-1]["metadata"]["usage"] == whole["usage"]


def test_chat_chunks_have_the_role_first_and_usage_only_if_asked(wire: Wire) -> None:
    whole = wire.chat()

    plain = list(wire.chat(stream=True))
    counted = list(wire.chat(stream=True, stream_options={"include_usage": True}))

    assert plain[0].choices[0].delta.role == "assistant"
    assert "".join(each.choices[0].delta.content or "" for each in plain) == PARIS
    assert [each.choices[0].finish_reason for each in plain if each.choices[0].finish_reason] == [
        "stop"
    ]
    assert all(each.usage is None for each in (*plain, *counted[:-1]))
    assert (counted[-1].choices, counted[-1].usage) == ([], whole.usage)
    assert len({each.id for each in plain}) == 1


def test_chat_numbers_its_calls_from_nought_and_names_each_once(wire: Wire) -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": LOOK}}]

    chunks = list(wire.chat(PAIR, stream=True, tools=tools))

    parts = [part for each in chunks for part in each.choices[0].delta.tool_calls or ()]
    first = [part for part in parts if part.id]
    assert [(part.index, part.function.name) for part in first] == [(0, "look"), (1, "look")]
    joined = ["".join(p.function.arguments for p in parts if p.index == n) for n in (0, 1)]
    assert [json.loads(each) for each in joined] == PAIR_OF
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_chat_ends_with_done(wire: Wire) -> None:
    body = {
        "model": "gpt-6-luna",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
    }

    answer = wire.post("/v1/chat/completions", body, {"authorization": "Bearer sk-local-1"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")


def test_responses_count_their_events_and_end_once(wire: Wire) -> None:
    tools = [{"type": "function", "name": "look", "parameters": LOOK, "strict": False}]
    whole = wire.respond(PAIR, tools=tools)

    events = list(wire.respond(PAIR, stream=True, tools=tools))

    kinds = [event.type for event in events]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert [kind for kind in kinds if kind.split(".")[-1] in ("completed", "incomplete")] == [
        "response.completed"
    ]
    done = events[-1].response
    assert [(item.type, getattr(item, "arguments", None)) for item in done.output] == [
        (item.type, getattr(item, "arguments", None)) for item in whole.output
    ]
    assert done.usage == whole.usage
    finished = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert [json.loads(event.arguments) for event in finished] == PAIR_OF
    indexes = [e.output_index for e in events if e.type == "response.output_item.added"]
    assert indexes == list(range(len(done.output)))


def test_responses_stream_helper_puts_the_text_together(wire: Wire) -> None:
    with wire.openai.responses.stream(model="gpt-6-luna", input=QUESTION) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()

    assert final.output_text == PARIS
    assert kinds.count("response.output_text.done") == 1


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-sonnet-5-5"])
def test_anthropic_stream_adds_up_to_the_message(wire: Wire, model: str) -> None:
    tools: list[Any] = [{"name": "look", "input_schema": LOOK}]
    whole = wire.message(PAIR, model=model, tools=tools)
    messages: list[Any] = [{"role": "user", "content": PAIR}]

    with wire.anthropic.messages.stream(
        model=model, max_tokens=500, messages=messages, tools=tools
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()

    assert [block.model_dump() for block in final.content] == [
        block.model_dump() for block in whole.content
    ]
    assert final.stop_reason == "tool_use"
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


def test_anthropic_counts_the_output_at_the_end_not_at_the_start(wire: Wire) -> None:
    whole = wire.message()

    events = list(wire.message(stream=True))

    start, end = events[0].message.usage, events[-2].usage
    assert (start.input_tokens, start.output_tokens) == (whole.usage.input_tokens, 1)
    assert end.output_tokens == whole.usage.output_tokens > 1


@pytest.mark.parametrize("ending", ["length", "refusal", "filter", "guardrail"])
def test_a_stream_ends_as_the_whole_answer_does(wire: Wire, ending: str) -> None:
    wire.script({"ending": ending, "count": 8})

    assert converse(wire)[-2]["messageStop"]["stopReason"] == wire.converse()["stopReason"]
    chunks = [each for each in wire.chat(stream=True) if each.choices]
    choice = wire.chat().choices[0]
    assert chunks[-1].choices[0].finish_reason == choice.finish_reason
    refusals = [each.choices[0].delta.refusal for each in chunks]
    assert "".join(filter(None, refusals)) == (choice.message.refusal or "")
    response = list(wire.respond(stream=True))[-1].response
    whole = wire.respond()
    assert (response.status, response.incomplete_details) == (
        whole.status,
        whole.incomplete_details,
    )
    assert list(wire.message(stream=True))[-2].delta.stop_reason == wire.message().stop_reason


def test_a_guardrail_stops_the_stream_of_a_prompt_and_bills_nothing(wire: Wire) -> None:
    guard = {"guardrailIdentifier": "abc123", "guardrailVersion": "1"}

    events = converse(wire, text="About the forbidden fruit", guardrailConfig=guard)

    assert events[-2]["messageStop"]["stopReason"] == "guardrail_intervened"
    assert events[-1]["metadata"]["usage"]["totalTokens"] == 0
    assert "inputAssessment" in events[-1]["metadata"]["trace"]["guardrail"]


def test_a_stream_is_one_call_of_the_journal_with_its_usage(wire: Wire) -> None:
    events = converse(wire)

    (call,) = wire.calls(read=True)
    assert (call["status"], call["stream"], call["read_to_end"]) == (200, True, True)
    assert call["events"] == len(events)
    assert call["usage"] == events[-1]["metadata"]["usage"]
    assert call["ended_at"]
