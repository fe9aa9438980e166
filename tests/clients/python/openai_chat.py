"""OpenAI's client, chat completions."""

from __future__ import annotations

import json
from collections.abc import Iterator

from openai import OpenAI
from shared import BASE_URL, KEY, PARAMETERS, TOOLS, Ask, City

client = OpenAI(base_url=BASE_URL, api_key=KEY)
FUNCTIONS = [
    {"type": "function",
     "function": {"name": name, "description": tool.__doc__, "parameters": PARAMETERS}}
    for name, tool in TOOLS.items()
]  # fmt: skip


def _said(ask: Ask, *parts: dict) -> str:
    content = [{"type": "text", "text": ask.prompt}, *parts]
    turns = [{"role": "user", "content": content}]
    completion = client.chat.completions.create(model=ask.model, messages=turns)
    return completion.choices[0].message.content


def text(ask: Ask) -> str:
    completion = client.chat.completions.create(model=ask.model, messages=ask.turns)
    return completion.choices[0].message.content


def stream(ask: Ask) -> Iterator[str]:
    with client.chat.completions.create(
        model=ask.model, messages=ask.turns, stream=True, stream_options={"include_usage": True}
    ) as chunks:
        for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


def tools(ask: Ask) -> str:
    turns = ask.turns
    while True:
        completion = client.chat.completions.create(
            model=ask.model, messages=turns, tools=FUNCTIONS
        )
        message = completion.choices[0].message
        if not message.tool_calls:
            return message.content
        turns.append(message)
        for call in message.tool_calls:
            result = TOOLS[call.function.name](**json.loads(call.function.arguments))
            turns.append({"role": "tool", "tool_call_id": call.id, "content": result})


def image(ask: Ask) -> str:
    return _said(ask, {"type": "image_url", "image_url": {"url": ask.picture_url}})


def document(ask: Ask) -> str:
    file = {"filename": "report.pdf", "file_data": ask.report_url}
    return _said(ask, {"type": "file", "file": file})


def structured(ask: Ask) -> str:
    completion = client.chat.completions.parse(
        model=ask.model, messages=ask.turns, response_format=City
    )
    return completion.choices[0].message.parsed.model_dump_json()
