"""The events of a response: items by their index, each event numbered, exactly one end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from local.simulator.conversation import ToolCall
from local.simulator.deltas import Arguing, Called, Calling, Delta, Finished, Saying, Thinking
from local.simulator.model import Answered, Event, Json
from local.simulator.openai.chat_answers import REFUSAL
from local.simulator.openai.response_output import (
    Items,
    refusal_part,
    response,
    status_of,
    text_part,
)


def events_of(answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
    """Say a response piece by piece."""
    numbers = count()
    for event in _events(answered, deltas):
        yield replace(event, data={**event.data, "sequence_number": next(numbers)})


def _events(answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
    begun = response(answered, [], "in_progress")
    yield Event("response.created", {"response": begun})
    yield Event("response.in_progress", {"response": begun})
    output = _Output(Items(answered))
    for delta in deltas:
        if isinstance(delta, Finished):
            status = status_of(delta.reply)
            if delta.reply.ending == "refusal":
                yield from output.refuse()
            yield from output.close("completed" if status == "completed" else "incomplete")
            final = response(replace(answered, reply=delta.reply), output.done, status)
            yield Event(f"response.{status}", {"response": final}, final.get("usage"))
        else:
            yield from output.take(delta)


@dataclass(slots=True)
class _Output:
    """The items so far: the open message or reasoning, and the calls."""

    items: Items
    done: list[Json] = field(default_factory=list)
    index: int = 0
    thinking: str = ""
    reasons: int | None = None
    text: str = ""
    says: int | None = None
    calls: dict[int, tuple[int, ToolCall]] = field(default_factory=dict)

    def take(self, delta: Delta) -> Iterator[Event]:
        match delta:
            case Thinking(text=text):
                self.thinking += text
                if self.reasons is None:
                    self.reasons = self._next()
                    yield _item("added", self.reasons, self.items.reasoning(""))
            case Saying(text=text):
                yield from self._end_of_reasoning()
                if self.says is None:
                    self.says = self._next()
                    yield from self._begin_message(text_part(""))
                self.text += text
                yield self._of_message(
                    "response.output_text.delta", {"delta": text, "logprobs": []}
                )
            case Calling(number=number, id=call_id, name=name):
                yield from self.close("completed")
                call = ToolCall(call_id, name, "")
                self.calls[number] = (self._next(), call)
                item = self.items.call(call, number, "in_progress")
                yield _item("added", self.calls[number][0], item)
            case Arguing(number=number, text=text):
                index, call = self.calls[number]
                self.calls[number] = (index, replace(call, arguments=call.arguments + text))
                yield self._of_call("delta", number, {"delta": text})
            case Called(number=number):
                index, call = self.calls[number]
                end = {"arguments": call.arguments, "name": call.name}
                yield self._of_call("done", number, end)
                yield from self._finish(index, self.items.call(call, number, "completed"))

    def refuse(self) -> Iterator[Event]:
        yield from self._end_of_reasoning()
        self.says = self._next()
        yield from self._begin_message(refusal_part(""))
        yield self._of_message("response.refusal.delta", {"delta": REFUSAL})
        yield self._of_message("response.refusal.done", {"refusal": REFUSAL})
        yield from self._end_of_message(refusal_part(REFUSAL), "completed")

    def close(self, status: str) -> Iterator[Event]:
        yield from self._end_of_reasoning()
        if self.says is not None:
            done = {"text": self.text, "logprobs": []}
            yield self._of_message("response.output_text.done", done)
            yield from self._end_of_message(text_part(self.text), status)

    def _begin_message(self, part: Json) -> Iterator[Event]:
        assert self.says is not None
        yield _item("added", self.says, self.items.message({}, "in_progress"))
        yield self._of_message("response.content_part.added", {"part": part})

    def _end_of_message(self, part: Json, status: str) -> Iterator[Event]:
        assert self.says is not None
        yield self._of_message("response.content_part.done", {"part": part})
        yield from self._finish(self.says, self.items.message(part, status))
        self.says = None

    def _end_of_reasoning(self) -> Iterator[Event]:
        if self.reasons is not None:
            yield from self._finish(self.reasons, self.items.reasoning(self.thinking))
            self.reasons = None

    def _finish(self, index: int, item: Json) -> Iterator[Event]:
        self.done.append(item)
        yield _item("done", index, item)

    def _of_message(self, name: str, data: Json) -> Event:
        place = {"item_id": self.items.message({}, "")["id"], "output_index": self.says}
        return Event(name, {**place, "content_index": 0, **data})

    def _of_call(self, what: str, number: int, data: Json) -> Event:
        index, call = self.calls[number]
        place = {"item_id": self.items.call(call, number, "")["id"], "output_index": index}
        return Event(f"response.function_call_arguments.{what}", {**place, **data})

    def _next(self) -> int:
        self.index += 1
        return self.index - 1


def _item(what: str, index: int, item: Json) -> Event:
    return Event(f"response.output_item.{what}", {"output_index": index, "item": item})
