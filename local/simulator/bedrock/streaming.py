"""The events of ConverseStream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from local.simulator.bedrock.answering import intervention, metadata, own_id, stop_reason
from local.simulator.deltas import Arguing, Called, Calling, Delta, Finished, Saying, Thinking
from local.simulator.model import Answered, Event, Json
from local.simulator.thoughts import sign

# Bedrock pads each payload to hide its length; a client has to pass over it.
_PADDING = "abcdefghijklmnopqrstuvwxyz"


def events_of(answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
    """Say an answer piece by piece: blocks by their index, the stop, and then the usage."""
    if stopped := intervention(answered):
        yield from _stopped(stopped)
        return
    yield _event("messageStart", {"role": "assistant"})
    blocks = _Blocks(answered.ask.model)
    for delta in deltas:
        if isinstance(delta, Finished):
            yield from blocks.close()
            finished = replace(answered, reply=delta.reply)
            yield _event("messageStop", {"stopReason": stop_reason(delta.reply)})
            yield _metadata(metadata(finished))
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
                self.thoughts += text
                yield _delta(self.thought, {"reasoningContent": {"text": text}})
            case Saying(text=text):
                yield from self._end_of_thought()
                if self.text is None:
                    self.text = self._next()
                yield _delta(self.text, {"text": text})
            case Calling(number=number, id=call_id, name=name):
                yield from self._end_of_thought()
                yield from self._end_of_text()
                self.calls[number] = index = self._next()
                start = {"toolUse": {"toolUseId": own_id(call_id), "name": name}}
                yield _event("contentBlockStart", {"start": start, "contentBlockIndex": index})
            case Arguing(number=number, text=text):
                yield _delta(self.calls[number], {"toolUse": {"input": text}})
            case Called(number=number):
                yield _stop(self.calls[number])

    def close(self) -> Iterator[Event]:
        yield from self._end_of_thought()
        yield from self._end_of_text()

    def _end_of_thought(self) -> Iterator[Event]:
        if self.thought is not None:
            signature = sign(self.model, self.thoughts)
            yield _delta(self.thought, {"reasoningContent": {"signature": signature}})
            yield _stop(self.thought)
            self.thought = None

    def _end_of_text(self) -> Iterator[Event]:
        if self.text is not None:
            yield _stop(self.text)
            self.text = None

    def _next(self) -> int:
        self.count += 1
        return self.count - 1


def _stopped(body: Json) -> Iterator[Event]:
    yield _event("messageStart", {"role": "assistant"})
    for block in body["output"]["message"]["content"]:
        yield _delta(0, block)
    yield _stop(0)
    yield _event("messageStop", {"stopReason": body["stopReason"]})
    yield _metadata({name: body[name] for name in ("usage", "metrics", "trace") if name in body})


def _metadata(data: Json) -> Event:
    return replace(_event("metadata", data), usage=data.get("usage"))


def _delta(index: int, delta: Json) -> Event:
    return _event("contentBlockDelta", {"delta": delta, "contentBlockIndex": index})


def _stop(index: int) -> Event:
    return _event("contentBlockStop", {"contentBlockIndex": index})


def _event(name: str, data: Json) -> Event:
    length = 4 + len(str(data)) % 20
    return Event(name, {**data, "p": _PADDING[:length]})
