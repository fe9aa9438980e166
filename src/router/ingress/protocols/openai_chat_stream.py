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
        match delta:
            case TextDelta(text):
                yield self._chunk({"content": text})
            case ToolCallStart(index, call_id, name):
                function = {"name": name, "arguments": ""}
                call = {"index": index, "id": call_id, "type": "function", "function": function}
                yield self._chunk({"tool_calls": [call]})
            case ToolCallDelta(index, arguments):
                call = {"index": index, "function": {"arguments": arguments}}
                yield self._chunk({"tool_calls": [call]})
            case ReasoningDelta(text, signature, redacted):
                yield from self._reasoning(text, signature, redacted)

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

    def _reasoning(self, text: str, signature: str | None, redacted: str | None) -> Iterator[bytes]:
        if redacted is not None:
            block = {"type": "redacted_thinking", "data": redacted}
            yield self._chunk({"thinking_blocks": [block]})
            return
        shown: dict[str, Any] = {"reasoning_content": text} if text else {}
        if signature is not None:
            block = {"type": "thinking", "thinking": "", "signature": signature}
            shown["thinking_blocks"] = [block]
        if shown:
            yield self._chunk(shown)

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        usage = {"usage": None} if self._usage else {}
        return data({**self._head, "choices": [choice], **usage})
