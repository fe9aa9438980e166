"""Changes the files of a conversation, wherever they are in it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from router.conversation.blocks import Conversation, Document, Image, ToolResult
from router.conversation.media import Media
from router.errors import InvalidRequest


def with_media(conversation: Conversation, change: Callable[[Media], Media]) -> Conversation:
    """Return the conversation with each file changed; its type decides what block it is."""

    def of(block: Any) -> Any:
        match block:
            case Image(media, detail, cache):
                if not (found := change(media)).is_image:
                    raise InvalidRequest(
                        f"an image_url is {found.media_type}: give a document as a part of type"
                        " file"
                    )
                return Image(found, detail, cache)
            case Document(media, name, cache):
                found = change(media)
                return Image(found, None, cache) if found.is_image else Document(found, name, cache)
            case ToolResult(parts=parts):
                return replace(block, parts=tuple(map(of, parts)))
        return block

    turns = conversation.turns
    return replace(
        conversation,
        turns=tuple(replace(turn, blocks=tuple(map(of, turn.blocks))) for turn in turns),
    )
