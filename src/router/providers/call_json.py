"""The ``call`` of a route plan, both ways: what is asked, and of which model first. Pure.

The conversation is in it once: as it is, as the body that the HTTP Task sends, or as the address of
the payload that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from router.conversation.blocks import Conversation
from router.conversation.tools import read_conversation
from router.conversation.writing import write_conversation
from router.intake.call_options import CallOptions
from router.invocation.call import ModelCall
from router.providers.openai_chat import http_body
from router.review.bands import Review

_NOT_HERE = Conversation(())


class Called(Protocol):
    """The model that is asked this time; see ``router.routing.run_plan.Target``."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def service_tier(self) -> str | None: ...
    @property
    def latency(self) -> str | None: ...
    @property
    def draft_s3(self) -> str | None: ...
    @property
    def without(self) -> tuple[str, ...]: ...


def call_to_json(call: ModelCall, *, http: bool) -> dict[str, Any]:
    """Return the call as the workflow carries it; with ``http`` as the HTTP Task sends it."""
    return {
        "provider": call.provider,
        "model": call.model,
        "max_tokens": call.max_tokens,
        "service_tier": call.service_tier,
        "latency": call.latency,
        "request_id": call.request_id,
        "options": call.options.to_json(),
        "review": call.review.to_json() if call.review else None,
        "prompt_cache": call.prompt_cache,
        "without": list(call.without),
        # Most calls have neither: they stay as small as they were.
        **({"cache_points": True} if call.cache_points else {}),
        **({"cache_key": call.cache_key} if call.cache_key else {}),
        **_asked(call, http),
    }


def _asked(call: ModelCall, http: bool) -> dict[str, Any]:
    if call.payload_s3:
        return {"payload_s3": call.payload_s3}
    return {"http_body": http_body(call)} if http else write_conversation(call.conversation)


def call_from_json(data: Mapping[str, Any], target: Called | None = None) -> ModelCall:
    """Return the call of a plan, of its first model or of ``target``."""
    given = {name: data[name] for name in ("provider", "model", "service_tier", "latency")}
    asked = {name: getattr(target, name) for name in given} if target else given
    payload_s3 = data.get("payload_s3")
    return ModelCall(
        **asked,
        max_tokens=target.max_tokens if target else int(data["max_tokens"]),
        conversation=_NOT_HERE if payload_s3 else read_conversation(data.get("http_body", data)),
        request_id=str(data["request_id"]),
        options=CallOptions.from_json(data["options"]),
        without=tuple(target.without if target else data.get("without", ())),
        review=Review.from_json(data.get("review")),
        draft_s3=target.draft_s3 if target else None,
        prompt_cache=bool(data["prompt_cache"]),
        payload_s3=payload_s3,
        cache_points=bool(data.get("cache_points")),
        cache_key=data.get("cache_key"),
    )
