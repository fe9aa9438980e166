"""A Messages request as a conversation."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from local.simulator import media
from local.simulator.anthropic.refusals import invalid
from local.simulator.conversation import (
    Block,
    Choice,
    Document,
    Mark,
    Picture,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from local.simulator.model import Json

_FETCHED = "Unable to download the file. Please verify the URL and try again."


def turns_of(body: Json) -> list[Turn]:
    """The system's turn, if there is one, and the messages; turns of one role are one."""
    system = list(_blocks(body.get("system") or [], "system"))
    messages = [
        Turn(message["role"], list(_blocks(message["content"], f"messages.{n}.content")))
        for n, message in enumerate(body["messages"])
    ]
    if body.get("cache_control"):  # of the whole request: after its last block
        messages.append(Turn(messages[-1].role, [Mark()]))
    return ([Turn("system", system)] if system else []) + [
        Turn(role, [block for turn in turns for block in turn.blocks])
        for role, turns in groupby(messages, key=lambda turn: turn.role)
    ]


def tools_of(body: Json) -> list[Tool]:
    """The caller's own tools."""
    return [
        Tool(
            tool["name"],
            tool.get("description") or "",
            tool.get("input_schema") or {},
            marked=bool(tool.get("cache_control")),
        )
        for tool in body.get("tools") or []
    ]


def choice_of(body: Json) -> Choice:
    """The tool choice."""
    choice = body.get("tool_choice") or {}
    parallel = not choice.get("disable_parallel_tool_use", False)
    match choice.get("type"):
        case "tool":
            return Choice("tool", choice["name"], parallel)
        case "any":
            return Choice("any", parallel=parallel)
        case "none":
            return Choice("none")
    return Choice(parallel=parallel)


def _blocks(content: Any, at: str) -> Iterator[Block]:
    parts: Sequence[Json] = (
        [{"type": "text", "text": content}] if isinstance(content, str) else content
    )
    for n, part in enumerate(parts):
        yield _block(part, f"{at}.{n}")
        if part.get("cache_control"):
            yield Mark()


def _block(part: Json, at: str) -> Block:
    try:
        match part.get("type"):
            case "text":
                return Text(part["text"])
            case "image":
                return _picture(part["source"], at)
            case "document":
                return _document(part, at)
            case "tool_use":
                arguments = json.dumps(part["input"], ensure_ascii=False)
                return ToolCall(part["id"], part["name"], arguments)
            case "tool_result":
                return _result(part, at)
            case "thinking":
                return Thought(part["thinking"], part["signature"])
    except KeyError as error:
        raise invalid(f"{at}.{part['type']}.{error.args[0]}: Field required") from error
    raise invalid(
        f"{at}: Input tag '{part.get('type')}' found using 'type' does not match any of the "
        "expected tags: 'document', 'image', 'text', 'thinking', 'tool_result', 'tool_use'"
    )


def _result(part: Json, at: str) -> ToolResult:
    blocks = [
        block
        for block in _blocks(part.get("content") or [], f"{at}.tool_result.content")
        if not isinstance(block, Mark)
    ]
    texts = [block.text for block in blocks if isinstance(block, Text)]
    shown = [block for block in blocks if isinstance(block, Picture | Document)]
    failed = bool(part.get("is_error"))
    return ToolResult(part["tool_use_id"], "\n".join(texts), failed, shown)


def _picture(source: Json, at: str) -> Picture:
    if source.get("type") != "base64":
        raise invalid(_FETCHED)
    data, kind = _bytes(source["data"], at), str(source["media_type"])
    if kind not in ("image/jpeg", "image/png", "image/gif", "image/webp"):
        raise invalid(
            f"{at}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', "
            "'image/gif' or 'image/webp'"
        )
    width, height = media.image_size(data) or (0, 0)
    return Picture(kind.removeprefix("image/"), data, width, height)


def _document(part: Json, at: str) -> Document:
    source, title = part["source"], part.get("title") or ""
    match source.get("type"):
        case "base64":
            if source["media_type"] != "application/pdf":
                raise invalid(
                    f"{at}.document.source.base64.media_type: Input should be 'application/pdf'"
                )
            data = _bytes(source["data"], at)
            return Document("pdf", data, title, pages=media.pdf_pages(data) or 0)
        case "text":
            return Document("txt", b"", title, source["data"])
        case "content":
            blocks = list(_blocks(source["content"], f"{at}.document.source.content"))
            return Document("txt", b"", title, Turn("user", blocks).words)
    raise invalid(_FETCHED)


def _bytes(data: str, at: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"{at}.source.base64.data: Invalid base64 data") from error
