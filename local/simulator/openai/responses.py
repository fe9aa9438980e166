"""OpenAI's API: `POST /v1/responses`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from local.simulator import fields, sse
from local.simulator.deltas import Delta
from local.simulator.model import Answered, Ask, Event, Json, Reject, Request, asking
from local.simulator.openai import parameters, response_input, response_output, tools
from local.simulator.openai.api import OpenAI
from local.simulator.openai.refusals import invalid
from local.simulator.openai.response_events import events_of

_LEAST_TOKENS = 16


class Responses(OpenAI):
    """Responses, whole and streamed; none is stored."""

    path = "/v1/responses"

    def read(self, request: Request) -> Ask:
        body = request.body
        effort = (body.get("reasoning") or {}).get("effort")
        parameters.check(body, fields.RESPONSES, effort, "max_output_tokens", _LEAST_TOKENS)
        if before := body.get("previous_response_id"):
            raise invalid(
                f"Previous response with id '{before}' not found.",
                "previous_response_id",
                "previous_response_not_found",
            )
        turns = response_input.turns_of(body)
        choice, given = tools.choice_of(body, tools.tools_of(body, nested=False))
        texts = "\n".join(turn.text for turn in turns)
        wanted = (body.get("text") or {}).get("format")
        return asking(
            turns,
            body["model"],
            body.get("max_output_tokens"),
            schema=tools.answer_schema(wanted, texts, "text.format", "input"),
            service_tier=parameters.tier_of(body),
            tools=given,
            choice=choice,
            stream=bool(body.get("stream")),
            sealed_reasoning="reasoning.encrypted_content" in (body.get("include") or ()),
        )

    def answer(self, answered: Answered) -> Json:
        output = response_output.output_of(answered)
        return response_output.response(answered, output, response_output.status_of(answered.reply))

    def without_content(self, body: Json) -> Json:
        return {**body, "output": []}

    def events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        return events_of(answered, deltas)

    def stream_error(self, reject: Reject, sequence: int) -> Event:
        error = {"code": reject.code or None, "message": reject.message, "param": reject.param}
        return Event("error", {**error, "sequence_number": sequence})

    def frame(self, event: Event) -> bytes:
        return sse.frame({"type": event.name, **event.data}, event.name)
