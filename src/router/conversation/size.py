"""How much a conversation is: its text in bytes, its files in tokens. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from router.catalog.tokens import BYTES_PER_TOKEN
from router.conversation.blocks import Conversation, Document, Image, ToolResult, Turn
from router.conversation.media import Media
from router.conversation.writing import write_messages, write_system, write_tools
from router.encoding import size_in_bytes

# The most tokens that a picture takes with any provider: Claude fits it into 4,784 patches of 28
# pixels; OpenAI's tiles and patches of 32 pixels end below. Claude bills a page of a PDF as a
# picture of 1,533 tokens beside its text.
_MOST_OF_IMAGE = 4_784
_PATCH = 28
_LEAST_OF_IMAGE = 85
_PAGE = 1_533
_BYTES_OF_PAGE = 50_000  # where a PDF hides its pages in compressed objects
_NO_FILE = Media("", "", 0, s3="")


def sent_bytes(conversation: Conversation) -> int:
    """Return the UTF-8 bytes of JSON that are sent, a file counted by its tokens.

    A picture of 1,000 tokens counts as 4,000 bytes, so that what is estimated from bytes holds.
    """
    media = conversation.media
    turns = tuple(map(_without_files, conversation.turns)) if media else conversation.turns
    size = size_in_bytes([write_messages(turns), write_system(conversation.system)])
    if conversation.tools:
        size += size_in_bytes(write_tools(conversation.tools))
    return size + BYTES_PER_TOKEN * sum(tokens_of(part.media) for part in media)


def tokens_of(media: Media) -> int:
    """Return about how many tokens a file takes, rather too many than too few."""
    if media.is_image:
        if media.width is None or media.height is None:
            return _MOST_OF_IMAGE
        patches = -(-media.width // _PATCH) * -(-media.height // _PATCH)
        return max(_LEAST_OF_IMAGE, min(patches, _MOST_OF_IMAGE))
    text = media.size // BYTES_PER_TOKEN
    if media.media_type != "application/pdf":
        return text
    pages = media.pages or -(-media.size // _BYTES_OF_PAGE)
    return min(text, 1_000 * pages) + _PAGE * pages


def _without_files(turn: Turn) -> Turn:
    return replace(turn, blocks=tuple(map(_without_file, turn.blocks)))


def _without_file(block: Any) -> Any:
    if isinstance(block, Image | Document):
        return replace(block, media=_NO_FILE)
    if isinstance(block, ToolResult):
        return replace(block, parts=tuple(map(_without_file, block.parts)))
    return block
