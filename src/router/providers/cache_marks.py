"""Which marks for a prompt cache a call carries: at most four, in the order of the prompt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from router.conversation.blocks import Document, Image, Text, Tool, ToolResult, Turn

MOST = 4
_Marked = Text | Image | Document | ToolResult
_T = TypeVar("_T", bound=Tool | Text | Image | Document | ToolResult)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider is sent, in the order in which it caches: tools, instructions, turns."""

    tools: tuple[Tool, ...]
    system: tuple[Text, ...]
    turns: tuple[Turn, ...]

    def with_marks(self, *, wanted: bool, system: bool) -> Prompt:
        """Return the prompt with the marks that a call can carry; without any unless ``wanted``.

        ``system`` asks to keep the instructions, unless the caller has placed marks of its own.
        """
        marks = self._marks()
        if not wanted:
            return self._with([False] * len(marks)) if any(marks) else self
        if not any(marks):
            if not system or not self.system:
                return self
            marked = replace(self.system[-1], cache="5m")
            return replace(self, system=(*self.system[:-1], marked))
        return self if sum(map(bool, marks)) <= MOST else self._with(self._kept(marks))

    def _marks(self) -> list[str | None]:
        given = [*self.tools, *self.system, *_markable(self.turns)]
        return [part.cache for part in given]

    def _kept(self, marks: Sequence[str | None]) -> list[bool]:
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
        return [at in kept for at in range(len(marks))]

    def _with(self, kept: Iterable[bool]) -> Prompt:
        stays = iter(kept)
        tools = tuple(_marked(tool, next(stays)) for tool in self.tools)
        system = tuple(_marked(block, next(stays)) for block in self.system)
        turns = tuple(
            replace(
                turn,
                blocks=tuple(
                    _marked(block, next(stays)) if isinstance(block, _Marked) else block
                    for block in turn.blocks
                ),
            )
            for turn in self.turns
        )
        return Prompt(tools, system, turns)


def _markable(turns: Iterable[Turn]) -> list[_Marked]:
    return [block for turn in turns for block in turn.blocks if isinstance(block, _Marked)]


def _marked(part: _T, stays: bool) -> _T:
    return part if stays or part.cache is None else replace(part, cache=None)
