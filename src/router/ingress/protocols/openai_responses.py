"""OpenAI's Responses, without state: a body as a request of ours. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.encoding import json_object, mapping_of, shown_name
from router.errors import InvalidRequest
from router.ingress.protocols.bodies import check, refuse
from router.ingress.protocols.openai_fields import is_one_of, metadata_of
from router.ingress.protocols.responses_tools import call_of, dropped_of_tools, tools_of

SCHEMA = Path(__file__).with_name("responses.schema.json")

_SAME = ("temperature", "top_p", "parallel_tool_calls")
_READ = frozenset({
    *_SAME, "model", "input", "instructions", "tools", "tool_choice", "max_output_tokens", "text",
    "reasoning", "metadata", "user", "stream", "stream_options",
})  # fmt: skip
_SAYS_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "store": (False,),
    "background": (False,),
    "truncation": ("disabled",),
    "service_tier": ("auto", "default"),
    "temperature": (1,),
    "top_p": (1,),
    "top_logprobs": (0,),
}
_NO_PART = frozenset({
    "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "include", "client_metadata",
})  # fmt: skip
_INCLUDED = ("reasoning.encrypted_content",)
_INSTEAD = {
    "previous_response_id": "nothing is kept between responses: send the whole conversation",
    "conversation": "nothing is kept between responses: send the whole conversation",
    "store": "responses are not kept here: send `store` false, or leave it out",
    "background": "nobody can come back for a response: POST /v1/prompts?mode=async instead",
}


def to_request(body: Any) -> dict[str, Any]:
    """Return the request that a response asks for; raise ``InvalidRequest``."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if value is not None}
    check(body, SCHEMA)
    refuse(list(_unheeded(body)))
    request: dict[str, Any] = {
        "messages": _messages(body["input"]),
        **{
            name: body[name] for name in _SAME if name in body and not _is_default(name, body[name])
        },
        **tools_of(body),
    }
    if body["model"] != "auto":
        request["tier"] = body["model"]
    if "instructions" in body and body["instructions"].strip():
        request["system"] = body["instructions"]
    if "max_output_tokens" in body:
        request["max_tokens"] = body["max_output_tokens"]
    if effort := mapping_of(body.get("reasoning")).get("effort"):
        request["reasoning_effort"] = effort
    if metadata := metadata_of(body):
        request["metadata"] = metadata
    form = mapping_of(mapping_of(body.get("text")).get("format"))
    if form.get("type") == "json_schema":
        request["response_schema"] = form.get("schema")
    elif form.get("type") == "json_object":
        request["response_schema"] = {"type": "object"}
    return request


def dropped(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a body has that no model gets, by its names."""
    verbosity = mapping_of(body.get("text")).get("verbosity")
    fields = ["text.verbosity"] if verbosity not in (None, "medium") else []
    wanted = (name for name in body.get("include") or () if name not in _INCLUDED)
    included = [f"include.{shown_name(str(name))}" for name in wanted]
    return (*fields, *included, *dropped_of_tools(body))


def _unheeded(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name in _READ or name in _NO_PART or value in ([], {}) or _is_default(name, value):
            continue
        yield _INSTEAD.get(name) or (
            f"`{shown_name(name)}` is not passed on to the models: leave it out"
        )


def _is_default(name: str, value: Any) -> bool:
    return is_one_of(value, _SAYS_NOTHING.get(name, ()))


def _messages(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[dict[str, Any]] = []
    for index, item in enumerate(given):
        _add(messages, mapping_of(item), f"input[{index}]")
    return [message for message in messages if message.keys() != {"role", "content"} or
            message["content"] != []]  # fmt: skip


def _add(messages: list[dict[str, Any]], item: Mapping[str, Any], where: str) -> None:
    match item:
        case {"type": "function_call" | "custom_tool_call", "call_id": _, "name": _}:
            _assistant(messages).setdefault("tool_calls", []).append(call_of(item))
        case {"type": "function_call_output" | "custom_tool_call_output", "call_id": call_id}:
            output = item.get("output", "")
            content = output if isinstance(output, str) else [*_parts(output, where)]
            messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        case {"type": "reasoning"}:
            if (block := _proof(item)) is not None:
                _assistant(messages).setdefault("thinking_blocks", []).append(block)
        case {"role": "assistant", "content": content}:
            message = _assistant(messages)
            message["content"] += _parts(content, where)
        case {"role": "user" | "system" | "developer", "content": content}:
            messages.append({"role": item["role"], "content": [*_parts(content, where)]})
        case _:
            kind = shown_name(str(item.get("type") or "message"))
            raise InvalidRequest(
                f"`{where}` of type {kind} cannot be read: send messages, function calls and their"
                " outputs, and reasoning with its encrypted_content"
            )


def _assistant(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the assistant's turn at the end; what it says, thinks and calls are one turn."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": []})
    return messages[-1]


def _parts(content: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [_part(mapping_of(part), where) for part in content or ()]


def _part(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    match part:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "refusal", "refusal": str(text)}:
            return {"type": "refusal", "refusal": text}
        case {"type": "input_image", "image_url": str(url)}:
            detail = {"detail": part["detail"]} if part.get("detail") else {}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        case {"type": "input_file", "file_data": str(url)}:
            named = {"filename": part["filename"]} if part.get("filename") else {}
            return {"type": "file", "file": {"file_data": url, **named}}
    kind = shown_name(str(part.get("type")))
    raise InvalidRequest(f"`{where}.content` holds a part of type {kind}, which is not routed")


def _proof(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the block that a reasoning item of ours carries; another's is of no use to a model."""
    try:
        found = base64.b64decode(str(item.get("encrypted_content") or ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return json_object(found.decode("utf-8", "replace")) or None
