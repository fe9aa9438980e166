"""LangChain's ChatOpenAI."""

from __future__ import annotations

from collections.abc import Iterator

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from shared import BASE_URL, KEY, TOOLS, Ask, City


def _model(ask: Ask) -> ChatOpenAI:
    return ChatOpenAI(model=ask.model, base_url=BASE_URL, api_key=KEY)


def _said(ask: Ask, part: dict) -> str:
    content = [{"type": "text", "text": ask.prompt}, part]
    return _model(ask).invoke([{"role": "user", "content": content}]).content


def text(ask: Ask) -> str:
    return _model(ask).invoke(ask.prompt).content


def stream(ask: Ask) -> Iterator[str]:
    chunks = _model(ask).stream(ask.prompt)
    try:
        for chunk in chunks:
            if chunk.content:
                yield chunk.content
    finally:
        chunks.close()


def tools(ask: Ask) -> str:
    made = {each.name: each for each in map(tool, TOOLS.values())}
    model = _model(ask).bind_tools(list(made.values()))
    messages: list = [HumanMessage(ask.prompt)]
    while True:
        # Streamed, so that the calls come in pieces.
        first, *rest = model.stream(messages)
        answer = sum(rest, first)
        messages.append(answer)
        if not answer.tool_calls:
            return answer.content
        for call in answer.tool_calls:
            result = made[call["name"]].invoke(call["args"])
            messages.append(ToolMessage(result, tool_call_id=call["id"]))


def image(ask: Ask) -> str:
    return _said(ask, {"type": "image", "base64": ask.picture, "mime_type": "image/png"})


def document(ask: Ask) -> str:
    named = {"mime_type": "application/pdf", "filename": "report.pdf"}
    return _said(ask, {"type": "file", "base64": ask.report, **named})


def structured(ask: Ask) -> str:
    model = _model(ask).with_structured_output(City, method="json_schema")
    return model.invoke(ask.prompt).model_dump_json()
