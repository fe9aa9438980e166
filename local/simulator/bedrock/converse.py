"""Amazon Bedrock Runtime: `POST /model/{modelId}/converse` and `/converse-stream`."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote

from local.simulator import catalogue
from local.simulator.bedrock import claude, constraints, history, parts, reading
from local.simulator.bedrock.answering import body_of
from local.simulator.bedrock.event_stream import encode
from local.simulator.bedrock.refusals import invalid
from local.simulator.bedrock.streaming import events_of
from local.simulator.deltas import Delta
from local.simulator.model import Answered, Ask, Event, Json, Reject, Request, asking

_PATH = re.compile(r"^/model/(?P<model>[^/]+)/converse(?:-stream)?$")
_CREDENTIAL = re.compile(r"Credential=([^/,]+)/")
_ERRORS = {
    400: ("ValidationException", "The request is not valid."),
    403: (
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    404: (
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the identifier.",
    ),
    408: ("ModelTimeoutException", "The model took too long to process the request."),
    413: ("RequestEntityTooLargeException", "The request is too large."),
    424: ("ModelErrorException", "The system encountered an unexpected error during processing."),
    429: ("ThrottlingException", "Too many requests, please wait before trying again."),
    500: ("InternalServerException", "The system encountered an unexpected error. Try again."),
    503: ("ServiceUnavailableException", "Bedrock is unable to process your request."),
}


class Bedrock:
    """The Converse API, request checks and error shapes included."""

    name = "bedrock"
    stream_type = "application/vnd.amazon.eventstream"
    stream_failure = 424

    def model_of(self, path: str) -> str | None:
        found = _PATH.match(path)
        return unquote(found["model"]) if found else None

    def authorize(self, headers: Mapping[str, str], knows: Callable[[str], bool]) -> str:
        found = _CREDENTIAL.search(headers.get("authorization", ""))
        if not found:
            raise Reject(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if not knows(found[1]):
            raise Reject(
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        return found[1]

    def read(self, request: Request) -> Ask:
        body = request.body
        known = catalogue.find(request.model)
        if known is None:
            raise invalid("The provided model identifier is invalid.")
        if known.retired:
            raise Reject(
                404,
                "ResourceNotFoundException",
                "This model version has reached the end of its life. "
                "Please refer to the AWS documentation for more details.",
            )
        if found := constraints.violations("Converse", body):
            raise invalid(constraints.message(found))
        history.check(body)
        turns, tools = reading.turns_of(body), reading.tools_of(body)
        parts.check(turns)
        if known.vendor == "anthropic":
            claude.check(known, body, turns, tools)
        text_format = (body.get("outputConfig") or {}).get("textFormat")
        schema = text_format["structure"]["jsonSchema"]["schema"] if text_format else None
        config = body.get("inferenceConfig") or {}
        return asking(
            turns,
            request.model,
            config.get("maxTokens"),
            schema=json.loads(schema) if schema else None,
            guarded="guardrailConfig" in body,
            service_tier=(body.get("serviceTier") or {}).get("type", ""),
            latency=(body.get("performanceConfig") or {}).get("latency", ""),
            tools=tools,
            choice=reading.choice_of(body),
            stops=config.get("stopSequences") or (),
            thinks=claude.thinks(body),
            stream=request.path.endswith("/converse-stream"),
        )

    def answer(self, answered: Answered) -> Json:
        return body_of(answered)

    def without_content(self, body: Json) -> Json:
        return {**body, "output": {"message": {"role": "assistant", "content": []}}}

    def events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        return events_of(answered, deltas)

    def stream_error(self, reject: Reject, _sequence: int) -> Event:
        name = reject.code[0].lower() + reject.code[1:]
        if name == "modelErrorException":
            name = "modelStreamErrorException"
            original = {"originalStatusCode": 500, "originalMessage": reject.message}
            return Event(name, {"message": reject.message, **original})
        return Event(name, {"message": reject.message})

    def frame(self, event: Event) -> bytes:
        kind = "exception" if event.name.endswith("Exception") else "event"
        headers = {
            f":{kind}-type": event.name,
            ":content-type": "application/json",
            ":message-type": kind,
        }
        return encode(headers, event.data)

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        usual = _ERRORS.get(status, _ERRORS[400 if status < 500 else 500])
        return Reject(status, code or usual[0], message or usual[1])

    def error(self, reject: Reject) -> Json:
        if reject.code == "ModelErrorException":
            return {"message": reject.message, "originalStatusCode": 500}
        return {"message": reject.message}

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        headers = {"x-amzn-RequestId": request_id}
        if reject:
            namespace = "http://internal.amazon.com/coral/com.amazon.bedrock/"
            headers["x-amzn-ErrorType"] = f"{reject.code}:{namespace}"
        return headers
