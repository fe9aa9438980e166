"""A chat completion as it is written: ``chat.completion.chunk`` events. Pure.

The chunk with the finish reason is held back until the usage is known, so that a stream that breaks
has none: a client takes it for what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.ingress.protocols.openai_chat import write_usage
from router.ingress.protocols.reply import Reply
from router.ingress.protocols.sse import DONE, data


class ChatStream:
    """The events of one completion, from its first piece to ``[DONE]``."""

    def __init__(self, request_id: str, created: int, model: str, *, usage: bool) -> None:
        self._usage = usage
        self._head: dict[str, Any] = {
            "id": request_id,
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
        }

    def start(self) -> Iterator[bytes]:
        """Yield what comes before the first piece."""
        yield self._chunk({"role": "assistant", "content": ""})

    def piece(self, delta: Delta) -> Iterator[bytes]:
        """Yield the chunk of a piece."""
        if shown := chat_delta(delta):
            yield self._chunk(shown)

    def end(self, reply: Reply) -> Iterator[bytes]:
        """Yield finish reason, usage if it was asked for, and the end."""
        yield self._chunk({}, reply.finish)
        if self._usage:
            usage = write_usage(reply.usage) if reply.usage else None
            yield data({**self._head, "choices": [], "usage": usage})
        yield DONE

    def error(self, body: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield an error; nothing comes after it."""
        yield data(body)

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        usage = {"usage": None} if self._usage else {}
        return data({**self._head, "choices": [choice], **usage})


def chat_delta(piece: Delta) -> dict[str, Any]:
    """Return a piece as the delta of a chunk; empty if it has nothing to show."""
    match piece:
        case TextDelta(text):
            return {"content": text}
        case ToolCallStart(index, call_id, name):
            function = {"name": name, "arguments": ""}
            call = {"index": index, "id": call_id, "type": "function", "function": function}
            return {"tool_calls": [call]}
        case ToolCallDelta(index, arguments):
            return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
        case ReasoningDelta(text, signature, redacted):
            return _thought(text, signature, redacted)


def _thought(text: str, signature: str | None, redacted: str | None) -> dict[str, Any]:
    if redacted is not None:
        return {"thinking_blocks": [{"type": "redacted_thinking", "data": redacted}]}
    shown: dict[str, Any] = {"reasoning_content": text} if text else {}
    if signature is not None:
        block = {"type": "thinking", "thinking": "", "signature": signature}
        shown["thinking_blocks"] = [block]
    return shown
