"""What was said so far, put together from the pieces of a stream. Pure."""

from __future__ import annotations

from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from router.conversation.said import Said


class Heard:
    """Collects pieces; ``said`` is what they make."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._thought: list[str] = []
        self._reasoning: list[Reasoning] = []
        self._calls: dict[int, tuple[ToolCallStart, list[str]]] = {}

    def add(self, piece: Delta) -> None:
        """Take a piece."""
        match piece:
            case TextDelta(text):
                self._text.append(text)
            case ReasoningDelta(redacted=str(data)):
                self._reasoning.append(Reasoning(redacted=data))
            case ReasoningDelta(text, signature):
                self._thought.append(text)
                if signature is not None:
                    self._reasoning.append(Reasoning("".join(self._thought), signature))
                    self._thought.clear()
            case ToolCallStart(index):
                self._calls[index] = (piece, [])
            case ToolCallDelta(index, arguments):
                self._calls[index][1].append(arguments)

    @property
    def said(self) -> Said:
        """What the pieces make so far."""
        calls = (
            ToolCall(start.id, start.name, "".join(arguments))
            for start, arguments in self._calls.values()
        )
        return Said("".join(self._text), tuple(calls), tuple(self._reasoning))
