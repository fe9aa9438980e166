"""An answer on its way to its listener: few frames, and never at the request's expense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from router.conversation.events import (
    Begun,
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.errors import ModelError
from router.ingress.websocket.frames import MOST_BYTES
from router.ingress.websocket.listeners import Sent
from router.ingress.websocket.pushing import Push, push
from router.invocation.attempt import Attempt
from router.invocation.call import Answer
from router.invocation.invoke import CallFailed
from router.invocation.speak import Speaking
from tests.fakes.dynamodb import DynamoDB, service_error
from tests.support.runs import USAGE
from tests.support.sockets import text_of
from tests.unit.router.ingress.websocket.wire import Wire

KEY = "acme/r-1"
ATTEMPT = Attempt(
    provider="bedrock", model="haiku", outcome="OK", started_at="2026-11-21T10:00:00.000Z",
    ended_at="2026-11-21T10:00:01.000Z", max_tokens=100,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _listening(wire: Wire) -> None:
    wire.store.listen(KEY, "c-1")


def spoken(wire: Wire, pieces: list[Delta], seconds: float) -> Speaking:
    """Say pieces, so many seconds apart."""
    yield Begun("haiku")
    for piece in pieces:
        yield piece
        wire.aws.now += seconds
    return Answer("", False, USAGE, None), ATTEMPT


def pushed(wire: Wire, pieces: list[Delta], seconds: float = 0.05) -> list[dict[str, Any]]:
    listener = wire.store.listener_of(KEY)
    assert listener
    push(spoken(wire, pieces, seconds), Push(listener, "r-1", wire.line))
    return wire.frames()


def words(number: int, size: int = 5) -> list[Delta]:
    return [TextDelta(f"{n:0{size - 1}} ") for n in range(number)]


def deltas(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [frame["delta"] for frame in frames if frame["type"] == "delta"]


def said(pieces: list[Delta]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def test_at_most_one_frame_leaves_in_a_tenth_of_a_second(wire: Wire) -> None:
    pieces = words(100)

    frames = pushed(wire, pieces, 0.01)

    assert frames[0] == {"type": "begin", "request_id": "r-1", "model": "haiku"}
    assert 10 <= len(deltas(frames)) <= 11
    assert text_of(frames) == said(pieces)


def test_four_kilobytes_do_not_wait(wire: Wire) -> None:
    pieces = words(100, 1000)

    frames = pushed(wire, pieces, 0)

    assert len(deltas(frames)) == 21
    assert text_of(frames) == said(pieces)


def test_the_first_word_does_not_wait(wire: Wire) -> None:
    assert deltas(pushed(wire, words(10), 0))[0] == {"content": "0000 "}


def test_a_slow_model_gets_a_frame_for_each_piece(wire: Wire) -> None:
    assert len(deltas(pushed(wire, words(10), 0.3))) == 10


def test_calls_of_tools_are_gathered_by_their_place(wire: Wire) -> None:
    pieces = [
        TextDelta("?"),
        ToolCallStart(0, "t-1", "weather"),
        ToolCallDelta(0, '{"city"'),
        ToolCallStart(1, "t-2", "time"),
        ToolCallDelta(0, ': "Ulm"}'),
        ToolCallDelta(1, "{}"),
        ReasoningDelta("so", signature="sig"),
    ]

    _, rest = deltas(pushed(wire, pieces, 0))

    assert [call["function"] for call in rest["tool_calls"]] == [
        {"name": "weather", "arguments": '{"city": "Ulm"}'},
        {"name": "time", "arguments": "{}"},
    ]
    assert rest["reasoning_content"] == "so"
    assert rest["thinking_blocks"][0]["signature"] == "sig"


@pytest.mark.parametrize("character", ["x", "\n", "𝛑", "\x01"])
def test_a_piece_of_any_size_leaves_in_messages_that_the_gateway_takes(
    wire: Wire, character: str
) -> None:
    text = character * 200_000
    sizes: list[int] = []
    take = wire.post
    line = wire.line
    listener = wire.store.listener_of(KEY)
    assert listener

    def post(connection: str, frame: bytes) -> Sent:
        sizes.append(len(frame))
        return take(connection, frame)

    to = Push(listener, "r-1", type(line)(line.listeners, post, line.clock, line.pause))
    push(spoken(wire, [TextDelta(text)], 0), to)

    assert text_of(wire.frames()) == text
    assert max(sizes) <= MOST_BYTES


def test_an_answer_that_was_sent_to_its_end_is_noted(wire: Wire) -> None:
    pushed(wire, words(3))

    listener = wire.store.listener_of(KEY)
    assert listener
    assert (listener.has_begun, listener.streamed) == (True, ATTEMPT.started_at)


def test_the_answer_of_another_model_replaces_what_was_sent(wire: Wire) -> None:
    def broken() -> Speaking:
        yield Begun("sonnet")
        yield TextDelta("The river")
        raise CallFailed(ModelError("broke"), ATTEMPT)

    listener = wire.store.listener_of(KEY)
    assert listener
    with pytest.raises(CallFailed):
        push(broken(), Push(listener, "r-1", wire.line))

    frames = pushed(wire, [TextDelta("Rhine")])

    assert [frame["type"] for frame in frames] == ["begin", "delta", "restart", "delta"]
    assert text_of(frames) == "Rhine"


def ending(wire: Wire, says: list[Sent], number: int = 30) -> tuple[Answer, int]:
    """Return the answer of a call whose connection takes frames so, and what was read of it."""
    wire.says = says
    read = 0

    def counted() -> Iterator[Delta]:
        nonlocal read
        for piece in words(number):
            read += 1
            yield piece

    def speaking() -> Speaking:
        yield Begun("haiku")
        for piece in counted():
            yield piece
            wire.aws.now += 0.2
        return Answer("all", False, USAGE, None), ATTEMPT

    listener = wire.store.listener_of(KEY)
    assert listener
    answer, _ = push(speaking(), Push(listener, "r-1", wire.line))
    return answer, read


@pytest.mark.parametrize("fate", [Sent.GONE, Sent.FAILED])
def test_a_connection_that_is_lost_ends_the_pushing_and_never_the_request(
    wire: Wire, fate: Sent
) -> None:
    answer, read = ending(wire, [Sent.OK, Sent.OK, fate])

    assert (answer.text, read) == ("all", 30)
    assert len(wire.sent) == 2
    listener = wire.store.listener_of(KEY)
    assert listener
    assert listener.streamed is None


def test_what_a_busy_connection_did_not_take_is_sent_later_in_order(wire: Wire) -> None:
    ending(wire, [Sent.OK, Sent.BUSY, Sent.BUSY, Sent.OK, Sent.BUSY])

    assert text_of(wire.frames()) == said(words(30))
    listener = wire.store.listener_of(KEY)
    assert listener
    assert listener.streamed == ATTEMPT.started_at


def test_a_connection_that_stays_busy_is_not_said_to_have_all(wire: Wire) -> None:
    answer, _ = ending(wire, [Sent.BUSY] * 100, number=3)

    listener = wire.store.listener_of(KEY)
    assert listener
    assert (answer.text, listener.streamed) == ("all", None)


def test_a_client_that_cancels_gets_no_frame_after_a_second(wire: Wire) -> None:
    def speaking() -> Speaking:
        yield Begun("haiku")
        for number, piece in enumerate(words(30)):
            if number == 10:
                wire.store.leave(KEY, "c-1")
            yield piece
            wire.aws.now += 0.2
        return Answer("all", False, USAGE, None), ATTEMPT

    listener = wire.store.listener_of(KEY)
    assert listener
    answer, _ = push(speaking(), Push(listener, "r-1", wire.line))

    assert answer.text == "all"
    assert 10 <= len(deltas(wire.frames())) <= 15


def test_a_defect_of_the_pushing_costs_the_pushing_alone(wire: Wire) -> None:
    listener = wire.store.listener_of(KEY)
    assert listener
    line = wire.line

    def broken() -> float:
        raise ZeroDivisionError

    to = Push(listener, "r-1", line)
    to._line = type(line)(line.listeners, line.post, broken, line.pause)

    answer, attempt = push(spoken(wire, words(3), 0), to)

    assert (answer.usage, attempt, to.is_open) == (USAGE, ATTEMPT, False)


def test_a_table_that_does_not_answer_stops_nothing(wire: Wire, dynamodb: DynamoDB) -> None:
    listener = wire.store.listener_of(KEY)
    assert listener
    dynamodb.fail(*[service_error("InternalServerError")] * 100)

    push(spoken(wire, words(20), 0.2), Push(listener, "r-1", wire.line))

    assert text_of(wire.frames()) == said(words(20))
