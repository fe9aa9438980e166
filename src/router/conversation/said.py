"""What a model has said, as it is stored and handed on: a text, calls of tools, or both. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.writing import write_calls, write_reasoning
from router.encoding import clean, json_object, mapping_of, text_of

_MESSAGE = ".json"


@dataclass(frozen=True, slots=True)
class Said:
    """The parts of an assistant's turn. Most answers have a text alone."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    reasoning: tuple[Reasoning, ...] = ()

    @property
    def beside_text(self) -> dict[str, Any]:
        """``tool_calls`` and ``thinking_blocks``, where there are any."""
        parts = {
            "tool_calls": write_calls(self.calls),
            "thinking_blocks": write_reasoning(self.reasoning),
        }
        return {name: value for name, value in parts.items() if value}

    @property
    def cleaned(self) -> Said:
        """The same in characters that every store takes."""
        return Said(
            clean(self.text),
            tuple(ToolCall(clean(c.id), clean(c.name), clean(c.arguments)) for c in self.calls),
            tuple(Reasoning(clean(r.text), r.signature, r.redacted, r.by) for r in self.reasoning),
        )

    def to_row(self) -> dict[str, str]:
        """Return the attributes of an ANSWER row."""
        beside = self.beside_text
        said = {"said": json.dumps(beside, ensure_ascii=False)} if beside else {}
        return {"output": self.text, **said}

    @classmethod
    def from_row(cls, content: Mapping[str, Any]) -> Said | None:
        """Return what an ANSWER row holds, ``None`` without an answer."""
        if "output" not in content:
            return None
        return said_of({"output": content["output"], **json_object(content.get("said", "{}"))})

    def to_object(self) -> tuple[str, str]:
        """Return the body and the suffix of an object that holds it."""
        beside = self.beside_text
        if not beside:
            return self.text, ".txt"
        return json.dumps({"output": self.text, **beside}, ensure_ascii=False), _MESSAGE

    @classmethod
    def from_object(cls, address: str, body: str) -> Said:
        """Return what the object at an address holds."""
        return said_of(json_object(body)) if address.endswith(_MESSAGE) else cls(body)


def said_of(data: Mapping[str, Any]) -> Said:
    """Return what an outcome holds: ``output``, ``tool_calls`` and ``thinking_blocks``."""
    calls = [mapping_of(call) for call in data.get("tool_calls") or ()]
    blocks = [mapping_of(block) for block in data.get("thinking_blocks") or ()]
    return Said(
        text_of(data.get("output")) or "",
        tuple(
            ToolCall(str(call.get("id")), str(function.get("name")), str(function["arguments"]))
            for call in calls
            if "arguments" in (function := mapping_of(call.get("function")))
        ),
        tuple(map(_reasoning, blocks)),
    )


def _reasoning(block: Mapping[str, Any]) -> Reasoning:
    return Reasoning(
        text_of(block.get("thinking")) or "",
        text_of(block.get("signature")),
        text_of(block.get("data")),
        text_of(block.get("by")),
    )


NOTHING = Said()
