"""A conversation as providers take it that know users and assistants in turn alone. Pure.

What they have no field for is put into words that show what it is: instructions in
mid-conversation, and the name of a speaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from router.conversation.blocks import (
    Block,
    Conversation,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from router.providers.legal_calls import with_legal_calls
from router.providers.own_thinking import with_own_thinking
from router.providers.spoken_tools import spoken

# What both Anthropic's API and Converse accept.
_LEGAL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# A conversation must begin with its user.
BEGINNING = Text("(the conversation begins)")
INSTRUCTIONS = "[instructions of the application from here on]\n{}\n[end of the instructions]"


def alternating(
    conversation: Conversation, provider: str, model: str, *, with_tools: bool = True
) -> tuple[Turn, ...]:
    """Return the turns for a model: of users and assistants in turn, the first of a user.

    A user's turn has the results of tools first. Without tools a tool history is sent as text.
    """
    turns: Iterable[Turn] = [
        with_own_thinking(turn, provider, model) for turn in conversation.turns
    ]
    if conversation.has_tool_turns and not with_tools:
        turns = spoken(turns)
    merged: list[Turn] = []
    for turn in with_legal_calls(turns, _LEGAL_ID):
        blocks = tuple(block for block in _of(turn) if not _is_blank(block))
        role = "assistant" if turn.role == "assistant" else "user"
        if not blocks:
            continue
        if merged and merged[-1].role == role:
            merged[-1] = Turn(role, (*merged[-1].blocks, *blocks))
        else:
            merged.append(Turn(role, blocks))
    if merged and merged[0].role == "assistant":
        merged.insert(0, Turn("user", (BEGINNING,)))
    return tuple(_in_order(turn, last=turn is merged[-1]) for turn in merged)


def _of(turn: Turn) -> Iterator[Block]:
    if turn.role == "system":
        text = "\n\n".join(block.text for block in turn.blocks if isinstance(block, Text))
        marks = [block.cache for block in turn.blocks if isinstance(block, Text) and block.cache]
        yield Text(INSTRUCTIONS.format(text), marks[-1] if marks else None)
        return
    named = turn.name
    for block in turn.blocks:
        if named and isinstance(block, Text):
            yield replace(block, text=f"{named}: {block.text}")
            named = None
        else:
            yield block
    if named and turn.role == "user":
        yield Text(f"{named}: (no text)")


def _is_blank(block: Block) -> bool:
    return isinstance(block, Text) and not block.text.strip()


def _in_order(turn: Turn, *, last: bool) -> Turn:
    if turn.role == "user":
        results = tuple(block for block in turn.blocks if isinstance(block, ToolResult))
        others = tuple(block for block in turn.blocks if not isinstance(block, ToolResult))
        return replace(turn, blocks=(*results, *others)) if results else turn
    thought = [block for block in turn.blocks if isinstance(block, Reasoning)]
    called = [block for block in turn.blocks if isinstance(block, ToolCall)]
    said = [block for block in turn.blocks if not isinstance(block, Reasoning | ToolCall)]
    if last and said and not called and isinstance(said[-1], Text):
        said[-1] = replace(said[-1], text=said[-1].text.rstrip())
    return replace(turn, blocks=(*thought, *said, *called))
