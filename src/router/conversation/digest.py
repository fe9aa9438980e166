"""What makes two conversations the same one: their content, however it was spelled. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from router.conversation.blocks import Conversation, Document, Image, Text, ToolResult, Turn
from router.conversation.media import Media
from router.conversation.writing import write_conversation

_DATA = "data:"


def content_of(conversation: Conversation, normal: Callable[[str], str]) -> dict[str, Any]:
    """Return what decides an answer, as JSON: texts in their normal form, files by their digest."""

    def of(block: Any) -> Any:
        match block:
            case Text(text):
                return replace(block, text=normal(text))
            case Image(media) | Document(media):
                return replace(block, media=Media("", media.sha256, 0, s3=_name(media)))
            case ToolResult(parts=parts):
                return replace(block, parts=tuple(map(of, parts)))
        return block

    return write_conversation(
        replace(
            conversation,
            turns=tuple(
                Turn(turn.role, tuple(map(of, turn.blocks)), turn.name)
                for turn in conversation.turns
            ),
            system=tuple(Text(normal(block.text), block.cache) for block in conversation.system),
        )
    )


def by_content(value: Any) -> Any:
    """Return a JSON value in which ``data:`` URLs are named by the digest of what they hold."""
    if isinstance(value, str):
        return _digest(value) if value.startswith(_DATA) else value
    if isinstance(value, list):
        return [by_content(part) for part in value]
    if isinstance(value, Mapping):
        return {name: by_content(part) for name, part in value.items()}
    return value


def _name(media: Media) -> str:
    return media.sha256 or str(media.s3)


def _digest(url: str) -> str:
    head, _, data = url.partition(",")
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return url
    return f"{head},sha256:{hashlib.sha256(content).hexdigest()}"
