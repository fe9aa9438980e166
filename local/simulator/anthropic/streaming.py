"""The events of the Messages API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from local.simulator.anthropic import answering
from local.simulator.conversation import ToolCall
from local.simulator.deltas import Arguing, Called, Calling, Delta, Finished, Saying, Thinking
from local.simulator.model import Answered, Event, Json, Reply
from local.simulator.thoughts import sign

_FIRST_TOKENS = 1  # message_start counts the output so far; the true count comes at the end


def events_of(answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
    """Say an answer piece by piece; the usage in message_delta is that of the whole call."""
    not_yet = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    begun = {**answering.input_usage(answered.reply), "output_tokens": _FIRST_TOKENS}
    start = answering.message(answered, [], not_yet)
    if answered.reply.usage_known:
        start["usage"] = begun
    yield Event("message_start", {"message": start})
    yield Event("ping", {})
    blocks = _Blocks(answered.ask.model)
    for delta in deltas:
        if isinstance(delta, Finished):
            yield from blocks.close()
            yield _message_delta(answered, delta.reply)
            yield Event("message_stop", {})
        else:
            yield from blocks.take(delta)


@dataclass(slots=True)
class _Blocks:
    """The content blocks so far: the one that is open for text, and one for each call."""

    model: str
    count: int = 0
    text: int | None = None
    thought: int | None = None
    thoughts: str = ""
    calls: dict[int, int] = field(default_factory=dict)

    def take(self, delta: Delta) -> Iterator[Event]:
        match delta:
            case Thinking(text=text):
                if self.thought is None:
                    self.thought = self._next()
                    empty = {"type": "thinking", "thinking": "", "signature": ""}
                    yield _start(self.thought, empty)
                self.thoughts += text
                yield _delta(self.thought, {"type": "thinking_delta", "thinking": text})
            case Saying(text=text):
                yield from self._end_of_thought()
                if self.text is None:
                    self.text = self._next()
                    yield _start(self.text, {"type": "text", "text": ""})
                yield _delta(self.text, {"type": "text_delta", "text": text})
            case Calling(number=number, id=call_id, name=name):
                yield from self.close()
                self.calls[number] = index = self._next()
                yield _start(index, answering.tool_use(ToolCall(call_id, name, ""), {}))
                yield _delta(index, {"type": "input_json_delta", "partial_json": ""})
            case Arguing(number=number, text=text):
                partial = {"type": "input_json_delta", "partial_json": text}
                yield _delta(self.calls[number], partial)
            case Called(number=number):
                yield Event("content_block_stop", {"index": self.calls[number]})

    def close(self) -> Iterator[Event]:
        yield from self._end_of_thought()
        if self.text is not None:
            yield Event("content_block_stop", {"index": self.text})
            self.text = None

    def _end_of_thought(self) -> Iterator[Event]:
        if self.thought is not None:
            signature = sign(self.model, self.thoughts)
            yield _delta(self.thought, {"type": "signature_delta", "signature": signature})
            yield Event("content_block_stop", {"index": self.thought})
            self.thought = None

    def _next(self) -> int:
        self.count += 1
        return self.count - 1


def _message_delta(answered: Answered, reply: Reply) -> Event:
    final = Answered(answered.ask, reply, answered.request_id, 0, answered.usage_says)
    counted = answering.usage(reply)
    for name in ("cache_creation", "service_tier"):
        del counted[name]  # message_start said them
    usage = final.usage(counted)
    data: Json = {"delta": answering.ending(reply)}
    if usage is not None:
        data["usage"] = usage
    return Event("message_delta", data, usage)


def _start(index: int, block: Json) -> Event:
    return Event("content_block_start", {"index": index, "content_block": block})


def _delta(index: int, delta: Json) -> Event:
    return Event("content_block_delta", {"index": index, "delta": delta})
