"""An answer while it arrives: fragments become pieces for a caller, and one answer at last. Pure.

Calls are counted from 0 in the order in which they begin, whatever a provider counts. What is
passed on is what is kept: the pieces joined are the answer.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from router import errors
from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.encoding import REPLACEMENT, clean
from router.invocation.call import Answer, Done


class Joined:
    """Fragments of a text. Half a character waits for its other half."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._half = ""
        self._replaced = False

    def more(self, fragment: Any) -> str:
        """Take a fragment; return what can be passed on."""
        if not isinstance(fragment, str) or not fragment:
            return ""
        text = self._half + fragment
        self._half = ""
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
        whole = clean(text)
        self._replaced |= whole != text
        self._parts.append(whole)
        return whole

    def rest(self) -> str:
        """Take the end; return what can be passed on: half a character that stays half."""
        if not self._half:
            return ""
        self._half, self._replaced = "", True
        self._parts.append(REPLACEMENT)
        return REPLACEMENT

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    @property
    def altered(self) -> bool:
        """Whether characters that no store accepts were replaced in it."""
        return self._replaced


@dataclass(slots=True)
class StreamedCall:
    """A call of a tool, which begins for the caller as soon as its id and name are known."""

    id: str = ""
    name: str = ""
    arguments: Joined = field(default_factory=Joined)
    index: int | None = None


@dataclass(slots=True)
class StreamedThought:
    """A block of thinking."""

    text: Joined = field(default_factory=Joined)
    signature: str = ""
    redacted: bytes | str | None = None


class Streamed:
    """What has arrived of an answer: its text, calls and thinking by the provider's own keys."""

    def __init__(self) -> None:
        self.text = Joined()
        self.calls: dict[Any, StreamedCall] = {}
        self.thoughts: dict[Any, StreamedThought] = {}
        self._begun = 0

    def said(self, fragment: Any) -> Iterator[Delta]:
        """Take more text."""
        if text := self.text.more(fragment):
            yield TextDelta(text)

    def called(self, key: Any, call_id: Any, name: Any, arguments: Any) -> Iterator[Delta]:
        """Take more of a call."""
        call = self.calls.setdefault(key, StreamedCall())
        call.id = call.id or (clean(call_id) if isinstance(call_id, str) else "")
        call.name = call.name or (clean(name) if isinstance(name, str) else "")
        begins = call.index is None and bool(call.id and call.name)
        if begins:
            call.index = self._begun
            self._begun += 1
            yield ToolCallStart(call.index, call.id, call.name)
        more = call.arguments.more(arguments)
        # What came before the name was known is passed on with it.
        shown = call.arguments.text if begins else more
        if shown and call.index is not None:
            yield ToolCallDelta(call.index, shown)

    def thought(
        self, key: Any, text: Any = None, signature: Any = None, redacted: Any = None
    ) -> Iterator[Delta]:
        """Take more thinking; ``redacted`` bytes or base64."""
        block = self.thoughts.setdefault(key, StreamedThought())
        if more := block.text.more(text):
            yield ReasoningDelta(more)
        if isinstance(signature, str) and signature:
            block.signature += signature
        if isinstance(redacted, bytes):
            before = block.redacted if isinstance(block.redacted, bytes) else b""
            block.redacted = before + redacted
        elif isinstance(redacted, str):
            block.redacted = redacted

    def proofs(self, key: Any) -> Iterator[Delta]:
        """End a block of thinking: its proof, which may come in several fragments, is whole."""
        block = self.thoughts.get(key, StreamedThought())
        if more := block.text.rest():
            yield ReasoningDelta(more)
        if block.signature:
            yield ReasoningDelta(signature=block.signature)
        if block.redacted is not None:
            data = block.redacted
            known = base64.b64encode(data).decode() if isinstance(data, bytes) else data
            yield ReasoningDelta(redacted=known)

    def rest(self) -> Iterator[Delta]:
        """Take the end of the text and of the calls."""
        if text := self.text.rest():
            yield TextDelta(text)
        for call in self.calls.values():
            if (arguments := call.arguments.rest()) and call.index is not None:
                yield ToolCallDelta(call.index, arguments)

    def finished(self, answer: Answer) -> Answer:
        """Return the answer that was read of it, with the mark that characters were replaced."""
        parts = [self.text, *(call.arguments for call in self.calls.values())]
        return answer.with_text(answer.text, altered=any(part.altered for part in parts))


def number_of(value: Any) -> int:
    """Return the number of a block, -1 for what is none."""
    return value if isinstance(value, int) else -1


class StreamReader(Protocol):
    """Reads the events of one provider's stream."""

    @property
    def started(self) -> bool:
        """Whether an event came: from then on the call may be on the bill."""

    @property
    def ended(self) -> bool:
        """Whether the model has stopped: the answer is whole, and its usage may still come."""

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the call for an error: the usage only if it is the last word."""

    def pieces(self, event: Any) -> Iterator[Delta]:
        """Yield the pieces in an event."""

    def rest(self) -> Iterator[Delta]:
        """Yield what of the pieces waited for more, once no more comes."""

    def answer(self) -> Answer:
        """Return the answer, or raise the ``NoAnswer`` that it is."""


def read_stream(events: Generator[Any, None, None], reader: StreamReader) -> Iterator[Delta | Done]:
    """Yield the pieces of a stream and ``Done``; raise the ``CallError`` that it ends with.

    Where the connection breaks behind a whole answer, it is given without a usage.
    """
    try:
        for event in events:
            yield from reader.pieces(event)
    except errors.CallError as error:
        if not reader.ended:
            raise _in_stream(error, reader) from error
    finally:
        events.close()
    if not reader.started:
        raise errors.BadResponse("the body is not a stream")
    if not reader.ended:
        raise errors.ModelError("the stream ended before the answer did", **reader.facts)
    yield from reader.rest()
    yield Done(reader.answer())


def _in_stream(error: errors.CallError, reader: StreamReader) -> errors.CallError:
    """Return an error as it counts inside a stream: a model that has begun may be on the bill."""
    if not reader.started:
        return error
    if isinstance(error, errors.MaybeBilled | errors.NoAnswer):
        kind: type[errors.CallError] = type(error)
    else:
        kind = errors.ModelError
    return kind(f"in the stream: {error.detail or type(error).__name__}", **reader.facts)
