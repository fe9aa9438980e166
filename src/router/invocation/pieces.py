"""An answer that is known as a whole, as the pieces of a stream. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.invocation.call import Answer, Done


def pieces_of(answer: Answer) -> Iterator[Delta | Done]:
    """Yield a whole answer: each of its parts as one piece, then ``Done``."""
    for block in answer.reasoning:
        yield ReasoningDelta(block.text, block.signature, block.redacted)
    if answer.text:
        yield TextDelta(answer.text)
    for index, call in enumerate(answer.calls):
        yield ToolCallStart(index, call.id, call.name)
        if call.arguments:
            yield ToolCallDelta(index, call.arguments)
    yield Done(answer)
