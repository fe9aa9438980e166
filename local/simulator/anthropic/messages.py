"""Anthropic's API: `POST /v1/messages`."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from local.simulator import catalogue, sse
from local.simulator.anthropic import answering, checks, reading
from local.simulator.anthropic.refusals import invalid
from local.simulator.anthropic.streaming import events_of
from local.simulator.deltas import Delta
from local.simulator.model import Answered, Ask, Event, Json, Reject, Request, asking

_ERRORS = {
    400: ("invalid_request_error", "The request is not valid."),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use this resource."),
    404: ("not_found_error", "Not found"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    504: ("timeout_error", "The request timed out"),
    529: ("overloaded_error", "Overloaded"),
}


class Anthropic:
    """The Messages API, request checks and error shapes included."""

    name = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"
    stream_failure = 529

    def model_of(self, path: str) -> str | None:
        return "" if path == "/v1/messages" else None

    def authorize(self, headers: Mapping[str, str], knows: Callable[[str], bool]) -> str:
        # The API takes either header; the official client has sent both, at different times.
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if not key:
            raise Reject(401, "authentication_error", "x-api-key header is required")
        if not knows(key):
            raise self.reject(401, None, None)
        return key

    def read(self, request: Request) -> Ask:
        body = request.body
        if "anthropic-version" not in request.headers:
            raise invalid("anthropic-version: header is required")
        for field in ("model", "messages", "max_tokens"):
            if field not in body:
                raise invalid(f"{field}: Field required")
        known = catalogue.find(body["model"])
        if known is None or known.vendor != "anthropic" or known.retired:
            raise Reject(404, "not_found_error", f"model: {body['model']}")
        if not isinstance(body["messages"], list) or not body["messages"]:
            raise invalid("messages: at least one message is required")
        checks.parameters(known, body)
        turns, tools = reading.turns_of(body), reading.tools_of(body)
        checks.messages(known, body, turns)
        checks.tools(known, body, tools, turns)
        thinking = (body.get("thinking") or {}).get("type")
        return asking(
            turns,
            body["model"],
            body["max_tokens"],
            schema=((body.get("output_config") or {}).get("format") or {}).get("schema"),
            tools=tools,
            choice=reading.choice_of(body),
            stops=body.get("stop_sequences") or (),
            thinks=None if thinking is None else thinking != "disabled",
            stream=bool(body.get("stream")),
        )

    def answer(self, answered: Answered) -> Json:
        reply = answered.reply
        body = answering.message(answered, answering.blocks(answered), answering.ending(reply))
        usage = answered.usage(answering.usage(reply))
        return body if usage is None else {**body, "usage": usage}

    def events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        return events_of(answered, deltas)

    def stream_error(self, reject: Reject, _sequence: int) -> Event:
        return Event("error", {"error": {"type": reject.code, "message": reject.message}})

    def frame(self, event: Event) -> bytes:
        return sse.frame({"type": event.name, **event.data}, event.name)

    def without_content(self, body: Json) -> Json:
        return {**body, "content": []}

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        usual = _ERRORS.get(status, _ERRORS[500])
        return Reject(status, code or usual[0], message or usual[1])

    def error(self, reject: Reject) -> Json:
        error = {"type": reject.code, "message": reject.message}
        return {"type": "error", "error": error, "request_id": _request_id(reject.request_id)}

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        remaining = "0" if reject and reject.status == 429 else "999"
        return {
            "request-id": _request_id(request_id),
            "anthropic-organization-id": "00000000-0000-0000-0000-000000000000",
            "anthropic-ratelimit-requests-limit": "1000",
            "anthropic-ratelimit-requests-remaining": remaining,
            "anthropic-ratelimit-requests-reset": "2030-01-01T00:00:00Z",
        }


def _request_id(request_id: str) -> str:
    return f"req_{request_id.replace('-', '')[:24]}"
