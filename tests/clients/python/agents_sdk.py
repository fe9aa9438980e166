"""OpenAI's Agents SDK, with Responses, its default, and with chat completions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from shared import BASE_URL, KEY, TOOLS, Ask, City, in_steps

set_tracing_disabled(True)


class Client:
    def __init__(self, model: Any) -> None:
        self.model = model

    def _agent(self, ask: Ask, **options: Any) -> Agent:
        client = AsyncOpenAI(base_url=BASE_URL, api_key=KEY)
        model = self.model(model=ask.model, openai_client=client)
        return Agent(name="planner", model=model, **options)

    def _said(self, ask: Ask, part: dict) -> str:
        content = [{"type": "input_text", "text": ask.prompt}, part]
        turns = [{"role": "user", "content": content}]
        return Runner.run_sync(self._agent(ask), turns).final_output

    def text(self, ask: Ask) -> str:
        return Runner.run_sync(self._agent(ask), ask.prompt).final_output

    def stream(self, ask: Ask) -> Iterator[str]:
        async def pieces() -> AsyncIterator[str]:
            run = Runner.run_streamed(self._agent(ask), ask.prompt)
            try:
                async for event in run.stream_events():
                    raw = event.data if event.type == "raw_response_event" else event
                    if raw.type == "response.output_text.delta":
                        yield raw.delta
            finally:
                run.cancel()

        return in_steps(pieces())

    def tools(self, ask: Ask) -> str:
        agent = self._agent(ask, tools=[function_tool(tool) for tool in TOOLS.values()])
        return Runner.run_sync(agent, ask.prompt).final_output

    def image(self, ask: Ask) -> str:
        picture = {"type": "input_image", "image_url": ask.picture_url, "detail": "auto"}
        return self._said(ask, picture)

    def document(self, ask: Ask) -> str:
        report = {"type": "input_file", "filename": "report.pdf", "file_data": ask.report_url}
        return self._said(ask, report)

    def structured(self, ask: Ask) -> str:
        agent = self._agent(ask, output_type=City)
        return Runner.run_sync(agent, ask.prompt).final_output.model_dump_json()


responses = Client(OpenAIResponsesModel)
chat = Client(OpenAIChatCompletionsModel)
