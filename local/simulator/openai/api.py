"""What chat completions and responses share: keys, errors, headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local.simulator.model import Event, Json, Reject

# status -> type, code, message
_ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "The request is not valid."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", None, "Project does not have access to this model."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
    500: (
        "server_error",
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    503: ("server_error", None, "The engine is currently overloaded, please try again later"),
}


class OpenAI:
    """The part of the wire format that is the same on every path."""

    name = "openai"
    stream_type = "text/event-stream; charset=utf-8"
    stream_failure = 500
    path = ""

    def model_of(self, path: str) -> str | None:
        return "" if path == self.path else None

    def authorize(self, headers: Mapping[str, str], knows: Callable[[str], bool]) -> str:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Reject(
                401,
                "",
                "You didn't provide an API key. You need to provide your API key in an "
                "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            )
        if not knows(key):
            shown = f"{key[:8]}{'*' * max(len(key) - 12, 0)}{key[-4:]}"
            message = (
                f"Incorrect API key provided: {shown}. You can find your API key at "
                "https://platform.openai.com/account/api-keys."
            )
            raise Reject(401, "invalid_api_key", message)
        return key

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        _, usual_code, usual = _ERRORS.get(status, _ERRORS[500])
        return Reject(status, code or usual_code or "", message or usual)

    def error(self, reject: Reject) -> Json:
        kind = _ERRORS.get(reject.status, _ERRORS[500])[0]
        if reject.code == "insufficient_quota":
            kind = "insufficient_quota"
        return {
            "error": {
                "message": reject.message,
                "type": kind,
                "param": reject.param,
                "code": reject.code or None,
            }
        }

    def stream_error(self, reject: Reject, _sequence: int) -> Event:
        return Event("error", self.error(reject))

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        remaining = "0" if reject and reject.status == 429 else "9999"
        return {
            "x-request-id": f"req_{request_id.replace('-', '')}",
            "openai-version": "2020-10-01",
            "openai-processing-ms": "20",
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": remaining,
            "x-ratelimit-reset-requests": "6ms",
        }
