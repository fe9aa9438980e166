"""Conversations of any shape that the internal form can hold."""

from __future__ import annotations

import json
import struct
from typing import Any

from hypothesis import strategies as st

from router.conversation.blocks import (
    Block,
    Conversation,
    Document,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from router.conversation.media import Media, media_of_bytes

NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
).filter(str.strip)
CACHES = st.sampled_from([None, None, "5m", "1h"])


def png(width: int = 7, height: int = 9) -> bytes:
    """The header of a picture; nothing reads further."""
    size = struct.pack(">II", width, height)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + size + b"\x08\x02\0\0\0"


def pdf(pages: int = 2) -> bytes:
    """As much of a document as its pages are counted by."""
    return b"%PDF-1.7\n" + b"<< /Type /Page >>\n" * pages + b"%%EOF"


def picture(width: int = 7, height: int = 9) -> Media:
    return media_of_bytes(png(width, height), "image/png", "x")


def paper(pages: int = 2) -> Media:
    return media_of_bytes(pdf(pages), "application/pdf", "x")


TEXTS = st.builds(Text, WORDS, CACHES)
IMAGES = st.builds(
    Image, st.integers(1, 9000).map(picture), st.sampled_from([None, "low", "high"]), CACHES
)
DOCUMENTS = st.builds(Document, st.integers(1, 9).map(paper), st.none() | NAMES, CACHES)
OBJECTS = st.dictionaries(NAMES, st.integers() | WORDS | st.booleans(), max_size=3)
ARGUMENTS = st.just("") | OBJECTS.map(lambda value: json.dumps(value, ensure_ascii=False))


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Return a conversation that a model may be asked to continue."""
    turns: list[Turn] = []
    names = draw(st.lists(NAMES, unique=True, max_size=3))
    for _ in range(draw(st.integers(1, 3))):
        asked = draw(st.lists(TEXTS | IMAGES | DOCUMENTS, min_size=1, max_size=3))
        turns.append(Turn("user", tuple(asked), draw(st.none() | NAMES)))
        turns += draw(_loop(names)) if names and draw(st.booleans()) else []
        said: list[Block] = draw(st.lists(TEXTS, min_size=1, max_size=2))
        turns.append(Turn("assistant", tuple(said)))
    turns.append(Turn("user", (draw(TEXTS),)))
    tools = tuple(draw(_tool(name)) for name in names)
    choice = draw(st.none() | st.sampled_from(["auto", "none", "required"]).map(ToolChoice))
    parallel = draw(st.none() | st.booleans())
    system = tuple(draw(st.lists(TEXTS, max_size=2)))
    if not tools:
        return Conversation(tuple(turns), system)
    return Conversation(tuple(turns), system, tools, choice, parallel)


@st.composite
def _loop(draw: st.DrawFn, names: list[str]) -> list[Turn]:
    ids = draw(st.lists(NAMES, unique=True, min_size=1, max_size=3))
    calls = [ToolCall(i, draw(st.sampled_from(names)), draw(ARGUMENTS)) for i in ids]
    thinking = draw(st.lists(st.builds(Reasoning, WORDS, NAMES, by=st.none() | NAMES), max_size=1))
    said = draw(st.lists(TEXTS, max_size=1))
    results = [ToolResult(i, (part := draw(TEXTS),), draw(st.booleans()), part.cache) for i in ids]
    return [Turn("assistant", (*thinking, *said, *calls)), Turn("tool", tuple(results))]


@st.composite
def _tool(draw: st.DrawFn, name: str) -> Tool:
    parameters: Any = {"type": "object", "properties": {"city": {"type": "string"}}}
    return Tool(
        name,
        draw(st.none() | WORDS),
        draw(st.none() | st.just(parameters)),
        draw(st.none() | st.booleans()),
        draw(CACHES),
    )
