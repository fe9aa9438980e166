"""Callers of a stream: one that leaves is seen and billed, one that stops at the end has it all."""

from __future__ import annotations

import time

import pytest

from tests.local_patches.simulator.test_streams import PARIS
from tests.local_patches.simulator.wire import HAIKU, QUESTION, Wire


@pytest.mark.parametrize("events", [1, 4])
def test_a_caller_that_leaves_is_seen_and_billed_in_full(wire: Wire, events: int) -> None:
    wire.script({"slow_ms": 20, "text": "word " * 100})
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    stream = wire.bedrock.converse_stream(modelId=HAIKU, messages=messages)["stream"]

    for _, _ in zip(range(events), stream, strict=False):
        pass
    stream.close()

    (call,) = wire.calls(read=False)
    assert call["read_to_end"] is False
    assert events <= call["events"] < 45
    assert call["usage"]["outputTokens"] == 125


def test_a_client_that_stops_at_done_has_read_all(wire: Wire) -> None:
    for chunk in wire.chat(stream=True):
        assert chunk

    (call,) = wire.calls(read=True)
    assert call["read_to_end"] is True
    assert wire.chat().choices[0].message.content == PARIS


def test_a_caller_that_leaves_with_all_of_it_unread_has_not_read_to_the_end(wire: Wire) -> None:
    wire.script({"slow_ms": 0, "text": "word " * 2000})
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    stream = wire.bedrock.converse_stream(modelId=HAIKU, messages=messages)["stream"]
    deadline = time.monotonic() + 10
    while not wire.calls()[0]["ended_at"] and time.monotonic() < deadline:
        pass

    stream.close()

    (call,) = wire.calls(read=False)
    assert call["read_to_end"] is False
    assert call["usage"]["outputTokens"] == 2500
