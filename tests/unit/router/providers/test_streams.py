"""The readers of streams: pieces that are the answer, and errors that never understate the bill."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import errors
from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.invocation.call import Answer, Done, ModelCall
from router.invocation.pieces import pieces_of
from router.providers.anthropic_stream import MessageStream, error_of_event
from router.providers.bedrock_stream import ConverseStream
from router.providers.openai_stream import ChatStream, error_of_chunk
from router.providers.streamed import StreamReader, read_stream
from tests.support.factories import HAIKU, asking
from tests.support.strategies import JSON, shaped
from tests.support.streams import (
    CHAT_USAGE,
    CONVERSE_USAGE,
    MESSAGE_USAGE,
    chat_chunk,
    chat_events,
    converse_events,
    message_events,
)

CALL = ModelCall("bedrock", HAIKU, asking("hi"), 9)
Events = Callable[..., list[dict[str, Any]]]
STREAMS: Mapping[str, tuple[Callable[[ModelCall], StreamReader], Events, Any]] = {
    "bedrock": (ConverseStream, converse_events, CONVERSE_USAGE),
    "openai": (ChatStream, chat_events, CHAT_USAGE),
    "anthropic": (MessageStream, message_events, MESSAGE_USAGE),
}
each = pytest.mark.parametrize("name", STREAMS)
WEATHER = ("c1", "weather", ('{"ci', 'ty": "Paris"}'))
CLOCK = ("c2", "clock", ())


def read(name: str, events: Sequence[Any], ending: Exception | None = None) -> list[Delta | Done]:
    def given() -> Generator[Any, None, None]:
        yield from events
        if ending is not None:
            raise ending

    return list(read_stream(given(), STREAMS[name][0](CALL)))


def whole(pieces: Sequence[Delta | Done]) -> Answer:
    assert isinstance(pieces[-1], Done)
    return pieces[-1].answer


def outcome_of(
    name: str, events: Sequence[Any], ending: Exception | None = None
) -> Answer | errors.CallError:
    try:
        return whole(read(name, events, ending))
    except errors.CallError as error:
        return error


def joined(pieces: Sequence[Delta | Done]) -> tuple[str, tuple[ToolCall, ...]]:
    """Return what a client makes of the pieces."""
    text, calls = "", []
    for piece in pieces:
        match piece:
            case TextDelta(more):
                text += more
            case ToolCallStart(index, call_id, name):
                assert index == len(calls)
                calls.append(ToolCall(call_id, name, ""))
            case ToolCallDelta(index, more):
                known = calls[index]
                calls[index] = ToolCall(known.id, known.name, known.arguments + more)
    return text, tuple(calls)


@each
def test_a_text_arrives_in_the_pieces_in_which_it_was_written(name: str) -> None:
    _, events, usage = STREAMS[name]

    pieces = read(name, events(text=("Par", "is")))

    assert pieces[:-1] == [TextDelta("Par"), TextDelta("is")]
    answer = whole(pieces)
    assert (answer.text, answer.truncated, answer.usage) == ("Paris", False, usage)


@each
def test_calls_count_from_zero_whatever_is_before_them(name: str) -> None:
    _, events, _ = STREAMS[name]

    pieces = read(name, events(("I look.",), (WEATHER, CLOCK), thought=("hm",)))

    starts = [piece for piece in pieces if isinstance(piece, ToolCallStart)]
    assert starts == [ToolCallStart(0, "c1", "weather"), ToolCallStart(1, "c2", "clock")]
    answer = whole(pieces)
    assert answer.calls == (
        ToolCall("c1", "weather", '{"city": "Paris"}'), ToolCall("c2", "clock", ""),
    )  # fmt: skip
    assert joined(pieces) == (answer.text, answer.calls) == ("I look.", answer.calls)


def test_fragments_of_parallel_calls_that_interleave_are_kept_apart() -> None:
    other = ("c2", "weather", ('{"city": ', '"Rome"}'))

    answer = whole(read("openai", chat_events(calls=(WEATHER, other))))

    assert [call.arguments for call in answer.calls] == ['{"city": "Paris"}', '{"city": "Rome"}']


@pytest.mark.parametrize("indexes", [(0, 0), (None, None), (1, 2), (5, 3)])
def test_servers_that_count_calls_in_another_way_lose_none(indexes: tuple[Any, Any]) -> None:
    chunks = []
    for index, (call_id, city) in zip(indexes, (("a", "Paris"), ("b", "Rome")), strict=True):
        at = {} if index is None else {"index": index}
        begins = {"id": call_id, "function": {"name": "f", "arguments": '{"city": '}}
        chunks.append(chat_chunk({"tool_calls": [at | begins]}))
        goes_on = {"function": {"arguments": f'"{city}"}}'}}
        chunks.append(chat_chunk({"tool_calls": [at | goes_on]}))

    pieces = read("openai", [*chunks, chat_chunk({}, "tool_calls")])

    assert joined(pieces)[1] == whole(pieces).calls
    assert [(c.id, c.arguments) for c in whole(pieces).calls] == [
        ("a", '{"city": "Paris"}'),
        ("b", '{"city": "Rome"}'),
    ]


def test_a_call_begins_when_its_name_is_known_with_what_came_before() -> None:
    early = {"tool_calls": [{"index": 0, "id": "c1", "function": {"arguments": '{"a"'}}]}
    late = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ": 1}"}}]}

    pieces = read("openai", [chat_chunk(early), chat_chunk(late), chat_chunk({}, "tool_calls")])

    assert pieces[:-1] == [ToolCallStart(0, "c1", "f"), ToolCallDelta(0, '{"a": 1}')]


@pytest.mark.parametrize("name", ["bedrock", "anthropic"])
def test_thinking_arrives_with_its_proof_last(name: str) -> None:
    pieces = read(name, STREAMS[name][1](("so",), thought=("h", "m")))

    assert pieces[:4] == [
        ReasoningDelta("h"),
        ReasoningDelta("m"),
        ReasoningDelta(signature="sig"),
        TextDelta("so"),
    ]
    assert whole(pieces).reasoning == (Reasoning("hm", "sig", by=CALL.by),)


def test_encrypted_thinking_is_kept_as_it_was() -> None:
    given = {"reasoningContent": {"redactedContent": b"\x00\xff"}}
    events = converse_events(("so",))
    events[1:1] = [
        {"contentBlockDelta": {"contentBlockIndex": 7, "delta": given}},
        {"contentBlockStop": {"contentBlockIndex": 7}},
    ]
    data = base64.b64encode(b"\x00\xff").decode()

    pieces = read("bedrock", events)

    assert pieces[0] == ReasoningDelta(redacted=data)
    assert whole(pieces).reasoning == (Reasoning(redacted=data, by=CALL.by),)
    block = {"type": "redacted_thinking", "data": data}
    claude = message_events(("so",))
    claude[1:1] = [
        {"type": "content_block_start", "index": 9, "content_block": block},
        {"type": "content_block_stop", "index": 9},
    ]
    assert whole(read("anthropic", claude)).reasoning == (Reasoning(redacted=data, by=CALL.by),)


@each
def test_half_a_character_at_the_end_is_replaced_as_in_a_whole_answer(name: str) -> None:
    half = "\ud83d"

    pieces = read(name, STREAMS[name][1](("so", half)))

    answer = whole(pieces)
    assert joined(pieces)[0] == answer.text == "so\ufffd"
    assert answer.altered


LETTERS = st.characters(exclude_categories=["Cc"], exclude_characters='"\\')


@each
@given(st.text(LETTERS, min_size=1, max_size=12).filter(str.strip), st.data())
def test_the_pieces_joined_are_the_answer_wherever_it_is_cut(
    name: str, text: str, data: st.DataObject
) -> None:
    # JSON escapes may cut a character in two: each half is a code unit of its own.
    encoded = text.encode("utf-16-le", "surrogatepass")
    halves = [encoded[at : at + 2] for at in range(0, len(encoded), 2)]
    units = [half.decode("utf-16-le", "surrogatepass") for half in halves]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(units)), max_size=3)))
    parts = ["".join(units[a:b]) for a, b in zip([0, *cuts], [*cuts, len(units)], strict=True)]
    arguments = ['{"a": "', *parts, '"}']

    pieces = read(name, STREAMS[name][1](parts, (("c1", "f", arguments),)))

    answer = whole(pieces)
    sent = encoded.decode("utf-16-le", "replace")
    assert joined(pieces) == (answer.text, answer.calls)
    answer.text.encode()  # no half of a character is left
    assert answer.altered is ("\ufffd" in sent and "\ufffd" not in text)
    if not answer.altered:
        assert answer.text == sent
        assert answer.calls[0].input == {"a": sent}


@each
def test_what_no_store_takes_is_replaced_in_pieces_and_answer_alike(name: str) -> None:
    pieces = read(name, STREAMS[name][1](("Pa\0r", "is \ud800", "!")))

    assert joined(pieces)[0] == whole(pieces).text == "Paris \ufffd!"
    assert whole(pieces).altered


@each
def test_who_stops_reading_ends_the_providers_stream(name: str) -> None:
    closed = []

    def given() -> Generator[Any, None, None]:
        try:
            yield from STREAMS[name][1](("Par", "is"))
        finally:
            closed.append(name)

    events = given()  # somebody else may hold it, too
    stream = read_stream(events, STREAMS[name][0](CALL))
    next(stream)
    stream.close()  # type: ignore[attr-defined]

    assert closed == [name]


# ---- streams that end early


@each
@given(st.data())
def test_a_stream_that_is_cut_is_never_free_and_its_usage_is_the_last_word_or_none(
    name: str, data: st.DataObject
) -> None:
    _, events, usage = STREAMS[name]
    whole_stream = events(("Par", "is"), (WEATHER,), thought=("hm",))
    length = data.draw(st.integers(1, len(whole_stream) - 1))
    endings = [None, errors.ModelError("broke"), errors.Throttled("slow"), errors.AccessDenied()]
    ending = data.draw(st.sampled_from(endings))

    found = outcome_of(name, whole_stream[:length], ending)

    if isinstance(found, Answer):
        # The model had stopped: nothing of the answer is missing.
        assert found.text == "Paris"
        assert found.usage in (None, usage)
    else:
        assert isinstance(found, errors.MaybeBilled)
        assert found.usage is None


@each
def test_an_answer_whose_usage_did_not_come_says_that_it_is_not_known(name: str) -> None:
    events = STREAMS[name][1](("Paris",))
    ends = {"bedrock": -1, "openai": -1, "anthropic": len(events)}[name]
    if name == "anthropic":
        events[-2].pop("usage")

    pieces = read(name, events[:ends], errors.ModelError("the connection broke"))

    assert (whole(pieces).text, whole(pieces).usage) == ("Paris", None)


def test_a_placeholder_for_the_tokens_of_an_answer_is_no_usage() -> None:
    with pytest.raises(errors.ModelError) as raised:
        read("anthropic", message_events(("Paris",))[:3])

    assert (raised.value.usage, raised.value.response_model) == (None, "m-2026")


@each
def test_an_error_before_the_first_event_is_the_ordinary_one(name: str) -> None:
    with pytest.raises(errors.Throttled) as raised:
        read(name, [], errors.Throttled("slow down"))

    assert raised.value.detail == "slow down"


@each
def test_an_error_inside_a_stream_may_be_billed_and_says_where(name: str) -> None:
    events = STREAMS[name][1](("Par", "is"))

    with pytest.raises(errors.ModelError, match="in the stream: overloaded"):
        read(name, events[:3], errors.Overloaded("overloaded"))


@each
def test_a_time_out_inside_a_stream_stays_one(name: str) -> None:
    with pytest.raises(errors.ModelTimeout):
        read(name, STREAMS[name][1](("Par", "is"))[:3], errors.ModelTimeout("slow"))


@each
def test_a_body_without_an_event_is_no_stream(name: str) -> None:
    with pytest.raises(errors.BadResponse, match="not a stream"):
        read(name, [])


@pytest.mark.parametrize(
    ("name", "stop", "becomes"),
    [
        ("bedrock", "max_tokens", None),
        ("bedrock", "content_filtered", errors.Filtered),
        ("bedrock", "guardrail_intervened", errors.Blocked),
        ("bedrock", "malformed_tool_use", errors.BadResponse),
        ("openai", "length", None),
        ("openai", "content_filter", errors.Filtered),
        ("anthropic", "max_tokens", None),
        ("anthropic", "refusal", errors.Refused),
        ("anthropic", "pause_turn", errors.BadResponse),
    ],
)
def test_a_reason_for_stopping_means_the_same_as_in_a_whole_answer(
    name: str, stop: str, becomes: type[errors.CallError] | None
) -> None:
    _, events, usage = STREAMS[name]
    half = ("c1", "weather", ('{"city": "Par',))

    if becomes is None:
        answer = whole(read(name, events(("so",), (half,), stop)))
        assert (answer.truncated, answer.calls[0].arguments) == (True, '{"city": "Par')
        return
    with pytest.raises(becomes) as raised:
        read(name, events(("so",), stop=stop))
    assert raised.value.usage == usage


def test_a_refusal_in_fragments_is_one() -> None:
    chunks = [chat_chunk({"refusal": "I can"}), chat_chunk({"refusal": "not"})]

    with pytest.raises(errors.Refused) as raised:
        read("openai", [*chunks, chat_chunk({}, "stop"), chat_events(("x",))[-1]])

    assert raised.value.usage == CHAT_USAGE


def test_bedrocks_last_event_has_mode_and_trace() -> None:
    events = converse_events(("so",))
    usage = {"usage": {"topicPolicyUnits": 2}}
    trace = {"guardrail": {"inputAssessment": {"g": {"invocationMetrics": usage}}}}
    events[-1]["metadata"] |= {"serviceTier": {"type": "flex"}, "trace": trace}

    answer = whole(read("bedrock", events))

    assert (answer.mode, answer.guardrail_units) == ("flex", {"topicPolicyUnits": 2})


@each
@given(st.data())
def test_whatever_the_events_hold_it_is_an_answer_or_an_error_of_the_call(
    name: str, data: st.DataObject
) -> None:
    events = STREAMS[name][1](("so",), (WEATHER,), thought=("hm",))
    garbled = [data.draw(shaped(event) | JSON) for event in events]

    found = outcome_of(name, garbled)

    if isinstance(found, Answer):
        assert found.text or found.calls or found.truncated
    else:
        assert not isinstance(found, errors.NotBilled | errors.Rejected)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"type": "error", "error": {"type": "overloaded_error"}}, errors.Overloaded),
        ({"error": {"type": "rate_limit_error"}}, errors.Throttled),
        ({"error": {"type": "api_error", "message": "secret"}}, errors.ModelError),
        ("text", errors.ModelError),
    ],
)
def test_an_error_event_of_anthropic_is_read_by_its_type(body: Any, kind: Any) -> None:
    error = error_of_event(body)

    assert type(error) is kind
    assert "secret" not in error.detail


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": "context_length_exceeded", "type": "invalid_request_error"},
         errors.ContextTooLong),
        ({"code": None, "type": "invalid_request_error"}, errors.InvalidModelRequest),
        ({"code": "rate_limit_exceeded"}, errors.Throttled),
        ({"type": "server_error", "message": "secret"}, errors.ModelError),
        (["x"], errors.ModelError),
    ],
)  # fmt: skip
def test_an_error_in_a_stream_of_openai_is_read_by_its_code(body: Any, kind: Any) -> None:
    error = error_of_chunk(body)

    assert type(error) is kind
    assert "secret" not in error.detail


def test_a_whole_answer_can_be_given_in_pieces() -> None:
    answer = Answer(
        "so",
        False,
        None,
        None,
        calls=(ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "")),
        reasoning=(Reasoning("hm", "sig"),),
    )

    pieces = list(pieces_of(answer))

    assert pieces[0] == ReasoningDelta("hm", "sig")
    assert joined(pieces) == ("so", answer.calls)
    assert whole(pieces) is answer
