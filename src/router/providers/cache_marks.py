"""Which marks for a prompt cache a call carries: at most four, in the order of the prompt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeVar

from router.catalog.tokens import BYTES_PER_TOKEN
from router.conversation.blocks import (
    Block,
    Document,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.size import tokens_of
from router.conversation.writing import write_tools
from router.encoding import size_in_bytes

MOST = 4
_Marked = Text | Image | Document | ToolResult
_T = TypeVar("_T", bound=Tool | Text | Image | Document | ToolResult)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is sent, in the order in which it caches: tools, instructions, turns."""

    tools: tuple[Tool, ...]
    system: tuple[Text, ...]
    turns: tuple[Turn, ...]

    def with_marks(self, *, wanted: bool, system: bool, points_from: int | None = None) -> Prompt:
        """Return the prompt with the marks that a call can carry; without any unless ``wanted``.

        ``system`` asks to keep the instructions, unless the caller has placed marks of its own.
        ``points_from`` asks for points of ours in what the caller has not marked, behind at least
        so many tokens.
        """
        given = [part.cache for part in (*self.tools, *self.system, *_markable(self.turns))]
        marks = list(given)
        if not wanted:
            return self._with([None] * len(marks)) if any(marks) else self
        if system and self.system and not any(marks):
            marks[len(self.tools) + len(self.system) - 1] = "5m"
        elif sum(map(bool, marks)) > MOST:
            marks = self._kept(marks)
        if points_from is not None:
            for place in self._points(marks, points_from):
                marks[place] = "5m"
        return self if marks == given else self._with(marks)

    def _kept(self, marks: Sequence[str | None]) -> list[str | None]:
        """Keep the last mark of the tools and of the instructions, and the last of the rest: a
        later mark covers what is before it."""
        placed = [at for at, mark in enumerate(marks) if mark]
        tools, system = len(self.tools), len(self.tools) + len(self.system)
        ends = [max((at for at in placed if at < tools), default=-1),
                max((at for at in placed if tools <= at < system), default=-1)]  # fmt: skip
        kept = {at for at in ends if at >= 0}
        for at in reversed(placed):
            if len(kept) < MOST:
                kept.add(at)
        return [mark if at in kept else None for at, mark in enumerate(marks)]

    def _points(self, marks: Sequence[str | None], least: int) -> list[int]:
        """Return where points of ours go: at the end of the last turn, of the turn that the call
        before this one ended with, of the instructions, of the tools; as many as there is room for.

        A provider finds what was kept only so many blocks before a mark, so that the end of the
        call before needs one of its own.
        """
        tools, system = len(self.tools), len(self.tools) + len(self.system)
        parts = [
            (range(system, len(marks)), self._turn_ends()),
            (range(tools, system), [system - 1]),
            (range(tools), [tools - 1]),
        ]
        before = list(accumulate(_sizes(self)))
        found = [
            end
            for part, ends in parts
            if part and not any(marks[at] for at in part)
            for end in ends
            # What is kept for an hour must not come behind what is kept for minutes.
            if before[end] >= least * BYTES_PER_TOKEN and "1h" not in marks[end:]
        ]
        return found[: MOST - sum(map(bool, marks))]

    def _turn_ends(self) -> list[int]:
        """Return the places of the last blocks of the last two turns of the user, the last
        first."""
        place, ends = len(self.tools) + len(self.system) - 1, []
        for turn in self.turns:
            markable = _markable((turn,))
            place += len(markable)
            if turn.role == "user" and markable:
                ends.append(place)
        return ends[:-3:-1]

    def _with(self, marks: Iterable[str | None]) -> Prompt:
        left = iter(marks)
        tools = tuple(_marked(tool, next(left)) for tool in self.tools)
        system = tuple(_marked(block, next(left)) for block in self.system)
        turns = tuple(
            replace(
                turn,
                blocks=tuple(
                    _marked(block, next(left)) if isinstance(block, _Marked) else block
                    for block in turn.blocks
                ),
            )
            for turn in self.turns
        )
        return Prompt(tools, system, turns)


def _markable(turns: Iterable[Turn]) -> list[_Marked]:
    return [block for turn in turns for block in turn.blocks if isinstance(block, _Marked)]


def _marked(part: _T, mark: str | None) -> _T:
    return part if part.cache == mark else replace(part, cache=mark)


def _sizes(prompt: Prompt) -> Iterator[int]:
    """Yield the bytes of each part that can be marked, with what comes between it and the one
    before."""
    yield from (size_in_bytes(write_tools((tool,))) for tool in prompt.tools)
    yield from map(_size, prompt.system)
    between = 0
    for turn in prompt.turns:
        for block in turn.blocks:
            between += _size(block)
            if isinstance(block, _Marked):
                yield between
                between = 0


def _size(block: Block) -> int:
    match block:
        case Text(text) | Reasoning(text):
            return len(text.encode())
        case Image(media) | Document(media):
            return tokens_of(media) * BYTES_PER_TOKEN
        case ToolCall():
            return len(block.name) + len(block.arguments.encode())
        case ToolResult():
            return sum(map(_size, block.parts))
