"""Anthropic's messages: a body as a request of ours. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.encoding import mapping_of, shown_name
from router.errors import InvalidRequest
from router.ingress.protocols.anthropic_tools import change_text, dropped_of_tools, tools_of
from router.ingress.protocols.bodies import check, refuse

SCHEMA = Path(__file__).with_name("messages.schema.json")

_SAME = ("temperature", "top_p")
_READ = frozenset({
    *_SAME, "model", "max_tokens", "messages", "system", "tools", "tool_choice", "stop_sequences",
    "stream", "metadata", "thinking", "output_config", "service_tier",
})  # fmt: skip
# They change what a request costs or how a model samples, and no model gets them.
_DROPPED = frozenset({"context_management", "cache_control", "top_k"})
# About the caller alone.
_NO_PART = frozenset({"diagnostics"})
_SAYS_NOTHING: Mapping[str, tuple[Any, ...]] = {"speed": ("standard",)}
_LONGEST_USER = 256
# Words of Anthropic's for how long a model may think, by the budget of tokens.
_EFFORTS = ((4_096, "low"), (16_384, "medium"))


def to_request(body: Any) -> dict[str, Any]:
    """Return the request that a message asks for; raise ``InvalidRequest``."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if value is not None}
    check(body, SCHEMA)
    refuse([
        f"`{shown_name(name)}` is not passed on to the models: leave it out"
        for name, value in body.items()
        if name not in _READ | _DROPPED | _NO_PART
        and value not in ([], {}, *_SAYS_NOTHING.get(name, ()))
    ])  # fmt: skip
    request: dict[str, Any] = {
        "messages": [turn for message in body["messages"] for turn in _turns(message)],
        "max_tokens": body["max_tokens"],
        **{name: body[name] for name in _SAME if name in body},
        **tools_of(body),
        **_thinking(body),
    }
    if body["model"] != "auto":
        request["tier"] = body["model"]
    if "system" in body:
        request["system"] = body["system"]
    if stops := body.get("stop_sequences"):
        request["stop"] = stops
    if user := mapping_of(body.get("metadata")).get("user_id"):
        request["metadata"] = {"user": str(user)[:_LONGEST_USER]}
    form = mapping_of(mapping_of(body.get("output_config")).get("format"))
    if form.get("type") == "json_schema":
        request["response_schema"] = form.get("schema")
    return request


def dropped(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a body has that no model gets, by its names."""
    fields = [name for name in body if name in _DROPPED and body[name] not in (None, {}, [])]
    return (*fields, *dropped_of_tools(body))


def _turns(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    role, content = message["role"], message["content"]
    if isinstance(content, str):
        yield {"role": role, "content": content}
        return
    blocks = [block if isinstance(block, Mapping) else {} for block in content]
    if role == "assistant":
        yield _said(blocks)
        return
    if role == "system":
        yield {"role": role, "content": [_instruction(block) for block in blocks]}
        return
    yield from (_result(block) for block in blocks if block.get("type") == "tool_result")
    if rest := [_part(block) for block in blocks if block.get("type") != "tool_result"]:
        yield {"role": role, "content": rest}


def _instruction(block: Mapping[str, Any]) -> dict[str, Any]:
    if block.get("type") in ("tool_addition", "tool_removal"):
        return {"type": "text", "text": change_text(block)}
    if block.get("type") != "text":
        raise _no_place(block, "a system's turn")
    return _part(block)


def _said(blocks: list[Mapping[str, Any]]) -> dict[str, Any]:
    by_kind: dict[str, list[Any]] = {"text": [], "tool_use": [], "thinking": []}
    for block in blocks:
        kind = str(block.get("type"))
        kind = "thinking" if kind == "redacted_thinking" else kind
        if kind not in by_kind:
            raise _no_place(block, "an assistant's turn")
        by_kind[kind].append(block)
    message: dict[str, Any] = {"role": "assistant", "content": [*map(_part, by_kind["text"])]}
    if by_kind["thinking"]:
        message["thinking_blocks"] = by_kind["thinking"]
    if by_kind["tool_use"]:
        message["tool_calls"] = [_call(block) for block in by_kind["tool_use"]]
    return message


def _call(block: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": block.get("name"), "arguments": block.get("input", {})}
    return {"id": block.get("id"), "type": "function", "function": function}


def _result(block: Mapping[str, Any]) -> dict[str, Any]:
    content = block.get("content", "")
    if not isinstance(content, str):
        content = [_part(mapping_of(part)) for part in content]
    if mark := block.get("cache_control"):
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        content = [*parts[:-1], {**parts[-1], "cache_control": mark}] if parts else parts
    error = {"is_error": True} if block.get("is_error") is True else {}
    return {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": content, **error}


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    mark = {"cache_control": block["cache_control"]} if block.get("cache_control") else {}
    match block:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": text, **mark}
        case {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}:
            return {"type": "image_url", "image_url": {"url": _url(kind, data)}, **mark}
        case {"type": "document", "source": {"type": "base64", "media_type": kind, "data": data}}:
            return _file(_url(kind, data), block) | mark
        case {"type": "document", "source": {"type": "text", "data": str(text)}}:
            data = base64.b64encode(text.encode("utf-8", "replace")).decode()
            return _file(_url("text/plain", data), block) | mark
        case {"type": "tool_reference"}:
            return {"type": "text", "text": change_text(block), **mark}
        case {"type": "image" | "document"}:
            raise InvalidRequest(
                "`source` of an image or a document must be of type base64, or of type text: other"
                " addresses are not fetched"
            )
    raise _no_place(block, "a user's turn")


def _file(url: str, block: Mapping[str, Any]) -> dict[str, Any]:
    named = {"filename": block["title"]} if isinstance(block.get("title"), str) else {}
    return {"type": "file", "file": {"file_data": url, **named}}


def _url(kind: Any, data: Any) -> str:
    return f"data:{kind};base64,{data}"


def _no_place(block: Mapping[str, Any], where: str) -> InvalidRequest:
    kind = shown_name(str(block.get("type")))
    return InvalidRequest(
        f"`messages`: a block of type {kind} has no place in {where}; leave it out"
    )


def _thinking(body: Mapping[str, Any]) -> dict[str, Any]:
    effort = mapping_of(body.get("output_config")).get("effort")
    thinking = mapping_of(body.get("thinking"))
    if thinking.get("type") == "disabled":
        effort = "none"
    elif effort is None and isinstance(budget := thinking.get("budget_tokens"), int):
        effort = next((word for most, word in _EFFORTS if budget <= most), "high")
    return {"reasoning_effort": "xhigh" if effort == "max" else effort} if effort else {}
