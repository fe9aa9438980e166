"""Which thinking of a conversation a model accepts: its own, with the proof unchanged. Pure.

A proof holds for one model, on every platform that serves it; another model refuses the request.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from router.catalog.capabilities import bare_name
from router.catalog.families import CLAUDE, family_of, names_of_claude
from router.conversation.blocks import Reasoning, Turn
from router.conversation.loop import tag_in, tag_of


def with_own_thinking(turn: Turn, provider: str, model: str) -> Turn:
    """Return the turn without thinking that the model would refuse."""
    if not any(isinstance(block, Reasoning) for block in turn.blocks):
        return turn
    callers = {tag for call in turn.calls if (tag := tag_in(call.id))}
    own = callers <= {tag_of(provider, model)} or callers <= _tags_of_claude(model)
    kept = (
        block
        for block in turn.blocks
        if not isinstance(block, Reasoning)
        or (block.is_proven and (_wrote(block.by, model) if block.by else own and _reads(model)))
    )
    return replace(turn, blocks=tuple(kept))


@lru_cache(maxsize=16)
def _tags_of_claude(model: str) -> frozenset[str]:
    """The tags of a model on all platforms, if it is a Claude: it reads what it wrote elsewhere."""
    if family_of(model) != CLAUDE:
        return frozenset()
    named = (name.split("/", 1) for name in names_of_claude(model))
    return frozenset(tag_of(provider, name) for provider, name in named)


def _wrote(by: str, model: str) -> bool:
    writer = by.partition("/")[2] or by
    if family_of(writer) is None or family_of(model) is None:
        # An ARN does not show its model.
        return (family_of(writer) or CLAUDE) == (family_of(model) or CLAUDE)
    return bare_name(writer) == bare_name(model)


def _reads(model: str) -> bool:
    """Whether a proof may be the model's where neither its writer nor a call's maker is known.

    The clients' protocols have no field for the writer, and their form is that of Claude's.
    """
    return (family_of(model) or CLAUDE) == CLAUDE
