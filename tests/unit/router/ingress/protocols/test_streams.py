"""What a client's own reader makes of our events is the answer, whatever the pieces were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.usage import Tokens
from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.events import Delta, TextDelta, ToolCallDelta, ToolCallStart
from router.conversation.said import Said
from router.ingress.protocols.anthropic_reply import to_message
from router.ingress.protocols.anthropic_stream import MessageStream
from router.ingress.protocols.openai_chat import to_completion
from router.ingress.protocols.openai_chat_stream import ChatStream
from router.ingress.protocols.reply import Reply, Usage, finish_of
from router.ingress.protocols.responses_reply import to_response
from router.ingress.protocols.responses_stream import ResponseStream
from router.invocation.call import Answer, Done
from router.invocation.pieces import pieces_of
from tests.support.conversations import NAMES, OBJECTS, WORDS

USAGE = Usage(Tokens(input=7, output=5, cache_read=3), reasoning=2)
CALLS = st.lists(
    st.builds(ToolCall, NAMES, NAMES, OBJECTS.map(json.dumps)), max_size=3, unique_by=lambda c: c.id
)
SAID = st.builds(
    Said, WORDS | st.just(""), CALLS.map(tuple), st.just(()) | st.just((Reasoning("hm", "sig"),))
)


def reply(said: Said, *, truncated: bool = False) -> Reply:
    return Reply("r-1", 1_764_500_000, "claude", said, finish_of(said, truncated=truncated), USAGE)


def pieces(said: Said) -> Iterator[Delta]:
    """The pieces of an answer, its text word by word, its calls interleaved."""
    whole = list(pieces_of(Answer("", False, None, None).saying(said)))
    calls = [p for p in whole if isinstance(p, ToolCallStart | ToolCallDelta)]
    for piece in whole:
        match piece:
            case TextDelta(text):
                yield from (TextDelta(letter) for letter in text)
            case ToolCallStart() | ToolCallDelta() | Done():
                continue
            case _:
                yield piece
    yield from (p for p in calls if isinstance(p, ToolCallStart))
    yield from (p for p in calls if isinstance(p, ToolCallDelta))


def events(stream: Any, said: Said, **kind: Any) -> bytes:
    body = [*stream.start()]
    for piece in pieces(said):
        body += stream.piece(piece)
    return b"".join([*body, *stream.end(reply(said, **kind))])


def served(body: bytes) -> Any:
    """A transport that answers with an event stream."""
    whole = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    return httpx2.Client(transport=httpx2.MockTransport(lambda _: whole))


def of_openai(body: bytes) -> openai.OpenAI:
    return openai.OpenAI(base_url="http://x/v1", api_key="k", http_client=served(body))


@given(SAID)
def test_openais_client_reads_a_streamed_completion_as_the_whole_one(said: Said) -> None:
    body = events(ChatStream("r-1", 1_764_500_000, "claude", usage=True), said)
    client = of_openai(body)

    with client.chat.completions.stream(
        model="auto", messages=[{"role": "user", "content": "hi"}],
        stream_options={"include_usage": True},
    ) as stream:  # fmt: skip
        found = stream.get_final_completion()

    whole = to_completion(reply(said))
    choice, expected = found.choices[0], whole["choices"][0]
    assert (choice.message.content or "") == (expected["message"]["content"] or "")
    assert choice.finish_reason == expected["finish_reason"]
    calls = [call.model_dump() for call in choice.message.tool_calls or ()]
    assert [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls] == [
        (c.id, c.name, c.arguments) for c in said.calls
    ]
    assert found.usage is not None
    assert found.usage.total_tokens == whole["usage"]["total_tokens"] == 15


@given(SAID)
def test_anthropics_client_reads_a_streamed_message_as_the_whole_one(said: Said) -> None:
    client = anthropic.Anthropic(
        base_url="http://x",
        api_key="k",
        http_client=served(events(MessageStream("r-1", "claude"), said)),
    )

    with client.messages.stream(
        model="auto", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        found = stream.get_final_message().model_dump()

    whole = to_message(reply(said))
    assert found["stop_reason"] == whole["stop_reason"]
    names = ("type", "text", "id", "name", "input", "thinking", "signature")
    assert [{n: b[n] for n in names if n in b and b[n] is not None} for b in found["content"]] == [
        {n: b[n] for n in names if n in b} for b in whole["content"]
    ]
    assert (found["usage"]["input_tokens"], found["usage"]["cache_read_input_tokens"]) == (7, 3)
    assert found["usage"]["output_tokens"] == 5


@given(SAID)
def test_openais_client_reads_a_streamed_response_as_the_whole_one(said: Said) -> None:
    body = events(ResponseStream("r-1", 1_764_500_000, "claude", {}), said)

    with of_openai(body).responses.stream(model="auto", input="hi") as stream:
        seen = list(stream)
        found = stream.get_final_response()

    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert found.status == "completed"
    assert found.output_text == said.text
    calls = [item for item in found.output if item.type == "function_call"]
    assert [(c.call_id, c.name, c.arguments) for c in calls] == [
        (c.id, c.name, c.arguments) for c in said.calls
    ]
    assert found.usage is not None
    assert found.usage.total_tokens == to_response(reply(said), {})["usage"]["total_tokens"] == 15


def test_the_index_of_a_call_counts_calls_and_not_blocks() -> None:
    said = Said("I look.", (ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")))

    body = events(ChatStream("r-1", 0, "claude", usage=False), said).decode()

    chunks = [json.loads(line[6:]) for line in body.split("\n\n") if line.startswith("data: {")]
    calls = [c for chunk in chunks for c in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert [call["index"] for call in calls] == [0, 1, 0, 1]
    assert [call.get("id") for call in calls] == ["a", "b", None, None]
    assert "usage" not in body


@pytest.mark.parametrize("kind", ["chat", "message", "response"])
def test_an_answer_that_breaks_off_ends_as_an_error_for_its_client(kind: str) -> None:
    error = {"error": {"type": "ModelError", "message": "the model broke off"}}
    streams: dict[str, Any] = {
        "chat": ChatStream("r-1", 0, "claude", usage=True),
        "message": MessageStream("r-1", "claude"),
        "response": ResponseStream("r-1", 0, "claude", {}),
    }
    stream = streams[kind]
    body = b"".join([*stream.start(), *stream.piece(TextDelta("Par")), *stream.error(error)])

    match kind:
        case "chat":
            with pytest.raises(openai.APIError, match="broke off"):
                list(of_openai(body).chat.completions.create(
                    model="auto", messages=[{"role": "user", "content": "hi"}], stream=True
                ))  # fmt: skip
        case "message":
            client = anthropic.Anthropic(base_url="http://x", api_key="k", http_client=served(body))
            with pytest.raises(anthropic.APIError, match="broke off"):
                list(client.messages.create(
                    model="auto", max_tokens=9, stream=True,
                    messages=[{"role": "user", "content": "hi"}],
                ))  # fmt: skip
        case "response":
            found = list(of_openai(body).responses.create(model="auto", input="hi", stream=True))
            assert found[-1].type == "response.failed"


def test_a_cut_answer_ends_as_each_protocol_says_it() -> None:
    said = Said("Par")

    assert b'"finish_reason":"length"' in events(
        ChatStream("r", 0, "m", usage=False), said, truncated=True
    )
    assert b'"stop_reason":"max_tokens"' in events(MessageStream("r", "m"), said, truncated=True)
    response = ResponseStream("r", 0, "m", {})
    assert b"response.incomplete" in events(response, said, truncated=True)


def test_items_have_the_same_ids_in_a_stream_as_in_the_whole_response() -> None:
    said = Said("I look.", (ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}")), (Reasoning("hm"),))
    body = events(ResponseStream("r-1", 0, "claude", {}), said).decode()

    added = [json.loads(e.split("data: ")[1]) for e in body.split("\n\n") if "item.done" in e]
    whole = to_response(reply(said), {})["output"]

    assert {e["item"]["id"] for e in added} == {item["id"] for item in whole}
    assert sorted(e["output_index"] for e in added) == [0, 1, 2, 3]
