"""The input of a response as a conversation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.simulator.conversation import Block, Text, Thought, ToolCall, ToolResult, Turn
from local.simulator.model import Json
from local.simulator.openai import parts
from local.simulator.openai.refusals import invalid, invalid_type, invalid_value, missing, too_long
from local.simulator.thoughts import is_genuine, sign

_ROLES = ("assistant", "system", "developer", "user")
_PARTS = ("input_text", "input_image", "input_file", "output_text", "refusal")
_LONGEST_ID = 64


def turns_of(body: Json) -> list[Turn]:
    """The instructions and the items; what follows in one role is one turn."""
    given = body.get("input")
    if not given:
        raise missing("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    _pairs(items)
    turns: list[Turn] = []
    if body.get("instructions"):
        turns.append(Turn("system", [Text(body["instructions"])]))
    joins = ""
    for n, item in enumerate(items):
        role, blocks, kind = _item(item, f"input[{n}]", str(body["model"]))
        if kind == joins != "":
            turns[-1] = Turn(role, [*turns[-1].blocks, *blocks])
        else:
            turns.append(Turn(role, blocks))
        joins = kind
    return turns


def seal(model: str, text: str) -> str:
    """Reasoning as a caller that stores nothing gets it: to be sent back, not to be read."""
    return f"{base64.b64encode(text.encode()).decode()}.{sign(model, text)}"


def _item(item: Json, at: str, model: str) -> tuple[str, list[Block], str]:
    """The role, the blocks, and what the item may share a turn with ("" for nothing)."""
    match item.get("type", "message"):
        case "message":
            role = item.get("role")
            if role not in _ROLES:
                raise invalid_value(f"{at}.role", role, _ROLES)
            blocks = list(_content(item.get("content"), f"{at}.content"))
            kind = "said" if role == "assistant" else ""
            return ("system" if role == "developer" else role), blocks, kind
        case "function_call":
            call = ToolCall(_id(item, at), item["name"], item["arguments"])
            return "assistant", [call], "said"
        case "function_call_output":
            output = list(_content(item.get("output"), f"{at}.output"))
            result = Turn("user", output)
            return "user", [ToolResult(_id(item, at), result.words, media=result.media)], "result"
        case "reasoning":
            return "assistant", [_thought(item, model)], "said"
        case "item_reference":
            raise invalid(f"Item with id '{item.get('id')}' not found.", "input")
    raise invalid(f"The simulator has no items of type '{item['type']}'.", f"{at}.type")


def _content(content: Any, at: str) -> Iterator[Block]:
    if isinstance(content, str):
        yield Text(content)
        return
    if not isinstance(content, list):
        raise invalid_type(at, "one of a string or array of objects", content)
    for n, part in enumerate(content):
        match part.get("type"):
            case "input_text" | "output_text":
                yield Text(part["text"])
            case "refusal":
                yield Text(part["refusal"])
            case "input_image":
                if not part.get("image_url"):
                    raise missing(f"{at}[{n}].image_url")
                yield parts.picture(part["image_url"], part.get("detail"), f"{at}[{n}]")
            case "input_file":
                yield parts.document(part.get("file_data"), part.get("filename"), f"{at}[{n}]")
            case kind:
                raise invalid_value(f"{at}[{n}].type", kind, _PARTS)


def _id(item: Json, at: str) -> str:
    call_id = item.get("call_id")
    if not call_id:
        raise missing(f"{at}.call_id")
    if len(call_id) > _LONGEST_ID:
        raise too_long(f"{at}.call_id", _LONGEST_ID, len(call_id))
    return str(call_id)


def _thought(item: Json, model: str) -> Thought:
    sealed = item.get("encrypted_content")
    if not sealed:
        return Thought("", "")
    text, _, signature = sealed.partition(".")
    try:
        thought = Thought(base64.b64decode(text, validate=True).decode(), signature)
    except (binascii.Error, ValueError):
        thought = Thought("", "")
    if not is_genuine(model, thought):
        raise invalid(
            f"The encrypted content for item {item.get('id')} could not be verified.",
            "input",
            "invalid_encrypted_content",
        )
    return thought


def _pairs(items: Sequence[Mapping[str, Any]]) -> None:
    calls = [item.get("call_id") for item in items if item.get("type") == "function_call"]
    outputs = [item.get("call_id") for item in items if item.get("type") == "function_call_output"]
    for call_id in calls:
        if call_id not in outputs:
            raise invalid(f"No tool output found for function call {call_id}.", "input")
        if calls.count(call_id) > 1:
            raise invalid(f"Duplicate function call with call_id {call_id}.", "input")
    for call_id in outputs:
        if call_id not in calls:
            raise invalid(
                f"No tool call found for function call output with call_id {call_id}.", "input"
            )
        if outputs.count(call_id) > 1:
            raise invalid(f"Duplicate function call output with call_id {call_id}.", "input")
    if items and items[-1].get("type") == "reasoning":
        raise invalid(
            f"Item '{items[-1].get('id')}' of type 'reasoning' was provided without its required "
            "following item.",
            "input",
        )
