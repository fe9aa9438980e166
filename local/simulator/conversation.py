"""A conversation as any of the simulated models sees it, whichever wire format brought it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ChoiceKind = Literal["auto", "any", "none", "tool"]


@dataclass(frozen=True, slots=True)
class Text:
    """Some text of a turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An image; `detail` is how closely OpenAI is to look at it."""

    format: str
    data: bytes
    width: int
    height: int
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class Document:
    """A file; `text` is what can be read in it, `pages` those of a PDF, else 0."""

    format: str
    data: bytes
    name: str = ""
    text: str = ""
    pages: int = 0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model makes, or made; `arguments` are JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered."""

    id: str
    text: str
    failed: bool = False
    media: Sequence[Picture | Document] = ()


@dataclass(frozen=True, slots=True)
class Thought:
    """Reasoning that comes back in a history, with the proof of its origin."""

    text: str
    signature: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The prompt cache is to keep what is in front of it."""


Block = Text | Picture | Document | ToolCall | ToolResult | Thought | Mark


@dataclass(frozen=True, slots=True)
class Turn:
    """What one role says at once; `role` is system, user or assistant."""

    role: str
    blocks: Sequence[Block]

    @property
    def text(self) -> str:
        """The text of the turn, calls and results included, one block a line."""
        return "\n".join(_text(block) for block in self.blocks if _text(block))

    @property
    def words(self) -> str:
        """What the turn says itself: its text blocks."""
        return "\n".join(block.text for block in self.blocks if isinstance(block, Text))

    @property
    def results(self) -> list[ToolResult]:
        return [block for block in self.blocks if isinstance(block, ToolResult)]

    @property
    def calls(self) -> list[ToolCall]:
        return [block for block in self.blocks if isinstance(block, ToolCall)]

    @property
    def media(self) -> list[Picture | Document]:
        """Images and documents, those inside tool results included."""
        found: list[Picture | Document] = []
        for block in self.blocks:
            if isinstance(block, Picture | Document):
                found.append(block)
            elif isinstance(block, ToolResult):
                found += block.media
        return found


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call; `marked` if the prompt cache keeps it and those before it."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    marked: bool = False

    @property
    def text(self) -> str:
        """What the model reads of it."""
        return self.name + self.description + json.dumps(self.schema, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the model may call, must call, or must call this tool; one at a time or several."""

    kind: ChoiceKind = "auto"
    name: str = ""
    parallel: bool = True


AS_THE_MODEL_LIKES = Choice()


def marked_texts(tools: Sequence[Tool], turns: Sequence[Turn]) -> list[str]:
    """The texts in front of each mark for the prompt cache, the shortest first."""
    found: list[str] = []
    before = ""
    for tool in tools:
        before += tool.text
        if tool.marked:
            found.append(before)
    for block in (block for turn in turns for block in turn.blocks):
        before += _text(block)
        if isinstance(block, Mark):
            found.append(before)
    return found


def _text(block: Block) -> str:
    match block:
        case Text(text=text) | ToolResult(text=text):
            return text
        case ToolCall(name=name, arguments=arguments):
            return f"{name} {arguments}"
    return ""
