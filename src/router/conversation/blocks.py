"""The blocks that turns consist of. Pure.

Every block that a provider or a protocol can express has a place here; what has none is refused at
the edge, never dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from router.conversation.media import Media
from router.encoding import mapping_of


@dataclass(frozen=True, slots=True)
class Text:
    """A text. ``cache`` ("5m", "1h") asks the provider to keep the prompt up to its end."""

    text: str
    cache: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; ``detail`` is OpenAI's word for how closely the model looks."""

    media: Media
    detail: str | None = None
    cache: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document, a PDF for one. Its name is the caller's and never sent as an instruction."""

    media: Media
    name: str | None = None
    cache: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's call of a tool. ``arguments`` are JSON as the model wrote them: they may be empty,
    or cut short by the limit of the answer."""

    id: str
    name: str
    arguments: str

    @property
    def input(self) -> dict[str, Any] | None:
        """The arguments as an object, ``None`` if they are none.

        No arguments are an empty object. Of several objects in a row, as some models write, the
        later ones complete the first.
        """
        text = self.arguments.strip()
        found: dict[str, Any] = {}
        decoder = json.JSONDecoder()
        while text:
            try:
                value, end = decoder.raw_decode(text)
                # Some models write the object into a JSON string.
                value = json.loads(value) if isinstance(value, str) else value
            except (ValueError, RecursionError):
                return None
            if not isinstance(value, dict):
                return None
            found |= value
            text = text[end:].lstrip()
        return found


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back for one call."""

    call_id: str
    parts: tuple[Text | Image | Document, ...]
    is_error: bool = False
    cache: str | None = None

    @property
    def text(self) -> str:
        """The text parts, one per line."""
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Thinking that a model showed. It goes back to the model that wrote it, unchanged.

    ``signature`` proves it to its provider; ``redacted`` is the encrypted form without a text.
    ``by`` names the provider and the model that wrote it, as ``provider/model``.
    """

    text: str = ""
    signature: str | None = None
    redacted: str | None = None
    by: str | None = None

    @property
    def is_proven(self) -> bool:
        """Whether it can go back to a model: without a proof no provider takes it."""
        return bool(self.signature or self.redacted)


Block = Text | Image | Document | ToolCall | ToolResult | Reasoning


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a role: ``system`` (in mid-conversation), ``user``, ``assistant`` or ``tool``.

    A ``tool`` turn holds the results of all calls of the turn before it. An assistant's turn has
    its reasoning first, then its text, then its calls. ``name`` tells speakers of a role apart.
    """

    role: str
    blocks: tuple[Block, ...]
    name: str | None = None

    @property
    def text(self) -> str:
        """The text of the turn, tool results included; what is no text is not in it."""
        parts = [b.text for b in self.blocks if isinstance(b, Text | ToolResult)]
        return "\n".join(part for part in parts if part)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the turn."""
        return tuple(block for block in self.blocks if isinstance(block, ToolCall))

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results of the turn."""
        return tuple(block for block in self.blocks if isinstance(block, ToolResult))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call. ``parameters`` is a JSON Schema of an object."""

    name: str
    description: str | None = None
    parameters: Any = None
    strict: bool | None = None
    cache: str | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Its parameters, as a schema that every provider takes: of an object, and it says so."""
        given = dict(mapping_of(self.parameters)) or {"properties": {}}
        return given if "type" in given else {"type": "object", **given}


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether a tool is called: ``auto``, ``none``, ``required``, or ``named`` with its name."""

    kind: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that a model is shown: instructions, turns, tools.

    ``parallel`` is whether it may call several tools at once, ``None`` to leave it to the provider.
    """

    turns: tuple[Turn, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice | None = None
    parallel: bool | None = None

    @property
    def system_text(self) -> str | None:
        """The instructions as one text, ``None`` if there are none."""
        return "\n\n".join(block.text for block in self.system) or None

    @property
    def has_tool_turns(self) -> bool:
        """Whether a tool was called in it."""
        kinds = (ToolCall, ToolResult)
        return any(isinstance(block, kinds) for turn in self.turns for block in turn.blocks)

    @property
    def last(self) -> Turn:
        """The last turn that is no instruction: what the model is to answer."""
        return next(turn for turn in reversed(self.turns) if turn.role != "system")

    @property
    def in_tool_loop(self) -> bool:
        """Whether a tool's result waits for the model."""
        return bool(self.turns) and self.last.role == "tool"

    @property
    def files(self) -> dict[str, int]:
        """How many pictures and documents are in it, by kind; nothing of what it has none of."""
        media = self.media
        images = sum(isinstance(part, Image) for part in media)
        counts = {"images": images, "documents": len(media) - images}
        return {kind: count for kind, count in counts.items() if count}

    @property
    def media(self) -> tuple[Image | Document, ...]:
        """The pictures and documents in it, those in tool results included."""
        found: list[Image | Document] = []
        for turn in self.turns:
            for block in turn.blocks:
                parts = block.parts if isinstance(block, ToolResult) else (block,)
                found += [part for part in parts if isinstance(part, Image | Document)]
        return tuple(found)
