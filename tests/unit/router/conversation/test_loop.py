from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.conversation.blocks import (
    Conversation,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.loop import last_tag, last_writer, stall, tag_of, tagged_id

TAG = tag_of("bedrock", "claude")


def loop(*calls: tuple[str, str, bool]) -> Conversation:
    """A loop of calls: arguments, result, and whether it failed."""
    turns = [Turn("user", (Text("Fix it."),))]
    for number, (arguments, result, failed) in enumerate(calls):
        call_id = tagged_id(f"c{number}", TAG)
        turns.append(Turn("assistant", (ToolCall(call_id, "run", arguments),)))
        turns.append(Turn("tool", (ToolResult(call_id, (Text(result),), failed),)))
    return Conversation(tuple(turns))


@given(st.text(min_size=1, max_size=200))
def test_a_tagged_id_fits_every_provider_if_the_id_did(call_id: str) -> None:
    made = tagged_id(call_id, TAG)

    assert len(made) <= 64
    assert made.endswith(f"-fg{TAG}")
    assert tagged_id(call_id, TAG) == made


def test_a_loop_is_known_by_the_ids_of_its_calls() -> None:
    assert last_tag(loop(("{}", "ok", False))) == TAG
    assert last_tag(Conversation((Turn("user", (Text("hi"),)),))) is None


def test_a_new_ask_ends_the_loop_whose_model_gave_the_answer_before_it() -> None:
    answer, ask = Turn("assistant", (Text("."),)), Turn("user", (Text("?"),))
    turns = loop(("{}", "ok", False)).turns

    asked = Conversation((*turns, answer, ask))

    assert last_tag(asked) == TAG
    assert stall(asked) is None
    # Another model may have given the answer after that.
    assert last_tag(Conversation((*turns, answer, ask, answer, ask))) is None


def test_thinking_names_who_gave_the_last_answer() -> None:
    thought = Reasoning("so", "proof", by="bedrock/claude")
    ask = Turn("user", (Text("?"),))

    known = Conversation((ask, Turn("assistant", (thought, Text("."))), ask))

    assert last_writer(known) == "bedrock/claude"
    later = Conversation((*known.turns, Turn("assistant", (Text("."),)), ask))
    assert last_writer(later) is None


@pytest.mark.parametrize(
    ("calls", "why"),
    [
        ([("{}", "a", False)] * 2, None),
        ([("{}", "a", False)] * 3, "the same call 3 times"),
        ([('{"a": 1, "b": 2}', "a", False), ('{"b":2,"a":1}', "b", False)] * 2, "the same call"),
        ([("{}", "a", False)] * 3 + [('{"a": 1}', "b", False)], None),
        ([(f'{{"a": {n}}}', "no", True) for n in range(3)], "the last 3 tool calls"),
        ([(f'{{"a": {n}}}', "no", n > 0) for n in range(3)], None),
    ],
)
def test_a_loop_that_gets_nowhere_is_noticed(
    calls: list[tuple[str, str, bool]], why: str | None
) -> None:
    found = stall(loop(*calls))

    assert (found is None) == (why is None)
    assert (why or "") in (found or "")
