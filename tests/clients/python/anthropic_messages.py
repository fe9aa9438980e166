"""Anthropic's client."""

from __future__ import annotations

import json
from collections.abc import Iterator

from anthropic import Anthropic
from shared import BASE_URL, KEY, PARAMETERS, TOOLS, Ask, City

client = Anthropic(base_url=BASE_URL.removesuffix("/v1"), api_key=KEY)
MOST = 2_000
FUNCTIONS = [
    {"name": name, "description": tool.__doc__, "input_schema": PARAMETERS}
    for name, tool in TOOLS.items()
]


def _said(message: object) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def _of_file(ask: Ask, kind: str, media_type: str, data: str) -> str:
    source = {"type": "base64", "media_type": media_type, "data": data}
    content = [{"type": kind, "source": source}, {"type": "text", "text": ask.prompt}]
    turns = [{"role": "user", "content": content}]
    return _said(client.messages.create(model=ask.model, max_tokens=MOST, messages=turns))


def text(ask: Ask) -> str:
    return _said(client.messages.create(model=ask.model, max_tokens=MOST, messages=ask.turns))


def stream(ask: Ask) -> Iterator[str]:
    with client.messages.stream(model=ask.model, max_tokens=MOST, messages=ask.turns) as events:
        yield from events.text_stream


def tools(ask: Ask) -> str:
    turns = ask.turns
    while True:
        message = client.messages.create(
            model=ask.model, max_tokens=MOST, messages=turns, tools=FUNCTIONS
        )
        turns.append({"role": "assistant", "content": message.content})
        results = [
            {"type": "tool_result", "tool_use_id": block.id,
             "content": TOOLS[block.name](**block.input)}
            for block in message.content
            if block.type == "tool_use"
        ]  # fmt: skip
        if not results:
            return _said(message)
        turns.append({"role": "user", "content": results})


def image(ask: Ask) -> str:
    return _of_file(ask, "image", "image/png", ask.picture)


def document(ask: Ask) -> str:
    return _of_file(ask, "document", "application/pdf", ask.report)


def structured(ask: Ask) -> str:
    message = client.messages.parse(
        model=ask.model, max_tokens=MOST, messages=ask.turns, output_format=City
    )
    return json.dumps(message.parsed_output.model_dump())
