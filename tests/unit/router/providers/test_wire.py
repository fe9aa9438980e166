"""The adapters with their real clients, against a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import boto3
import openai
import pytest
from botocore.config import Config

from router import errors
from router.conversation.blocks import Conversation, Text, Tool, Turn
from router.conversation.events import TextDelta, ToolCallStart
from router.invocation.call import Done, ModelCall, StreamingProvider
from router.providers import anthropic_api, openai_api
from router.providers.bedrock import Bedrock
from tests.support.factories import HAIKU
from tests.support.streams import chat_events, converse_events, frames, message_events, sse

PROVIDERS = ("bedrock", "openai", "anthropic")
each = pytest.mark.parametrize("name", PROVIDERS)
CALLS = (("c1", "weather", ('{"city": ', '"Pa', 'ris"}')),)
ASKED = Conversation(
    (Turn("user", (Text("Weather?"),)),), tools=(Tool("weather", None, {"type": "object"}),)
)


@dataclass
class Upstream:
    """A provider's server that answers with what a test gives it."""

    status: int = 200
    kind: str = "application/json"
    chunks: Sequence[bytes] = ()
    # Ends the answer as HTTP wants it, or closes the connection in the middle of it.
    ends: bool = True
    waits: bool = False
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    state = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.asked.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(state.status)
            self.send_header("content-type", state.kind)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for chunk in state.chunks:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            if state.waits:
                state.released.wait(10)
            if state.ends:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_api, "api_key", lambda _: "sk-1")
    monkeypatch.setattr(anthropic_api, "api_key", lambda _: "sk-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def provider(name: str, url: str, seconds: float = 10) -> StreamingProvider:
    match name:
        case "openai":
            gpt = openai.OpenAI(api_key="x", base_url=url, max_retries=0, timeout=seconds)
            return openai_api.OpenAI(gpt, "/key")
        case "anthropic":
            claude = anthropic.Anthropic(api_key="x", base_url=url, max_retries=0, timeout=seconds)
            return anthropic_api.Anthropic(claude, "/key")
    config = Config(read_timeout=seconds, retries={"total_max_attempts": 1})
    client: Any = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=url, config=config
    )
    return Bedrock(client)


def call(name: str) -> ModelCall:
    model = {"bedrock": HAIKU, "openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5"}[name]
    return ModelCall(name, model, ASKED, 9)


def wire(name: str, *args: Any, **kwargs: Any) -> list[bytes]:
    """Return the bytes of a stream, one piece for each event."""
    match name:
        case "bedrock":
            return list(frames(converse_events(*args, **kwargs)))
        case "openai":
            return [*sse(chat_events(*args, **kwargs), named=False), b"data: [DONE]\n\n"]
    return list(sse(message_events(*args, **kwargs), named=True))


def streams(upstream: Upstream, name: str, chunks: Sequence[bytes], **more: Any) -> None:
    kind = "application/vnd.amazon.eventstream" if name == "bedrock" else "text/event-stream"
    upstream.kind, upstream.chunks = kind, chunks
    for field_name, value in more.items():
        setattr(upstream, field_name, value)


@each
def test_a_stream_is_read_by_the_providers_own_client(name: str, upstream: Upstream) -> None:
    streams(upstream, name, wire(name, ("Zü", "rich 🚂"), CALLS))

    pieces = list(provider(name, upstream.url).stream(call(name)))

    assert pieces[:2] == [TextDelta("Zü"), TextDelta("rich 🚂")]
    assert ToolCallStart(0, "c1", "weather") in pieces
    assert isinstance(pieces[-1], Done)
    answer = pieces[-1].answer
    assert (answer.text, answer.calls[0].input) == ("Zürich 🚂", {"city": "Paris"})
    assert answer.usage
    assert not answer.altered


@each
def test_bytes_may_be_cut_anywhere(name: str, upstream: Upstream) -> None:
    whole = b"".join(wire(name, ("Zü", "rich 🚂")))
    streams(upstream, name, [whole[at : at + 3] for at in range(0, len(whole), 3)])

    pieces = list(provider(name, upstream.url).stream(call(name)))

    assert pieces[:-1] == [TextDelta("Zü"), TextDelta("rich 🚂")]


def test_each_is_asked_to_stream_in_its_way(upstream: Upstream) -> None:
    for name in PROVIDERS:
        streams(upstream, name, wire(name, ("hi",)))
        list(provider(name, upstream.url).stream(call(name)))

    (converse, _, _), (chat, sent, body), (_, headers, message) = upstream.asked
    assert converse.endswith("/converse-stream")
    assert (chat, body["stream"]) == ("/chat/completions", True)
    assert body["stream_options"] == {"include_usage": True}
    assert "Bearer sk-1" in sent.values()
    assert message["stream"] is True
    assert "sk-1" in " ".join(headers.values())


@each
def test_a_call_is_made_when_the_first_piece_is_asked_for(name: str, upstream: Upstream) -> None:
    streams(upstream, name, wire(name, ("hi",)))

    stream = provider(name, upstream.url).stream(call(name))

    assert upstream.asked == []
    next(stream)
    assert len(upstream.asked) == 1


