"""Anthropic's API: `POST /v1/messages`."""

import re
from collections.abc import Callable, Mapping

from local.simulator import catalogue
from local.simulator.model import Answered, Ask, Ending, Json, Reject, Request, turns_of

_ENDINGS: dict[Ending, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "refusal": "refusal",
    "filter": "refusal",
    "guardrail": "refusal",
}
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
            raise _invalid("anthropic-version: header is required")
        for field in ("model", "messages", "max_tokens"):
            if field not in body:
                raise _invalid(f"{field}: Field required")
        known = catalogue.find(body["model"])
        if known is None or known.vendor != "anthropic" or known.retired:
            raise Reject(404, "not_found_error", f"model: {body['model']}")
        _check(known, body)
        texts = [_text(message["content"], n) for n, message in enumerate(body["messages"])]
        system = _text(body["system"], 0) if body.get("system") else ""
        blocks = body["system"] if isinstance(body.get("system"), list) else []
        output_format = (body.get("output_config") or {}).get("format") or {}
        return Ask(
            model=body["model"],
            prompt="\n".join(filter(None, [system, *texts])),
            question=texts[-1],
            max_tokens=body["max_tokens"],
            schema=output_format.get("schema"),
            marked=system if any(block.get("cache_control") for block in blocks) else "",
            turns=turns_of(system, body["messages"], texts),
        )

    def answer(self, answered: Answered) -> Json:
        reply = answered.reply
        content: list[Json] = []
        if reply.thinking:
            content.append(
                {"type": "thinking", "thinking": reply.thinking, "signature": "c2ltdWxhdGVk"}
            )
        if reply.text:
            content.append({"type": "text", "text": reply.text, "citations": None})
        refused = _ENDINGS[reply.ending] == "refusal"
        return {
            "id": f"msg_{answered.request_id.replace('-', '')[:24]}",
            "type": "message",
            "role": "assistant",
            "model": answered.ask.model,
            "content": content,
            "stop_reason": _ENDINGS[reply.ending],
            "stop_sequence": None,
            "stop_details": {"type": "refusal", "category": None, "explanation": None}
            if refused
            else None,
            "usage": {
                "input_tokens": reply.input_tokens,
                "cache_creation_input_tokens": reply.kept.written,
                "cache_read_input_tokens": reply.kept.read,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": reply.kept.written,
                    "ephemeral_1h_input_tokens": 0,
                },
                "output_tokens": reply.output_tokens,
                "output_tokens_details": {"thinking_tokens": reply.thinking_tokens},
                "service_tier": "standard",
            },
        }

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


def _check(model: catalogue.Model, body: Json) -> None:
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages: at least one message is required")
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        raise _invalid("max_tokens: Input should be greater than or equal to 1")
    given = [name for name in ("temperature", "top_p", "top_k") if body.get(name) is not None]
    if given and model.sampling == "none":
        raise _invalid(f"`{given[0]}` is deprecated for this model.")
    if model.sampling == "one" and {"temperature", "top_p"} <= set(given):
        raise _invalid(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    if body.get("service_tier") not in (None, "auto", "standard_only"):
        raise _invalid("service_tier: Input should be 'auto' or 'standard_only'")
    if messages[-1].get("role") != "user" and model.sampling == "none":
        raise _invalid(
            "This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    if model.thinks and (body.get("thinking") or {}).get("type") in {"enabled", "disabled"}:
        raise _invalid("thinking: only `adaptive` is supported for this model.")
    if model.thinks and (body.get("tool_choice") or {}).get("type") in {"any", "tool"}:
        raise _invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _text(content: str | list[Json], index: int) -> str:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    text = "\n".join(block["text"] for block in blocks if block.get("type") == "text")
    if not re.search(r"\S", text):
        raise _invalid(f"messages.{index}: text content blocks must be non-empty")
    return text


def _invalid(message: str) -> Reject:
    return Reject(400, "invalid_request_error", message)


def _request_id(request_id: str) -> str:
    return f"req_{request_id.replace('-', '')[:24]}"
