"""A response as it is written: the events of OpenAI's Responses, in their order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.ingress.protocols.reply import Reply
from router.ingress.protocols.responses_reply import (
    head_of,
    message_item,
    reasoning_item,
    to_response,
)
from router.ingress.protocols.responses_tools import Tools, call_item, input_of, is_custom
from router.ingress.protocols.sse import event


@dataclass
class _Open:
    """An item that is being written."""

    kind: str
    place: int
    name: str
    text: str = ""
    call: ToolCall | None = None


class ResponseStream:
    """The events of one response, from ``response.created`` to its one end.

    The text for a tool that takes one comes in one piece: its model writes it as JSON.
    """

    def __init__(self, request_id: str, created: int, model: str, tools: Tools) -> None:
        self._id = request_id
        self._tools = tools
        self._head = head_of(request_id, created, model)
        self._number = 0
        self._places: Counter[str] = Counter()
        self._open: _Open | None = None
        self._calls: dict[int, _Open] = {}
        self._thought = 0

    def start(self) -> Iterator[bytes]:
        """Yield what comes before the first piece."""
        yield self._event("response.created", response=self._head)
        yield self._event("response.in_progress", response=self._head)

    def piece(self, delta: Delta) -> Iterator[bytes]:
        """Yield the events of a piece."""
        match delta:
            case TextDelta(text):
                yield from self._in_text()
                assert self._open
                self._open.text += text
                yield self._event("response.output_text.delta", delta=text, logprobs=[], **self._at)
            case ReasoningDelta(text, signature, redacted):
                yield from self._thinking(text, signature, redacted)
            case ToolCallStart(index, call_id, name):
                yield from self._close()
                call = self._opened("fc", ToolCall(call_id, name, ""))
                self._calls[index] = call
                assert call.call
                item = call_item(call.name, call.call, self._tools, "in_progress")
                yield self._event("response.output_item.added", output_index=call.place, item=item)
            case ToolCallDelta(index, arguments):
                call = self._calls[index]
                call.text += arguments
                assert call.call
                if is_custom(call.call, self._tools):
                    return
                yield self._event(
                    "response.function_call_arguments.delta",
                    item_id=call.name, output_index=call.place, delta=arguments,
                )  # fmt: skip

    def end(self, reply: Reply) -> Iterator[bytes]:
        """Yield the end of all items, and of the response with its usage."""
        if not self._places.total():
            yield from self._in_text()
        yield from self._close()
        for call in self._calls.values():
            yield from self._close_call(call)
        whole = to_response(reply, self._tools)
        kind = "completed" if whole["status"] == "completed" else "incomplete"
        yield self._event(f"response.{kind}", response=whole)

    def error(self, body: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield a failure; nothing comes after it."""
        error = body["error"]
        failed = {"code": "server_error", "message": error["message"]}
        whole = {**self._head, "status": "failed", "error": failed}
        yield self._event("response.failed", response=whole)

    @property
    def _at(self) -> dict[str, Any]:
        assert self._open
        name, place = self._open.name, self._open.place
        return {"item_id": name, "output_index": place, "content_index": 0}

    def _in_text(self) -> Iterator[bytes]:
        if self._open and self._open.kind == "msg":
            return
        yield from self._close()
        self._open = self._opened("msg")
        item = message_item(self._open.name, "", "in_progress")
        place = self._open.place
        yield self._event("response.output_item.added", output_index=place, item=item)
        part = {"type": "output_text", "text": "", "annotations": []}
        yield self._event("response.content_part.added", part=part, **self._at)

    def _thinking(self, text: str, signature: str | None, redacted: str | None) -> Iterator[bytes]:
        if self._open is None or self._open.kind != "rs":
            yield from self._close()
            self._open = self._opened("rs")
            item = {"type": "reasoning", "id": self._open.name, "summary": []}
            place = self._open.place
            yield self._event("response.output_item.added", output_index=place, item=item)
        self._open.text += text
        if signature is not None or redacted is not None:
            block = Reasoning(self._open.text, signature, redacted)
            yield from self._close(block)

    def _close(self, block: Reasoning | None = None) -> Iterator[bytes]:
        item, self._open = self._open, None
        if item is None:
            return
        if item.kind == "rs":
            done = reasoning_item(item.name, block or Reasoning(item.text))
            if block is None:
                del done["encrypted_content"]
        else:
            self._open = item
            at, self._open = self._at, None
            part = {"type": "output_text", "text": item.text, "annotations": []}
            yield self._event("response.output_text.done", text=item.text, logprobs=[], **at)
            yield self._event("response.content_part.done", part=part, **at)
            done = message_item(item.name, item.text)
        yield self._event("response.output_item.done", output_index=item.place, item=done)

    def _close_call(self, open_call: _Open) -> Iterator[bytes]:
        assert open_call.call
        call = ToolCall(open_call.call.id, open_call.call.name, open_call.text)
        item_id, place = open_call.name, open_call.place
        at = {"item_id": item_id, "output_index": place}
        item = call_item(item_id, call, self._tools)
        if is_custom(call, self._tools):
            text = input_of(call)
            yield self._event("response.custom_tool_call_input.delta", delta=text, **at)
            yield self._event("response.custom_tool_call_input.done", input=text, **at)
        else:
            yield self._event(
                "response.function_call_arguments.done",
                arguments=call.arguments, name=item["name"], **at,
            )  # fmt: skip
        yield self._event("response.output_item.done", output_index=place, item=item)

    def _opened(self, kind: str, call: ToolCall | None = None) -> _Open:
        name = f"{kind}_{self._id}_{self._places[kind]}"
        place = self._places.total()
        self._places[kind] += 1
        return _Open(kind, place, name, call=call)

    def _event(self, kind: str, **fields: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return event({"type": kind, "sequence_number": number, **fields})
