"""OpenAI's API: `POST /v1/chat/completions` and `POST /v1/responses`."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from local.simulator import catalogue
from local.simulator.model import Answered, Ask, Json, Reject, Request, turns_of

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
_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


class OpenAI:
    """What chat completions and responses share: keys, models, errors, headers."""

    name = "openai"
    path = ""
    limit_field = ""

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

    def check(self, body: Json, effort: str | None) -> None:
        """Refuse what the real models refuse in either API."""
        if not body.get("model"):
            raise _invalid("you must provide a model parameter")
        known = catalogue.find(body["model"])
        if known is None or known.vendor != "openai" or known.retired:
            raise Reject(
                404,
                "model_not_found",
                f"The model `{body['model']}` does not exist or you do not have access to it.",
            )
        if known.sampling == "none":
            for name in ("temperature", "top_p"):
                if body.get(name) not in (None, 1):
                    raise _unsupported(
                        name,
                        f"'{name}' does not support {body[name]} with this model. "
                        "Only the default (1) value is supported.",
                    )
        if effort is not None and known.thinks and effort not in _EFFORTS:
            supported = ", ".join(f"'{each}'" for each in _EFFORTS)
            raise _unsupported(
                "reasoning_effort",
                f"'{effort}' is not supported with this model. Supported values are: {supported}.",
            )
        if (tier := body.get("service_tier")) is not None and tier not in _TIERS:
            raise Reject(
                400,
                "invalid_value",
                f"Invalid value: '{tier}'. Supported values are: "
                f"{', '.join(repr(each) for each in _TIERS)}.",
                param="service_tier",
            )
        if body.get("stream"):
            raise _invalid("The simulator does not stream; leave `stream` out.", "stream")
        limit = body.get(self.limit_field)
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise _invalid(f"Invalid '{self.limit_field}': integer below minimum value.")


class ChatCompletions(OpenAI):
    """`POST /v1/chat/completions`."""

    path = "/v1/chat/completions"
    limit_field = "max_completion_tokens"

    def read(self, request: Request) -> Ask:
        body = request.body
        self.check(body, body.get("reasoning_effort"))
        known = catalogue.find(body["model"])
        if body.get("max_tokens") is not None and known and known.thinks:
            raise Reject(
                400,
                "unsupported_parameter",
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                param="max_tokens",
            )
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise _invalid("Invalid 'messages': empty array.", "messages")
        texts = [text_of(message.get("content"), "text") for message in messages]
        wanted = (body.get("response_format") or {}).get("json_schema") or {}
        return Ask(
            model=body["model"],
            prompt="\n".join(texts),
            question=texts[-1],
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
            schema=wanted.get("schema"),
            turns=turns_of(None, messages, texts),
            service_tier=tier_of(body),
        )

    def answer(self, answered: Answered) -> Json:
        reply = answered.reply
        refused = reply.ending == "refusal"
        message: Json = {
            "role": "assistant",
            "content": None if refused else reply.text,
            "refusal": "I'm sorry, I can't help with that." if refused else None,
            "annotations": [],
        }
        finish = {"length": "length", "filter": "content_filter", "guardrail": "content_filter"}
        return {
            "id": f"chatcmpl-{answered.request_id.replace('-', '')[:29]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": answered.ask.model,
            "choices": [
                {
                    "index": 0,
                    "message": message,
                    "logprobs": None,
                    "finish_reason": finish.get(reply.ending, "stop"),
                }
            ],
            "usage": {
                "prompt_tokens": reply.input_tokens,
                "completion_tokens": reply.output_tokens,
                "total_tokens": reply.input_tokens + reply.output_tokens,
                "prompt_tokens_details": {
                    "cached_tokens": 0,
                    "cache_write_tokens": 0,
                    "audio_tokens": 0,
                },
                "completion_tokens_details": {
                    "reasoning_tokens": reply.thinking_tokens,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": answered.ask.service_tier,
            "system_fingerprint": None,
        }

    def without_content(self, body: Json) -> Json:
        return {**body, "choices": []}


def tier_of(body: Json) -> str:
    """The service tier that serves: of a project that has chosen none, `auto` is `default`."""
    tier = body.get("service_tier") or "auto"
    return "default" if tier == "auto" else str(tier)


def text_of(content: Any, kind: str) -> str:
    """The text of a message, given as a string or as a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or [] if part.get("type") == kind)


def _invalid(message: str, param: str | None = None) -> Reject:
    return Reject(400, "", message, param=param)


def _unsupported(param: str, message: str) -> Reject:
    return Reject(400, "unsupported_value", f"Unsupported value: {message}", param=param)
