"""Pydantic AI, with OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent, BinaryContent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from shared import BASE_URL, KEY, TOOLS, Ask, City, in_steps


def _agent(ask: Ask, **options: Any) -> Agent:
    provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=KEY))
    return Agent(OpenAIChatModel(ask.model, provider=provider), **options)


def text(ask: Ask) -> str:
    return _agent(ask).run_sync(ask.prompt).output


def stream(ask: Ask) -> Iterator[str]:
    async def pieces() -> AsyncIterator[str]:
        async with _agent(ask).run_stream(ask.prompt) as run:
            async for piece in run.stream_text(delta=True, debounce_by=None):
                yield piece

    return in_steps(pieces())


def tools(ask: Ask) -> str:
    return _agent(ask, tools=list(TOOLS.values())).run_sync(ask.prompt).output


def image(ask: Ask) -> str:
    picture = BinaryContent(ask.picture_bytes, media_type="image/png")
    return _agent(ask).run_sync([ask.prompt, picture]).output


def document(ask: Ask) -> str:
    report = BinaryContent(ask.report_bytes, media_type="application/pdf")
    return _agent(ask).run_sync([ask.prompt, report]).output


def structured(ask: Ask) -> str:
    agent = _agent(ask, output_type=NativeOutput(City))
    return agent.run_sync(ask.prompt).output.model_dump_json()
