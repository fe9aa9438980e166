"""OpenAI's client, Responses."""

from __future__ import annotations

import json
from collections.abc import Iterator

from openai import OpenAI
from shared import BASE_URL, KEY, PARAMETERS, TOOLS, Ask, City

client = OpenAI(base_url=BASE_URL, api_key=KEY)
FUNCTIONS = [
    {"type": "function", "name": name, "description": tool.__doc__, "parameters": PARAMETERS,
     "strict": True}
    for name, tool in TOOLS.items()
]  # fmt: skip


def _said(ask: Ask, part: dict) -> str:
    content = [{"type": "input_text", "text": ask.prompt}, part]
    turns = [{"role": "user", "content": content}]
    return client.responses.create(model=ask.model, input=turns).output_text


def text(ask: Ask) -> str:
    return client.responses.create(model=ask.model, input=ask.prompt).output_text


def stream(ask: Ask) -> Iterator[str]:
    with client.responses.create(model=ask.model, input=ask.prompt, stream=True) as events:
        for event in events:
            if event.type == "response.output_text.delta":
                yield event.delta
            elif event.type == "response.failed":
                raise RuntimeError(event.response.error.message)


def tools(ask: Ask) -> str:
    items = ask.turns
    while True:
        response = client.responses.create(
            model=ask.model, input=items, tools=FUNCTIONS, store=False
        )
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text
        items += response.output
        for call in calls:
            result = TOOLS[call.name](**json.loads(call.arguments))
            items.append(
                {"type": "function_call_output", "call_id": call.call_id, "output": result}
            )


def image(ask: Ask) -> str:
    return _said(ask, {"type": "input_image", "image_url": ask.picture_url, "detail": "auto"})


def document(ask: Ask) -> str:
    return _said(ask, {"type": "input_file", "filename": "report.pdf", "file_data": ask.report_url})


def structured(ask: Ask) -> str:
    response = client.responses.parse(model=ask.model, input=ask.prompt, text_format=City)
    return response.output_parsed.model_dump_json()
