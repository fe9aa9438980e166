"""A message as it is written: Anthropic's events, in their order. Pure."""

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
from router.ingress.protocols.anthropic_reply import stop_reason, write_usage
from router.ingress.protocols.reply import Reply
from router.ingress.protocols.sse import event


class MessageStream:
    """The events of one message, from ``message_start`` to ``message_stop``.

    Text and thinking end when something else begins; calls of tools stay open until the end, since
    models write several at once.
    """

    def __init__(self, request_id: str, model: str) -> None:
        self._request_id = request_id
        self._model = model
        self._next = 0
        self._open: tuple[str, int] | None = None
        self._calls: dict[int, int] = {}

    def start(self) -> Iterator[bytes]:
        """Yield what comes before the first piece."""
        message: dict[str, Any] = {
            "id": self._request_id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            # Counts are cumulative: those of the end replace these, which nobody knows yet.
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        yield event({"type": "message_start", "message": message})

    def piece(self, delta: Delta) -> Iterator[bytes]:
        """Yield the events of a piece."""
        match delta:
            case TextDelta(text):
                yield from self._in_block("text", {"type": "text", "text": ""})
                yield self._delta({"type": "text_delta", "text": text})
            case ReasoningDelta(redacted=str(data)):
                yield from self._close()
                yield from self._in_block("redacted", {"type": "redacted_thinking", "data": data})
                yield from self._close()
            case ReasoningDelta(text, signature):
                empty = {"type": "thinking", "thinking": "", "signature": ""}
                yield from self._in_block("thinking", empty)
                if text:
                    yield self._delta({"type": "thinking_delta", "thinking": text})
                if signature is not None:
                    yield self._delta({"type": "signature_delta", "signature": signature})
                    yield from self._close()
            case ToolCallStart(index, call_id, name):
                yield from self._close()
                self._calls[index] = self._next
                block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
                yield self._begin(block)
            case ToolCallDelta(index, arguments):
                written = {"type": "input_json_delta", "partial_json": arguments}
                yield self._delta(written, self._calls[index])

    def end(self, reply: Reply) -> Iterator[bytes]:
        """Yield the end of all blocks, why the answer ended, and its usage."""
        yield from self._close()
        for index in self._calls.values():
            yield event({"type": "content_block_stop", "index": index})
        stopped = {"stop_reason": stop_reason(reply.finish), "stop_sequence": None}
        usage = write_usage(reply.usage)
        yield event({"type": "message_delta", "delta": stopped, "usage": usage})
        yield event({"type": "message_stop"})

    def error(self, body: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield an error; nothing comes after it."""
        yield event({"type": "error", **body})

    def _in_block(self, kind: str, block: Mapping[str, Any]) -> Iterator[bytes]:
        if self._open and self._open[0] == kind:
            return
        yield from self._close()
        self._open = (kind, self._next)
        yield self._begin(block)

    def _begin(self, block: Mapping[str, Any]) -> bytes:
        index, self._next = self._next, self._next + 1
        return event({"type": "content_block_start", "index": index, "content_block": block})

    def _close(self) -> Iterator[bytes]:
        if self._open:
            yield event({"type": "content_block_stop", "index": self._open[1]})
            self._open = None

    def _delta(self, delta: Mapping[str, Any], index: int | None = None) -> bytes:
        if index is None:
            assert self._open
            index = self._open[1]
        return event({"type": "content_block_delta", "index": index, "delta": delta})
