"""Simon Willison's `llm`, as a library, with a model of an OpenAI-compatible server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import llm
from llm.default_plugins.openai_models import Chat
from shared import BASE_URL, KEY, PARAMETERS, TOOLS, Ask


def _model(ask: Ask) -> Chat:
    return Chat(
        ask.model, model_name=ask.model, api_base=BASE_URL, key=KEY,
        vision=True, supports_schema=True, supports_tools=True, can_stream=True,
    )  # fmt: skip


def text(ask: Ask) -> str:
    return _model(ask).prompt(ask.prompt, key=KEY, stream=False).text()


def stream(ask: Ask) -> Iterator[str]:
    yield from _model(ask).prompt(ask.prompt, key=KEY)


def tools(ask: Ask) -> str:
    made = [llm.Tool.function(tool) for tool in TOOLS.values()]
    return _model(ask).chain(ask.prompt, tools=made, key=KEY).text()


def image(ask: Ask) -> str:
    picture = llm.Attachment(type="image/png", content=ask.picture_bytes)
    return _model(ask).prompt(ask.prompt, attachments=[picture], key=KEY).text()


def document(ask: Ask) -> str:
    report = llm.Attachment(type="application/pdf", content=ask.report_bytes)
    return _model(ask).prompt(ask.prompt, attachments=[report], key=KEY).text()


def structured(ask: Ask) -> str:
    found = _model(ask).prompt(ask.prompt, schema=PARAMETERS, key=KEY).text()
    return json.dumps(json.loads(found))
