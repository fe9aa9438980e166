"""Answers as the events in which each provider streams them."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CONVERSE_USAGE = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
CHAT_USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
MESSAGE_USAGE = {"input_tokens": 3, "service_tier": "standard", "output_tokens": 4}


def converse_events(
    text: Sequence[str] = (),
    calls: Sequence[tuple[str, str, Sequence[str]]] = (),
    stop: str | None = None,
    thought: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the events of ConverseStream for fragments of text, and of each call's arguments."""
    stop = stop or ("tool_use" if calls else "end_turn")
    events: list[dict[str, Any]] = [{"messageStart": {"role": "assistant"}}]
    index = 0
    if thought:
        for part in thought:
            events.append(_delta(index, {"reasoningContent": {"text": part}}))
        events.append(_delta(index, {"reasoningContent": {"signature": "sig"}}))
        events.append({"contentBlockStop": {"contentBlockIndex": index}})
        index += 1
    if text:
        events += [_delta(index, {"text": part}) for part in text]
        events.append({"contentBlockStop": {"contentBlockIndex": index}})
        index += 1
    for call_id, name, parts in calls:
        start = {"toolUse": {"toolUseId": call_id, "name": name}}
        events.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
        events += [_delta(index, {"toolUse": {"input": part}}) for part in parts]
        events.append({"contentBlockStop": {"contentBlockIndex": index}})
        index += 1
    events.append({"messageStop": {"stopReason": stop}})
    events.append({"metadata": {"usage": CONVERSE_USAGE, "metrics": {"latencyMs": 9}}})
    return events


def _delta(index: int, delta: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}


def chat_events(
    text: Sequence[str] = (),
    calls: Sequence[tuple[str, str, Sequence[str]]] = (),
    stop: str | None = None,
    thought: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the chunks of OpenAI's chat completions; fragments of parallel calls interleave."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if text else None}]
    deltas += [{"reasoning_content": part} for part in thought]
    deltas += [{"content": part} for part in text]
    for index, (call_id, name, _) in enumerate(calls):
        function = {"name": name, "arguments": ""}
        call = {"index": index, "id": call_id, "type": "function", "function": function}
        deltas.append({"tool_calls": [call]})
    for turn in range(max((len(parts) for *_, parts in calls), default=0)):
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": parts[turn]}}]}
            for index, (*_, parts) in enumerate(calls)
            if turn < len(parts)
        ]
    chunks = [chat_chunk(delta) for delta in deltas]
    chunks.append(chat_chunk({}, stop or ("tool_calls" if calls else "stop")))
    return [*chunks, chat_chunk(None) | {"usage": CHAT_USAGE}]


def chat_chunk(delta: Any, stop: str | None = None) -> dict[str, Any]:
    """Return one chunk, without a choice if there is no delta."""
    choice = {"index": 0, "delta": delta, "finish_reason": stop}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-2026",
        "choices": [] if delta is None else [choice],
        "usage": None,
    }


def message_events(
    text: Sequence[str] = (),
    calls: Sequence[tuple[str, str, Sequence[str]]] = (),
    stop: str | None = None,
    thought: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Return the events of Anthropic's Messages API."""
    started = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026", "content": [],
        "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 1, "service_tier": "standard"},
    }  # fmt: skip
    events: list[dict[str, Any]] = [{"type": "message_start", "message": started}]
    blocks: list[tuple[Any, list[Any]]] = []
    if thought:
        deltas = [{"type": "thinking_delta", "thinking": part} for part in thought]
        deltas.append({"type": "signature_delta", "signature": "sig"})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if text:
        blocks.append(
            ({"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in text])
        )
    for call_id, name, parts in calls:
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
        blocks.append(({"type": "tool_use", "id": call_id, "name": name, "input": {}}, deltas))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": stop or ("tool_use" if calls else "end_turn"), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 4}})
    return [*events, {"type": "message_stop"}]


def sse(events: Sequence[Mapping[str, Any]], *, named: bool) -> Iterator[bytes]:
    """Yield server-sent events; ``named`` as Anthropic writes them."""
    for event in events:
        name = f"event: {event['type']}\n" if named else ""
        yield f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def frames(events: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the frames of AWS's event stream."""
    for event in events:
        ((kind, body),) = event.items()
        is_error = kind.endswith("Exception")
        message = "exception" if is_error else "event"
        headers = {
            f":{message}-type": kind,
            ":content-type": "application/json",
            ":message-type": message,
        }
        yield frame(headers, json.dumps(body, ensure_ascii=False).encode())


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one frame: sizes and checksums around headers and a payload."""
    written = b"".join(
        bytes([len(name)])
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(written) + len(payload), len(written))
    head = prelude + struct.pack(">I", crc32(prelude)) + written + payload
    return head + struct.pack(">I", crc32(head))
