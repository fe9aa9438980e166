"""A conversation, and its answer, in the shape of OpenAI's chat completions."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from local.simulator.conversation import (
    Block,
    Choice,
    Document,
    Picture,
    Text,
    ToolCall,
    Turn,
)
from local.simulator.deltas import Arguing, Called, Calling, Delta, Finished, Saying, Thinking
from local.simulator.model import Ask, Ending, Json, Reply

_ENDINGS: dict[str, Ending] = {
    "length": "length",
    "content_filter": "filter",
    "tool_calls": "tools",
}


def body_of(ask: Ask, model: str) -> Json:
    """The request for the real model."""
    messages = [message for turn in ask.turns for message in _messages(turn)]
    body: Json = {"model": model, "messages": messages}
    if ask.max_tokens is not None:
        body["max_tokens"] = ask.max_tokens
    if ask.stops:
        body["stop"] = list(ask.stops)
    if ask.schema is not None:
        schema = {"name": "answer", "schema": ask.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.schema,
                },
            }
            for tool in ask.tools
        ]
        body["tool_choice"] = _choice(ask.choice)
        if not ask.choice.parallel:
            body["parallel_tool_calls"] = False
    return body


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A whole completion as a reply."""
    choice = body["choices"][0]
    message = choice["message"]
    calls = [
        ToolCall(_id(call, n), call["function"]["name"], call["function"].get("arguments") or "")
        for n, call in enumerate(message.get("tool_calls") or ())
    ]
    reason = "refusal" if message.get("refusal") else choice.get("finish_reason")
    return _reply(message.get("content") or "", calls, reason, body.get("usage"))


def deltas_of(chunks: Iterable[Mapping[str, Any]]) -> Iterator[Delta]:
    """A stream of chunks as deltas; it has to say why it ends."""
    text, reason, usage = "", None, None
    calls: dict[int, ToolCall] = {}
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            reason = choice.get("finish_reason") or reason
            if thought := delta.get("reasoning_content") or delta.get("reasoning"):
                yield Thinking(thought)
            if said := delta.get("content"):
                text += said
                yield Saying(said)
            for part in delta.get("tool_calls") or ():
                yield from _part_of_call(part, calls)
    if reason is None:
        raise ValueError("it ends without a finish_reason")
    if calls:
        yield Called(max(calls))
    yield Finished(_reply(text, list(calls.values()), reason, usage))


def _part_of_call(part: Mapping[str, Any], calls: dict[int, ToolCall]) -> Iterator[Delta]:
    number, function = part.get("index", 0), part.get("function") or {}
    if number not in calls:
        if calls:
            yield Called(max(calls))
        calls[number] = ToolCall(_id(part, number), function.get("name") or "", "")
        yield Calling(number, calls[number].id, calls[number].name)
    if piece := function.get("arguments"):
        call = calls[number]
        calls[number] = ToolCall(call.id, call.name, call.arguments + piece)
        yield Arguing(number, piece)


def _reply(
    text: str, calls: Sequence[ToolCall], reason: str | None, usage: Mapping[str, Any] | None
) -> Reply:
    counted = usage or {}
    details = counted.get("completion_tokens_details") or {}
    own: Ending = "tools" if calls else "end"
    return Reply(
        text=text,
        thinking="",
        input_tokens=counted.get("prompt_tokens", 0),
        output_tokens=counted.get("completion_tokens", 0),
        thinking_tokens=details.get("reasoning_tokens") or 0,
        ending="refusal" if reason == "refusal" else _ENDINGS.get(reason or "", own),
        usage_known="prompt_tokens" in counted and "completion_tokens" in counted,
        calls=tuple(calls),
    )


def _messages(turn: Turn) -> Iterator[Json]:
    """The messages of a turn: each result is one, its images follow as the user's."""
    for result in turn.results:
        yield {"role": "tool", "tool_call_id": result.id, "content": result.text}
    shown = [each for result in turn.results for each in result.media]
    said = [block for block in turn.blocks if isinstance(block, Text | Picture | Document)]
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in turn.calls
    ]
    content = _content([*shown, *said])
    if calls:
        yield {"role": turn.role, "content": content or None, "tool_calls": calls}
    elif content:
        yield {"role": turn.role, "content": content}


def _content(blocks: Sequence[Block]) -> str | list[Json]:
    texts = [block.text for block in blocks if isinstance(block, Text)]
    if len(texts) == len(blocks):
        return "\n".join(texts)
    return [_part(block) for block in blocks]


def _part(block: Block) -> Json:
    match block:
        case Picture(format=kind, data=data, detail=detail):
            image = {"url": _data_url(f"image/{kind}", data), "detail": detail}
            return {"type": "image_url", "image_url": image}
        case Document(format="pdf", data=data, name=name):
            file = {"filename": name or "document.pdf"}
            file["file_data"] = _data_url("application/pdf", data)
            return {"type": "file", "file": file}
        case Document(text=text) | Text(text=text):
            return {"type": "text", "text": text}
    raise TypeError(block)


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _choice(choice: Choice) -> str | Json:
    if choice.kind == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return "required" if choice.kind == "any" else choice.kind


def _id(call: Mapping[str, Any], number: int) -> str:
    """The server's id in letters that every provider takes, or one of ours."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call.get("id") or f"call_{number}")[:64]
