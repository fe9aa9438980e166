"""What a provider counts as input: text by its bytes, images and pages by published formulas."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

from local.simulator import catalogue
from local.simulator.conversation import Document, Picture, Tool
from local.simulator.model import Ask

_BYTES_PER_TOKEN = 4
_OVERHEAD_TOKENS = 8  # what a provider adds around a conversation
# A page is its text and an image of it, for Claude at most 1.15 megapixels.
_PAGE_TOKENS = {"anthropic": 1_533, "openai": 765}


def tokens(text: str) -> int:
    """Count the tokens of a text: its UTF-8 bytes over four, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def cut(text: str, room: int) -> str:
    """The part of a text that so many tokens hold."""
    head = text.encode("utf-8", "surrogatepass")[: room * _BYTES_PER_TOKEN]
    return head.decode("utf-8", "ignore")


def input_tokens(ask: Ask) -> int:
    """Count a whole request: text, tools, images and documents."""
    model = catalogue.find(ask.model)
    media = [each for turn in ask.turns for each in turn.media]
    seen = sum(_media_tokens(each, model) for each in media) if model else 0
    return tokens(ask.prompt) + _tool_tokens(ask.tools) + seen + _OVERHEAD_TOKENS


def _tool_tokens(tools: Sequence[Tool]) -> int:
    return sum(tokens(tool.text) for tool in tools)


def _media_tokens(media: Picture | Document, model: catalogue.Model) -> int:
    if isinstance(media, Document):
        return tokens(media.text) + media.pages * _PAGE_TOKENS[model.vendor]
    if model.vendor == "anthropic":
        return claude_image(media.width, media.height, *model.image_fits)
    if model.image_tiles:
        return _tiles(media, *model.image_tiles)
    return _patches(media, model)


def claude_image(width: int, height: int, longest: int, most: int) -> int:
    """Patches of 28 pixels, after the image is made to fit its longest edge and most tokens."""
    long, short = max(width, height), min(width, height)

    def at(edge: int) -> int:
        return math.ceil(edge / 28) * math.ceil(max(round(edge * short / long), 1) / 28)

    fitted = bisect_right(range(1, min(long, longest) + 1), most, key=at)
    return at(max(fitted, 1))


def _tiles(image: Picture, base: int, tile: int) -> int:
    """Tiles of 512 pixels, of an image within 2048 whose short side is at most 768."""
    if image.detail == "low":
        return base
    long, short = max(image.width, image.height), min(image.width, image.height)
    scale = min(1.0, 2048 / long, 768 / short)
    sides = (max(1, math.floor(side * scale)) for side in (image.width, image.height))
    return base + tile * math.prod(math.ceil(side / 512) for side in sides)


def _patches(image: Picture, model: catalogue.Model) -> int:
    """Patches of 32 pixels times the model's factor, within the budget of the detail."""
    longest, budget = model.patches_at(image.detail)
    scale = min(1.0, longest / max(image.width, image.height))
    width, height = (max(1, round(side * scale)) for side in (image.width, image.height))
    count = math.ceil(width / 32) * math.ceil(height / 32)
    if budget is not None and count > budget:
        shrink = math.sqrt(32**2 * budget / (width * height))
        across, down = width * shrink / 32, height * shrink / 32
        shrink *= min(math.floor(across) / across, math.floor(down) / down)
        width, height = (max(1, math.floor(side * shrink)) for side in (width, height))
        count = math.ceil(width / 32) * math.ceil(height / 32)
    return math.ceil(count * model.image_factor)
