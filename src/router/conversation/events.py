"""The pieces in which an answer arrives while a model writes it. Pure.

``index`` counts the tool calls of an answer from 0, whatever blocks the provider counts. The last
piece of a stream is ``router.invocation.call.Done``, which holds the whole answer.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More thinking; ``signature`` or ``redacted`` ends its block."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCallStart:
    """A call begins."""

    index: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a call's arguments, as JSON text."""

    index: int
    arguments: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The model that has begun to answer; before its first piece, and not of its stream."""

    model: str


Delta = TextDelta | ReasoningDelta | ToolCallStart | ToolCallDelta
