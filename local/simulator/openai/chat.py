"""OpenAI's API: `POST /v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from local.simulator import fields, sse
from local.simulator.deltas import Delta
from local.simulator.model import Answered, Ask, Event, Json, Request, asking
from local.simulator.openai import chat_answers, chat_messages, parameters, tools
from local.simulator.openai.api import OpenAI
from local.simulator.openai.refusals import unsupported_parameter


class ChatCompletions(OpenAI):
    """Chat completions, whole and streamed."""

    path = "/v1/chat/completions"

    def read(self, request: Request) -> Ask:
        body = request.body
        effort = body.get("reasoning_effort")
        known = parameters.check(body, fields.CHAT_COMPLETIONS, effort, "max_completion_tokens", 1)
        if body.get("max_tokens") is not None and known.thinks:
            raise unsupported_parameter("max_tokens", " Use 'max_completion_tokens' instead.")
        turns = chat_messages.turns_of(body.get("messages"))
        choice, given = tools.choice_of(body, tools.tools_of(body, nested=True))
        texts = "\n".join(turn.text for turn in turns)
        wanted = body.get("response_format")
        return asking(
            turns,
            body["model"],
            body.get("max_completion_tokens") or body.get("max_tokens"),
            schema=tools.answer_schema(wanted, texts, "response_format", "messages"),
            service_tier=parameters.tier_of(body),
            tools=given,
            choice=choice,
            stops=parameters.stops_of(body),
            stream=bool(body.get("stream")),
            stream_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        )

    def answer(self, answered: Answered) -> Json:
        return chat_answers.body_of(answered)

    def without_content(self, body: Json) -> Json:
        return {**body, "choices": []}

    def events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        return chat_answers.events_of(answered, deltas)

    def frame(self, event: Event) -> bytes:
        return sse.frame("[DONE]" if event.name == "[DONE]" else event.data)
