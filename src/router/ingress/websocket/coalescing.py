"""Gathers the pieces of an answer into few frames. Pure; the clock is its caller's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from router.ingress.protocols.openai_chat_stream import chat_delta

SECONDS = 0.1
BYTES = 4096
# A whole answer may come as one piece; whatever the characters are, so many fit into a message.
_PIECE = 8000
_LARGE = 24_000


class Coalescer:
    """The pieces that wait for the next frame: it is due after a tenth of a second, or at 4 KB."""

    def __init__(self) -> None:
        self._waiting: dict[str, Any] = {}
        self._bytes = 0
        self._sent_at: float | None = None

    def add(self, piece: Delta) -> None:
        """Take a piece."""
        part = chat_delta(piece)
        self._bytes += sum(map(_size, part.values()))
        for name, value in part.items():
            _merge(self._waiting, name, value)

    def is_due(self, at: float) -> bool:
        """Return whether a frame may be sent now."""
        if not self._waiting:
            return False
        is_late = self._sent_at is None or at - self._sent_at >= SECONDS
        return is_late or self._bytes >= BYTES

    @property
    def is_large(self) -> bool:
        """Whether more would be too much for one message of 128 KB."""
        return self._bytes >= _LARGE

    def take(self, at: float) -> Mapping[str, Any] | None:
        """Return what waits, ``None`` if nothing does; it waits no longer."""
        if not self._waiting:
            return None
        part, self._waiting, self._bytes, self._sent_at = self._waiting, {}, 0, at
        return part


def small(piece: Delta) -> Iterator[Delta]:
    """Yield a piece in parts, each of which fits into a frame."""
    match piece:
        case TextDelta(text) if len(text) > _PIECE:
            yield from (TextDelta(part) for part in _parts(text))
        case ToolCallDelta(index, arguments) if len(arguments) > _PIECE:
            yield from (ToolCallDelta(index, part) for part in _parts(arguments))
        case ReasoningDelta(text) if len(text) > _PIECE:
            yield from (ReasoningDelta(part) for part in _parts(text))
            if piece.signature is not None or piece.redacted is not None:
                yield replace(piece, text="")
        case _:
            yield piece


def _parts(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


def _merge(into: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, str):
        into[name] = into.get(name, "") + value
    elif name == "tool_calls":
        for call in value:
            _merge_call(into.setdefault(name, []), call)
    else:
        into.setdefault(name, []).extend(value)


def _merge_call(calls: list[dict[str, Any]], call: Mapping[str, Any]) -> None:
    known = next((each for each in calls if each["index"] == call["index"]), None)
    if known is None:
        calls.append({**call, "function": dict(call["function"])})
    else:
        known["function"]["arguments"] += call["function"]["arguments"]


def _size(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else len(str(value).encode())
