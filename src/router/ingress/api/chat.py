"""OpenAI's chat completions as a request of ours, and a request's rows as a completion. Pure.

What would change the answer and cannot be passed on is refused, never ignored: a caller who sends
``temperature`` must not believe that it was heeded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from router.encoding import shown_name
from router.ingress.api.body_schemas import check, refuse

_HEEDED = frozenset(
    {
        "model", "messages", "max_tokens", "max_completion_tokens", "metadata", "user",
        "response_format",
    }
)  # fmt: skip
# Of the rest, values without effect: OpenAI's own defaults.
_SAYS_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "stream": (False,),
    "n": (1,),
    "temperature": (1,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "modalities": (["text"],),
}
_INSTEAD = {
    "stream": "a workflow cannot stream: leave `stream` out, or send false",
    "n": "a request has one answer: send it as often as you want answers",
    "tools": "tools are not passed on: ask a model directly where you need them",
    "functions": "functions are not passed on: ask a model directly where you need them",
}
# What a request calls otherwise than a chat completion does.
_IN_OPENAIS_WORDS = {
    "`tier` must be one of": "`model` must be auto, or one of",
    "`request_id`": "the header `Idempotency-Key`",
    "`metadata.user` holds": "`user` or `metadata.user` holds",
    "the same request_id": "the header Idempotency-Key and this request_id",
}
WITHHELD = frozenset({"REFUSED", "FILTERED", "BLOCKED"})
"""How a request ends whose answer the model, a filter or a guardrail withheld."""
_TIER = re.compile(r"[A-Za-z][0-9A-Za-z_-]{0,31}")
_FINISH = {"SUCCEEDED": "stop", "TRUNCATED": "length"}


def to_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request that a chat completion asks for; raise ``InvalidRequest``."""
    body = {name: value for name, value in body.items() if value is not None}  # as OpenAI has it
    refuse(list(_unknown_model(body)))
    check(body, "chat")
    refuse([*_unheeded(body), *_unreadable(body["messages"])])
    turns = [(turn["role"], _text(turn["content"]) or "") for turn in body["messages"]]
    system = "\n\n".join(text for role, text in turns if role in ("system", "developer"))
    request: dict[str, Any] = {
        "messages": [{"role": r, "content": t} for r, t in turns if r in ("user", "assistant")],
    }
    if system:
        request["system"] = system
    if body["model"] != "auto":
        request["tier"] = body["model"]
    if most := body.get("max_completion_tokens") or body.get("max_tokens"):
        request["max_tokens"] = most
    if metadata := {**body.get("metadata", {}), **_user(body)}:
        request["metadata"] = metadata
    if (schema := _response_schema(body)) is not None:
        request["response_schema"] = schema
    return request


def in_openais_words(message: str) -> str:
    """Return an error's message as the sender of a chat completion can heed it."""
    for ours, theirs in _IN_OPENAIS_WORDS.items():
        message = message.replace(ours, theirs)
    return message


def to_completion(
    shown: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return OpenAI's ``chat.completion`` for a request that was answered, or was withheld.

    ``attempts`` are priced. The tokens of the one that answered, or else of the last, become
    ``usage`` as OpenAI counts them (prompt tokens include the cached); where they are not known,
    there is no ``usage``. What was withheld is no error to OpenAI's clients, which would send it
    again: it has no text, and ``content_filter`` as its reason.
    """
    served = next((row for row in attempts if row.get("served")), None)
    asked = served or (attempts[-1] if attempts else {})
    completion: dict[str, Any] = {
        "id": shown["request_id"],
        "object": "chat.completion",
        "created": int(datetime.fromisoformat(shown["accepted_at"]).timestamp()),
        "model": shown.get("model") or asked.get("model", "unknown"),
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": shown.get("output", ""),
                    "refusal": None,
                },
                "finish_reason": _FINISH.get(shown["status"], "content_filter"),
                "logprobs": None,
            }
        ],
    }
    if "output_tokens" in asked:
        completion["usage"] = _usage(asked)
    return completion


def _usage(served: Mapping[str, Any]) -> dict[str, Any]:
    cached = int(served.get("cache_read_tokens", 0))
    written = sum(int(served.get(f"cache_write_{age}_tokens", 0)) for age in ("5m", "1h"))
    sent = int(served["input_tokens"]) + cached + written
    answered = int(served["output_tokens"])
    return {
        "prompt_tokens": sent,
        "completion_tokens": answered,
        "total_tokens": sent + answered,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _unknown_model(body: Mapping[str, Any]) -> Iterator[str]:
    model = body.get("model")
    if isinstance(model, str) and not _TIER.fullmatch(model):
        yield (
            "`model` must be auto, or a tier: SIMPLE, CALCULATION, COMPLEX, or one of the tenant's"
            " tier_names; which provider's model answers is decided here"
        )


def _unheeded(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name in _HEEDED or value in ([], {}):
            continue
        taken = _SAYS_NOTHING.get(name, ())
        if not any(_same(value, default) for default in taken):
            yield _INSTEAD.get(name) or _refusal(name, taken)
    limits = {body[name] for name in ("max_tokens", "max_completion_tokens") if name in body}
    if len(limits) > 1:
        yield "give `max_tokens` or `max_completion_tokens`, not both"
    if body.get("response_format", {}).get("type") == "json_schema":
        form = body["response_format"].get("json_schema")
        if not isinstance(form, dict):
            yield "`response_format.json_schema` must be an object with `name` and `schema`"
        elif not isinstance(form.get("schema"), dict):
            yield "`response_format.json_schema.schema` must be an object: the answer's schema"


def _same(value: Any, default: Any) -> bool:
    # True equals 1 in Python, not in JSON.
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)


def _refusal(name: str, taken: tuple[Any, ...]) -> str:
    but = f", or send {json.dumps(taken[0])}" if taken else ""
    return f"`{shown_name(name)}` is not passed on to the models: leave it out{but}"


def _unreadable(messages: list[Mapping[str, Any]]) -> Iterator[str]:
    for index, turn in enumerate(messages):
        content = turn["content"]
        if _text(content) is not None:
            continue
        if isinstance(content, list) and content:
            why = "images, audio and files are not routed"
        else:
            why = f"a turn of role {turn['role']} without text is left out"
        yield f"`messages[{index}].content` must be a string, or parts of type text: {why}"
    if not any(turn["role"] == "user" for turn in messages):
        yield "`messages` must hold a turn of role user"


def _text(content: Any) -> str | None:
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        return None
    parts = [
        part["text"]
        for part in content
        if isinstance(part, dict)
        and part.get("type") == "text"
        and isinstance(part.get("text"), str)
    ]
    return "\n".join(parts) if len(parts) == len(content) else None


def _user(body: Mapping[str, Any]) -> dict[str, str]:
    return {"user": body["user"]} if "user" in body else {}


def _response_schema(body: Mapping[str, Any]) -> Any:
    form = body.get("response_format") or {}
    return form["json_schema"]["schema"] if form.get("type") == "json_schema" else None
