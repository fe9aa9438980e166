"""Tool calls with ids and names that a provider accepts. Pure.

A conversation may come from a model of another provider, whose ids are longer or hold other
characters, or which gives the same id in every turn. An id is replaced by one that follows from it
alone, for a call and its result alike: the same history gives the same bytes, which a prompt cache
needs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from router.conversation.blocks import Block, ToolCall, ToolResult, Turn

_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_MOST_OF_A_NAME = 64


def with_legal_calls(turns: Iterable[Turn], legal: re.Pattern[str]) -> tuple[Turn, ...]:
    """Return the turns with ids that match ``legal`` and are used by one call each.

    A name that no tool can have, which a model made up, gets ``_`` for what is not allowed.
    """
    used: Counter[str] = Counter()
    current: dict[str, str] = {}

    def of_block(block: Block) -> Block:
        if isinstance(block, ToolCall):
            return replace(block, id=current[block.id], name=_legal_name(block.name))
        if isinstance(block, ToolResult):
            return replace(block, call_id=current.get(block.call_id, block.call_id))
        return block

    made = []
    for turn in turns:
        if not turn.calls and not turn.results:
            made.append(turn)
            continue
        if turn.calls:
            current = {}
            for call in turn.calls:
                fits = legal.fullmatch(call.id) and not used[call.id]
                current[call.id] = call.id if fits else _made_of(call.id, used[call.id])
                used[call.id] += 1
        made.append(replace(turn, blocks=tuple(map(of_block, turn.blocks))))
    return tuple(made)


def _made_of(call_id: str, earlier: int) -> str:
    digest = hashlib.sha256(f"{earlier}:{call_id}".encode("utf-8", "backslashreplace"))
    return f"call_{digest.hexdigest()[:24]}"


def _legal_name(name: str) -> str:
    return _NO_NAME.sub("_", name)[:_MOST_OF_A_NAME]
