"""LiteLLM as a client of an OpenAI-compatible server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import litellm
from shared import BASE_URL, KEY, PARAMETERS, TOOLS, Ask, City

litellm.telemetry = False
FUNCTIONS = [
    {"type": "function",
     "function": {"name": name, "description": tool.__doc__, "parameters": PARAMETERS}}
    for name, tool in TOOLS.items()
]  # fmt: skip


def _completion(ask: Ask, turns: list, **options: Any) -> Any:
    return litellm.completion(
        model=f"openai/{ask.model}", api_base=BASE_URL, api_key=KEY, messages=turns, **options
    )


def _said(ask: Ask, part: dict) -> str:
    content = [{"type": "text", "text": ask.prompt}, part]
    return _completion(ask, [{"role": "user", "content": content}]).choices[0].message.content


def text(ask: Ask) -> str:
    return _completion(ask, ask.turns).choices[0].message.content


def stream(ask: Ask) -> Iterator[str]:
    chunks = _completion(ask, ask.turns, stream=True)
    try:
        for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content
    finally:
        chunks.completion_stream.response.close()


def tools(ask: Ask) -> str:
    turns: list = ask.turns
    while True:
        message = _completion(ask, turns, tools=FUNCTIONS).choices[0].message
        if not message.tool_calls:
            return message.content
        turns.append(message.model_dump())
        for call in message.tool_calls:
            result = TOOLS[call.function.name](**json.loads(call.function.arguments))
            turns.append({"role": "tool", "tool_call_id": call.id, "content": result})


def image(ask: Ask) -> str:
    return _said(ask, {"type": "image_url", "image_url": {"url": ask.picture_url}})


def document(ask: Ask) -> str:
    file = {"filename": "report.pdf", "file_data": ask.report_url}
    return _said(ask, {"type": "file", "file": file})


def structured(ask: Ask) -> str:
    return _completion(ask, ask.turns, response_format=City).choices[0].message.content
