"""A Converse request as a conversation."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence

from local.simulator import media
from local.simulator.bedrock.refusals import invalid
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

_LEGIBLE = ("csv", "html", "txt", "md")


def turns_of(body: Json) -> list[Turn]:
    """The system's turn, if there is one, and the messages."""
    system = [_system(block) for block in body.get("system") or []]
    first = [Turn("system", system)] if system else []
    return first + [
        Turn(message["role"], list(_blocks(message["content"]))) for message in body["messages"]
    ]


def tools_of(body: Json) -> list[Tool]:
    """The tools; a cache point among them marks the one before it."""
    found: list[Tool] = []
    for tool in (body.get("toolConfig") or {}).get("tools") or []:
        if spec := tool.get("toolSpec"):
            schema = spec["inputSchema"].get("json") or {}
            found.append(Tool(spec["name"], spec.get("description") or "", schema))
        elif "cachePoint" in tool and found:
            found[-1] = Tool(found[-1].name, found[-1].description, found[-1].schema, marked=True)
    return found


def choice_of(body: Json) -> Choice:
    """The tool choice; whether calls may be parallel is said in Claude's own field."""
    choice = (body.get("toolConfig") or {}).get("toolChoice") or {}
    extra = (body.get("additionalModelRequestFields") or {}).get("tool_choice") or {}
    parallel = not extra.get("disable_parallel_tool_use", False)
    if "tool" in choice:
        return Choice("tool", choice["tool"]["name"], parallel)
    return Choice("any" if "any" in choice else "auto", parallel=parallel)


def _system(block: Json) -> Block:
    return Mark() if "cachePoint" in block else Text(block.get("text") or "")


def _blocks(content: Sequence[Json]) -> Iterator[Block]:
    for block in content:
        if "text" in block:
            yield Text(block["text"])
        elif "cachePoint" in block:
            yield Mark()
        elif "toolUse" in block:
            use = block["toolUse"]
            arguments = json.dumps(use["input"], ensure_ascii=False)
            yield ToolCall(use["toolUseId"], use["name"], arguments)
        elif "toolResult" in block:
            yield _result(block["toolResult"])
        elif "reasoningContent" in block:
            thought = block["reasoningContent"].get("reasoningText") or {}
            yield Thought(thought.get("text") or "", thought.get("signature") or "")
        elif "image" in block:
            yield _picture(block["image"])
        elif "document" in block:
            yield _document(block["document"])
        elif "guardContent" in block:
            yield Text((block["guardContent"].get("text") or {}).get("text") or "")
        else:
            raise invalid(f"This model does not support {next(iter(block))} blocks.")


def _result(result: Json) -> ToolResult:
    texts: list[str] = []
    shown: list[Picture | Document] = []
    for part in result["content"]:
        if "text" in part:
            texts.append(part["text"])
        elif "json" in part:
            texts.append(json.dumps(part["json"], ensure_ascii=False))
        elif "image" in part:
            shown.append(_picture(part["image"]))
        elif "document" in part:
            shown.append(_document(part["document"]))
        else:
            raise invalid(f"This model does not support {next(iter(part))} in a tool result.")
    failed = result.get("status") == "error"
    return ToolResult(result["toolUseId"], "\n".join(texts), failed, shown)


def _picture(image: Json) -> Picture:
    data = _bytes(image["source"])
    width, height = media.image_size(data) or (0, 0)
    return Picture(image["format"], data, width, height)


def _document(document: Json) -> Document:
    source, kind = document["source"], document.get("format") or "txt"
    if "text" in source:
        return Document(kind, b"", document["name"], source["text"])
    if "content" in source:
        text = "\n".join(part.get("text") or "" for part in source["content"])
        return Document(kind, b"", document["name"], text)
    data = _bytes(source)
    text = data.decode("utf-8", "replace") if kind in _LEGIBLE else ""
    pages = (media.pdf_pages(data) or 0) if kind == "pdf" else 0
    return Document(kind, data, document["name"], text, pages)


def _bytes(source: Json) -> bytes:
    if "bytes" not in source:
        raise invalid("This model does not support S3 locations as the source of media.")
    try:
        return base64.b64decode(source["bytes"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("The bytes of a source are not valid base64.") from error
