"""OpenAI's chat completions: a body as a request of ours, and a reply as a completion. Pure.

What would change the answer is passed on or refused, never ignored. A sampling option that the
model does not take is dropped by the plan, which says so (``unsupported_options``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.catalog.capabilities import SAMPLING
from router.conversation.writing import write_calls, write_reasoning
from router.encoding import shown_name
from router.ingress.protocols.bodies import check, refuse
from router.ingress.protocols.openai_fields import is_one_of, metadata_of
from router.ingress.protocols.reply import Reply, Usage

SCHEMA = Path(__file__).with_name("chat.schema.json")

# They are a request's own, under the same name.
_SAME = SAMPLING | {"messages", "tools", "tool_choice", "parallel_tool_calls"}
_READ = frozenset({
    "model", "max_tokens", "max_completion_tokens", "metadata", "user", "response_format", "stream",
    "stream_options",
})  # fmt: skip
# Of the rest, values without effect: OpenAI's own defaults.
_SAYS_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "temperature": (1,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "modalities": (["text"],),
    "verbosity": ("medium",),
}
# About the caller or the provider's own caches: no answer depends on them.
_NO_PART = frozenset({"prompt_cache_key", "prompt_cache_retention", "safety_identifier"})
_INSTEAD = {
    "n": "a request has one answer: send it as often as you want answers",
    "functions": "`functions` have become `tools`: send them as such",
    "function_call": "`function_call` has become `tool_choice`: send it as such",
}
# What a request calls otherwise than a chat completion does.
_IN_OPENAIS_WORDS = {
    "`tier` must be one of": "`model` must be auto, or one of",
    "`request_id`": "the header `Idempotency-Key`",
    "`metadata.user` holds": "`user` or `metadata.user` holds",
    "the same request_id": "the header Idempotency-Key and this request_id",
}


def to_request(body: Any) -> dict[str, Any]:
    """Return the request that a chat completion asks for; raise ``InvalidRequest``."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if not _says_nothing(name, value)}
    check(body, SCHEMA)
    refuse(list(_unheeded(body)))
    request: dict[str, Any] = {
        name: value
        for name, value in body.items()
        if name in _SAME and not _is_default(name, value)
    }
    if body["model"] != "auto":
        request["tier"] = body["model"]
    if most := body.get("max_completion_tokens") or body.get("max_tokens"):
        request["max_tokens"] = most
    if metadata := metadata_of(body):
        request["metadata"] = metadata
    if (schema := _response_schema(body)) is not None:
        request["response_schema"] = schema
    return request


def in_openais_words(message: str) -> str:
    """Return an error's message as the sender of a chat completion can heed it."""
    for ours, theirs in _IN_OPENAIS_WORDS.items():
        message = message.replace(ours, theirs)
    return message


def to_completion(reply: Reply) -> dict[str, Any]:
    """Return the ``chat.completion``; without ``usage`` where it is not known."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.said.text if reply.said.text or not reply.said.calls else None,
        "refusal": None,
    }
    if reply.said.calls:
        message["tool_calls"] = write_calls(reply.said.calls)
    if reply.said.reasoning:
        message["thinking_blocks"] = write_reasoning(reply.said.reasoning)
    completion: dict[str, Any] = {
        "id": reply.request_id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [
            {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
        ],
    }
    if reply.usage is not None:
        completion["usage"] = write_usage(reply.usage)
    return completion


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return tokens as OpenAI counts them: those of the prompt include the cached."""
    sent, answered = usage.tokens.total_input, usage.tokens.output
    return {
        "prompt_tokens": sent,
        "completion_tokens": answered,
        "total_tokens": sent + answered,
        "prompt_tokens_details": {"cached_tokens": usage.tokens.cache_read},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _unheeded(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name in _SAME or name in _READ or name in _NO_PART or _is_default(name, value):
            continue
        yield _INSTEAD.get(name) or _refusal(name)
    limits = {body[name] for name in ("max_tokens", "max_completion_tokens") if name in body}
    if len(limits) > 1:
        yield "give `max_tokens` or `max_completion_tokens`, not both"
    form = body.get("response_format", {})
    if form.get("type") == "json_schema":
        named = form.get("json_schema")
        if not isinstance(named, dict):
            yield "`response_format.json_schema` must be an object with `name` and `schema`"
        elif not isinstance(named.get("schema"), dict):
            yield "`response_format.json_schema.schema` must be an object: the answer's schema"


def _says_nothing(name: str, value: Any) -> bool:
    # As OpenAI has it, null is what is left out; so is an empty list of tools or of stops.
    return value is None or (value in ([], {}) and name not in _READ | {"messages"})


def _is_default(name: str, value: Any) -> bool:
    return is_one_of(value, _SAYS_NOTHING.get(name, ()))


def _refusal(name: str) -> str:
    taken = _SAYS_NOTHING.get(name)
    but = f", or send {json.dumps(taken[0])}" if taken else ""
    return f"`{shown_name(name)}` is not passed on to the models: leave it out{but}"


def _response_schema(body: Mapping[str, Any]) -> Any:
    form = body.get("response_format") or {}
    match form.get("type"):
        case "json_schema":
            return form["json_schema"]["schema"]
        case "json_object":
            return {"type": "object"}
    return None
