"""Whether a provider has words for all that a call asks of it. Pure.

A call that a provider refuses is not made again elsewhere: a plan finds out before it chooses.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

from router.catalog.providers import PROVIDERS
from router.conversation.blocks import Block, Conversation, Document, Image, ToolResult
from router.errors import InvalidModelRequest
from router.intake.call_options import CallOptions
from router.invocation.call import ModelCall


def is_plain(conversation: Conversation, options: CallOptions) -> bool:
    """Return whether a call is of text alone, which every provider can be asked."""
    return not (
        conversation.tools or conversation.has_tool_turns or conversation.media or options.sampling
    )


def unexpressible(call: ModelCall) -> str | None:
    """Return what the call's provider cannot be asked, and what to write; ``None`` if all can be.

    Files are looked at by their type alone.
    """
    conversation = call.conversation
    if is_plain(conversation, call.options):
        return None  # as most are: they do not wait for an import
    module, name = PROVIDERS[call.provider].writer.split(":")
    write = getattr(import_module(module), name)
    try:
        write(replace(call, conversation=_without_bytes(conversation)))
    except InvalidModelRequest as error:
        return error.detail
    return None


def _without_bytes(conversation: Conversation) -> Conversation:
    if not conversation.media:
        return conversation

    def of(block: Block) -> Any:
        match block:
            case Image(media) | Document(media):
                return replace(block, media=replace(media, data="", s3=None))
            case ToolResult(parts=parts):
                return replace(block, parts=tuple(map(of, parts)))
        return block

    turns = tuple(replace(t, blocks=tuple(map(of, t.blocks))) for t in conversation.turns)
    return replace(conversation, turns=turns)
