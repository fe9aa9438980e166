"""Checks that tool calls and their results belong together, as every provider demands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.conversation.blocks import Turn
from router.encoding import shown_name
from router.errors import InvalidRequest


def check_pairs(turns: Sequence[Turn]) -> None:
    """Raise ``InvalidRequest`` unless each call has one result in the turn that follows it."""
    for before, turn in zip((None, *turns), turns, strict=False):
        if turn.role == "tool":
            asked = {call.id for call in before.calls} if before else set()
            given = [result.call_id for result in turn.results]
            _none_left(
                (g for g in given if g not in asked),
                "a result of a call that the turn"
                " before it does not make: give the assistant's turn with its tool_calls",
            )
            if len(given) != len(set(given)):
                raise InvalidRequest("`messages` hold two results of one tool call: leave one out")
        if before and before.calls:
            given = [result.call_id for result in turn.results]
            _none_left(
                (c.id for c in before.calls if c.id not in given),
                "a tool call without its result: a turn of role tool must follow for each call",
            )
    if turns and turns[-1].calls:
        _none_left(
            (c.id for c in turns[-1].calls),
            "a tool call without its result: a turn of role tool must follow for each call",
        )
    for turn in turns:
        ids = [call.id for call in turn.calls]
        if len(ids) != len(set(ids)):
            raise InvalidRequest("`messages` hold two tool calls of one id in a turn")


def _none_left(ids: Iterable[str], problem: str) -> None:
    if found := next(iter(ids), None):
        raise InvalidRequest(f"`messages` hold {problem} (id {shown_name(found)})")
