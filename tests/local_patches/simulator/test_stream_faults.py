"""Faults of streams on order: cut, ended, failed, slow, unusual; and callers that leave."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests
from anthropic import APIStatusError as AnthropicStatusError
from botocore.exceptions import ClientError, EventStreamError
from openai import APIError

from cost_calculator.aws.error_codes import code_of
from local.simulator.server import Simulator
from tests.local_patches.simulator.test_streams import LOOK, converse, named
from tests.local_patches.simulator.wire import HAIKU, QUESTION, Wire

BODY = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
KEY = {"authorization": "Bearer sk-local-1"}


def taken(stream: Any) -> tuple[list[Any], Exception | None]:
    """What came out of a stream until its end, or until it failed."""
    found: list[Any] = []
    try:
        found.extend(stream)
    except Exception as error:
        return found, error
    finally:
        stream.close()
    return found, None


def test_a_cut_stream_breaks_the_connection_after_so_many_events(wire: Wire) -> None:
    wire.script({"cut_after": 3, "count": 3})
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]

    answer = wire.bedrock.converse_stream(modelId=HAIKU, messages=messages)
    events, bedrock = taken(answer["stream"])
    chunks, openai = taken(wire.chat(stream=True))
    _, anthropic = taken(wire.message(stream=True))

    assert len(events) == len(chunks) == 3
    for error in (bedrock, openai, anthropic):
        assert error is not None
        assert re.search("ended prematurely|incomplete chunked", f"{error} {error.__cause__}")
    assert [(call["events"], call["read_to_end"]) for call in wire.calls()] == [(3, None)] * 3


def test_a_stream_may_end_early_in_peace(wire: Wire) -> None:
    wire.script({"end_after": 3}, {"without": ["messageStop", "metadata"]}, {"end_after": 0})

    assert len(converse(wire)) == 3
    assert next(iter(converse(wire)[-1])) == "contentBlockStop"
    assert converse(wire) == []


def test_a_stream_without_usage(wire: Wire) -> None:
    wire.script({"fault": "no_usage", "count": 4})

    assert "usage" not in converse(wire)[-1]["metadata"]
    chunks = list(wire.chat(stream=True, stream_options={"include_usage": True}))
    assert all(chunk.usage is None for chunk in chunks)
    assert list(wire.respond(stream=True))[-1].response.usage is None
    message = {
        "model": "claude-haiku-5-5",
        "max_tokens": 50,
        "messages": BODY["messages"],
        "stream": True,
    }
    own = {"x-api-key": "sk-ant-local-1", "anthropic-version": "2023-06-01"}
    assert "usage" not in wire.post("/v1/messages", message, own).text


def test_the_usage_of_a_stream_can_be_wrong(wire: Wire) -> None:
    wire.script({"usage": {"inputTokens": -5}})

    assert converse(wire)[-1]["metadata"]["usage"]["inputTokens"] == -5


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({}, "modelStreamErrorException"),
        ({"status": 500}, "internalServerException"),
        ({"status": 429}, "throttlingException"),
        ({"status": 400, "message": "Input is too long."}, "validationException"),
        ({"status": 503}, "serviceUnavailableException"),
    ],
)
def test_an_error_in_a_converse_stream(wire: Wire, rule: dict[str, Any], code: str) -> None:
    wire.script({"error_after": 2, **rule})
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    answer = wire.bedrock.converse_stream(modelId=HAIKU, messages=messages)

    events, error = taken(answer["stream"])

    assert len(events) == 2
    assert isinstance(error, EventStreamError)
    assert code_of(error) == code
    assert error.response["Error"]["Message"] == rule.get(
        "message", error.response["Error"]["Message"]
    )


def test_errors_in_the_other_streams(wire: Wire) -> None:
    wire.script({"error_after": 2, "count": 3})

    with pytest.raises(APIError, match="The server had an error"):
        list(wire.chat(stream=True))
    failed = list(wire.respond(stream=True))[-1]
    with pytest.raises(AnthropicStatusError, match="overloaded_error"):
        list(wire.message(stream=True))

    assert (failed.type, failed.sequence_number) == ("error", 2)
    assert [call["status"] for call in wire.calls()] == [200] * 3


def test_an_error_before_the_first_event_is_one_of_http(wire: Wire) -> None:
    wire.script({"status": 429, "count": 2})

    with pytest.raises(ClientError) as bedrock:
        converse(wire)
    with pytest.raises(APIError) as openai:
        wire.chat(stream=True)

    assert code_of(bedrock.value) == "ThrottlingException"
    assert getattr(openai.value, "status_code", None) == 429


def test_a_rule_for_streams_leaves_whole_answers_alone(wire: Wire) -> None:
    wire.script({"match": {"stream": True}, "status": 503})

    assert wire.converse()["stopReason"] == "end_turn"
    with pytest.raises(ClientError):
        converse(wire)


def test_slow_streams_wait_before_each_event(server: Simulator, wire: Wire) -> None:
    waits: list[float] = []
    usual, server.sleep = server.sleep, waits.append
    try:
        wire.script({"slow_ms": 70, "delay_ms": 5})
        events = converse(wire)
    finally:
        server.sleep = usual

    assert waits == [0.005, *[0.07] * len(events)]


def test_characters_are_parted_between_chunks_and_between_events(wire: Wire) -> None:
    text = "Grüße ☂ and 😀 for all"
    wire.script({"text": text, "split": "bytes"}, {"text": text, "split": "surrogates"})

    with requests.post(
        f"{wire.url}/v1/chat/completions", json=BODY, headers=KEY, stream=True, timeout=5
    ) as answer:
        pieces = list(answer.raw.read_chunked(decode_content=False))
    halves = wire.post("/v1/chat/completions", BODY, KEY).text

    assert any(not _is_utf8(piece) for piece in pieces)
    assert _said(b"".join(pieces).decode()) == text
    assert "\\ud83d" in halves
    assert "😀" not in halves
    joined = _said(halves).encode("utf-16", "surrogatepass").decode("utf-16")
    assert joined == text


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _said(stream: str) -> str:
    data = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(each["choices"][0]["delta"].get("content") or "" for each in data)


def test_fragments_of_tool_calls_take_turns(wire: Wire) -> None:
    calls = [{"name": "look", "arguments": {"city": f"A long name {n} " * 3}} for n in (0, 1)]
    wire.script({"calls": calls, "interleaved": True, "count": 3})
    config = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": LOOK}}}]}

    deltas = named(converse(wire, toolConfig=config), "contentBlockDelta")
    chunks = list(wire.chat(stream=True))
    message = list(wire.message(stream=True))

    assert [each["contentBlockIndex"] for each in deltas][:4] == [0, 1, 0, 1]
    parts = [part for each in chunks for part in each.choices[0].delta.tool_calls or ()]
    assert [part.index for part in parts][:4] == [0, 1, 0, 1]
    begun = [event.index for event in message if event.type == "content_block_start"]
    stopped = [event.index for event in message if event.type == "content_block_stop"]
    assert begun == stopped == [0, 1]


def test_half_and_empty_streams(wire: Wire) -> None:
    wire.script({"fault": "half"}, {"fault": "empty"}, {"fault": "drop"})

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        wire.post("/v1/chat/completions", BODY, KEY)
    empty = list(wire.chat(stream=True))
    with pytest.raises(requests.exceptions.ConnectionError):
        wire.post("/v1/chat/completions", BODY, KEY)

    assert "".join(each.choices[0].delta.content or "" for each in empty) == ""
    assert empty[-1].choices[0].finish_reason == "stop"


def test_any_word_may_end_an_answer(wire: Wire) -> None:
    wire.script({"stop_reason": "brand_new", "count": 4})

    assert wire.converse()["stopReason"] == "brand_new"
    assert converse(wire)[-2]["messageStop"]["stopReason"] == "brand_new"
    assert wire.post("/v1/chat/completions", BODY, KEY).text.count('"brand_new"') == 1
    assert wire.message().stop_reason == "brand_new"
