"""Runs one conversation with the client that the first argument names, as its users write it.

Prints what came of it, as JSON. The clients are those of requirements/clients.lock.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from typing import Any

from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

BASE_URL, KEY, PROMPT = (os.environ[name] for name in ("BASE_URL", "KEY", "PROMPT"))
PICTURE, REPORT = (os.environ.get(name, "") for name in ("PICTURE", "REPORT"))
called: list[str] = []


class City(BaseModel):
    city: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    called.append("get_weather")
    return f"get_weather of {city}: 18"


def get_time(city: str) -> str:
    """The time in a city."""
    called.append("get_time")
    return f"get_time of {city}: 18"


# ---- pydantic-ai


def _pydantic_ai(**options: Any) -> Any:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=KEY))
    return Agent(OpenAIChatModel("auto", provider=provider), **options)


def pydantic_ai_tools() -> Any:
    return _pydantic_ai(tools=[get_weather, get_time]).run_sync(PROMPT).output


def pydantic_ai_stream() -> Any:
    async def streamed() -> str:
        agent = _pydantic_ai(tools=[get_weather, get_time])
        async with agent.run_stream(PROMPT) as stream:
            return "".join([piece async for piece in stream.stream_text(delta=True)])

    return asyncio.run(streamed())


def pydantic_ai_files() -> Any:
    from pydantic_ai import BinaryContent

    picture = BinaryContent(base64.b64decode(PICTURE), media_type="image/png")
    report = BinaryContent(base64.b64decode(REPORT), media_type="application/pdf")
    return _pydantic_ai().run_sync([PROMPT, picture, report]).output


def pydantic_ai_object() -> Any:
    from pydantic_ai import NativeOutput

    return _pydantic_ai(output_type=NativeOutput(City)).run_sync(PROMPT).output.model_dump_json()


# ---- LangChain


def _langchain() -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model="auto", base_url=BASE_URL, api_key=KEY)


def _langchain_loop(*, streams: bool) -> Any:
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.tools import tool

    tools = {made.name: made for made in (tool(get_weather), tool(get_time))}
    model = _langchain().bind_tools(list(tools.values()))
    messages: list[Any] = [HumanMessage(PROMPT)]
    while True:
        if streams:
            first, *rest = model.stream(messages)
            answer = first
            for piece in rest:
                answer += piece
        else:
            answer = model.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            return answer.content
        for call in answer.tool_calls:
            result = tools[call["name"]].invoke(call["args"])
            messages.append(ToolMessage(result, tool_call_id=call["id"]))


def langchain_files() -> Any:
    content = [
        {"type": "text", "text": PROMPT},
        {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
        {"type": "file", "base64": REPORT, "mime_type": "application/pdf", "filename": "a.pdf"},
    ]
    return _langchain().invoke([{"role": "user", "content": content}]).content


def langchain_object() -> Any:
    model = _langchain().with_structured_output(City, method="json_schema")
    return model.invoke(PROMPT).model_dump_json()


# ---- instructor


def _instructor(content: Any) -> Any:
    import instructor

    client = instructor.from_openai(
        OpenAI(base_url=BASE_URL, api_key=KEY), mode=instructor.Mode.TOOLS
    )
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(
        model="auto", response_model=City, messages=messages
    ).model_dump_json()


def instructor_object() -> Any:
    return _instructor(PROMPT)


# ---- the OpenAI Agents SDK


def _agents(kind: str) -> Any:
    from agents import (
        Agent,
        OpenAIChatCompletionsModel,
        OpenAIResponsesModel,
        Runner,
        function_tool,
        set_tracing_disabled,
    )

    set_tracing_disabled(True)
    made = OpenAIResponsesModel if kind == "responses" else OpenAIChatCompletionsModel
    model = made(model="auto", openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=KEY))
    tools = [function_tool(get_weather), function_tool(get_time)]
    agent = Agent(name="planner", model=model, tools=tools)
    return Runner.run_sync(agent, PROMPT).final_output


CONVERSATIONS = {
    "pydantic-ai tools": pydantic_ai_tools,
    "pydantic-ai stream": pydantic_ai_stream,
    "pydantic-ai files": pydantic_ai_files,
    "pydantic-ai object": pydantic_ai_object,
    "langchain tools": lambda: _langchain_loop(streams=False),
    "langchain stream": lambda: _langchain_loop(streams=True),
    "langchain files": langchain_files,
    "langchain object": langchain_object,
    "instructor object": instructor_object,
    "openai-agents tools": lambda: _agents("chat"),
    "openai-agents responses": lambda: _agents("responses"),
}

if __name__ == "__main__":
    text = CONVERSATIONS[sys.argv[1]]()
    print(json.dumps({"called": called, "text": text}))
