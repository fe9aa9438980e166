"""Makes one model call and hands on its answer as it is written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime

from router.conversation.events import Begun, Delta, TextDelta, ToolCallStart
from router.conversation.loop import tagged_id
from router.encoding import clean
from router.errors import BadResponse, CallError
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, Done, ModelCall, StreamingProvider
from router.invocation.invoke import CallFailed, attempt_of, cleaned, failed_attempt

Speaking = Generator[Begun | Delta, None, tuple[Answer, Attempt]]


def speak(
    call: ModelCall,
    provider: StreamingProvider,
    keep: Callable[[Answer], Answer],
    clock: Callable[[], datetime],
    memory_mb: int,
) -> Speaking:
    """Yield which model has begun, then its pieces; return the answer and its attempt.

    ``keep`` stores an answer that is too large to hand on. Raise ``CallFailed``; after a piece its
    attempt has the usage that is known, and is never one that cannot have been billed.
    """
    started, has_begun = clock(), False
    answer: Answer | None = None
    try:
        for piece in provider.stream(call):
            if isinstance(piece, Done):
                answer = piece.answer
                continue
            if not has_begun:
                has_begun = True
                yield Begun(call.model)
            yield _safe(piece, call.tag)
        if answer is None:
            raise BadResponse("the stream ended without its end")
        answer = keep(cleaned(answer, call.tag))
    except CallError as error:
        raise CallFailed(error, failed_attempt(call, error, started, clock(), memory_mb)) from error
    if not has_begun:
        yield Begun(call.model)
    return answer, attempt_of(call, answer, started, clock(), memory_mb)


def _safe(piece: Delta, tag: str) -> Delta:
    match piece:
        case TextDelta(text):
            return TextDelta(clean(text))
        case ToolCallStart(_, call_id, _):
            return replace(piece, id=tagged_id(clean(call_id), tag))
    return piece