@each
@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, errors.Throttled), (400, errors.InvalidModelRequest), (503, errors.Overloaded)],
)
def test_an_error_before_the_stream_is_that_of_a_whole_answer(
    name: str, status: int, kind: type[errors.CallError], upstream: Upstream
) -> None:
    upstream.status = status
    upstream.chunks = [b'{"error": {"message": "no", "type": "t", "code": "c"}}']

    for ask in (lambda p: list(p.stream(call(name))), lambda p: p.complete(call(name))):
        with pytest.raises(kind):
            ask(provider(name, upstream.url))


@each
def test_a_connection_that_breaks_in_a_stream_is_never_free(name: str, upstream: Upstream) -> None:
    streams(upstream, name, wire(name, ("Par", "is"))[:3], ends=False)

    with pytest.raises(errors.ModelError) as raised:
        list(provider(name, upstream.url).stream(call(name)))

    assert raised.value.usage is None


@each
def test_a_stream_that_ends_in_good_order_before_the_answer_is_an_error(
    name: str, upstream: Upstream
) -> None:
    streams(upstream, name, wire(name, ("Par", "is"))[:3])

    with pytest.raises(errors.ModelError, match="ended before the answer"):
        list(provider(name, upstream.url).stream(call(name)))


@each
def test_a_connection_that_breaks_behind_the_answer_costs_its_usage_alone(
    name: str, upstream: Upstream
) -> None:
    chunks = wire(name, ("Paris",))
    kept = {"bedrock": -1, "openai": -2, "anthropic": -1}[name]
    streams(upstream, name, chunks[:kept], ends=False)

    done = list(provider(name, upstream.url).stream(call(name)))[-1]

    assert isinstance(done, Done)
    assert done.answer.text == "Paris"
    assert (done.answer.usage is None) is (name != "anthropic")


@each
def test_silence_in_a_stream_is_a_time_out(name: str, upstream: Upstream) -> None:
    streams(upstream, name, wire(name, ("Par", "is"))[:3], waits=True)

    with pytest.raises(errors.ModelTimeout):
        list(provider(name, upstream.url, seconds=0.3).stream(call(name)))


ERROR_EVENTS: dict[str, bytes] = {
    "bedrock": next(frames([{"throttlingException": {"message": "quoted prompt"}}])),
    "openai": b'data: {"error": {"message": "quoted prompt", "type": "rate_limit_exceeded",'
    b' "code": "rate_limit_exceeded"}}\n\n',
    "anthropic": b'event: error\ndata: {"type": "error", "error": {"type": "rate_limit_error",'
    b' "message": "quoted prompt"}}\n\n',
}


@each
def test_an_error_event_is_free_before_the_model_began_and_never_after(
    name: str, upstream: Upstream
) -> None:
    streams(upstream, name, [ERROR_EVENTS[name]])
    with pytest.raises(errors.Throttled) as first:
        list(provider(name, upstream.url).stream(call(name)))

    streams(upstream, name, [*wire(name, ("Par", "is"))[:3], ERROR_EVENTS[name]])
    stream = provider(name, upstream.url).stream(call(name))
    assert next(stream) == TextDelta("Par")
    with pytest.raises(errors.ModelError, match="in the stream") as later:
        list(stream)

    assert "quoted" not in first.value.detail + later.value.detail


@each
def test_what_is_no_stream_is_a_bad_response(name: str, upstream: Upstream) -> None:
    streams(upstream, name, [b"<html>Sign in</html>"])
    upstream.kind = "text/html"

    with pytest.raises(errors.BadResponse if name != "bedrock" else errors.ModelError):
        list(provider(name, upstream.url).stream(call(name)))


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_garbled_event_is_on_the_bill(name: str, upstream: Upstream) -> None:
    event = b"event: x\ndata: {half\n\n"
    streams(upstream, name, [*wire(name, ("Par", "is"))[:3], event])

    with pytest.raises(errors.BadResponse, match="not JSON"):
        list(provider(name, upstream.url).stream(call(name)))


WHOLE: dict[str, Any] = {
    "bedrock": {
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Paris"}}},
        ]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
        "metrics": {"latencyMs": 1},
    },
    "openai": {
        "id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": None, "refusal": None, "tool_calls": [
                {"id": "c1", "type": "function",
                 "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}],
        }}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    },
    "anthropic": {
        "id": "x", "type": "message", "role": "assistant", "model": "m",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Paris"}},
        ],
        "stop_reason": "tool_use", "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    },
}  # fmt: skip


@each
def test_a_whole_answer_of_calls_is_read_by_the_providers_own_client(
    name: str, upstream: Upstream
) -> None:
    upstream.chunks = [json.dumps(WHOLE[name]).encode()]

    answer = provider(name, upstream.url).complete(call(name))

    assert (answer.text, answer.calls[0].id) == ("", "c1")
    assert answer.calls[0].input == {"city": "Paris"}
    assert [thought.signature for thought in answer.reasoning] == (
        [] if name == "openai" else ["s"]
    )
    (_, _, body) = upstream.asked[0]
    assert "weather" in json.dumps(body)
