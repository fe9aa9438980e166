"""Makes one model call and turns whatever happens into an attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.catalog.prompt_cache import is_worth_marking
from router.catalog.service_tiers import mode_of
from router.clock import iso
from router.errors import CallError, InvalidModelRequest
from router.review.bands import Review

# A provider's message may quote the prompt. A run of this many characters that also stands in the
# prompt is taken for a quotation, and the message is dropped.
_QUOTATION = 16
_DETAIL_LENGTH = 300


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call as the route plan asks for it; ``messages`` are ``{"role", "content"}``.

    The answer must fit ``schema``, if there is one; ``draft_s3`` is one that did not, to be mended.
    With ``prompt_cache`` the provider is asked to keep ``system`` for the next call.
    ``service_tier`` and ``latency`` are left to the provider where they are ``None``.
    """

    provider: str
    model: str
    messages: tuple[Mapping[str, str], ...]
    system: str | None
    max_tokens: int
    request_id: str = ""
    schema: Mapping[str, Any] | None = None
    review: Review | None = None
    draft_s3: str | None = None
    prompt_cache: bool = False
    service_tier: str | None = None
    latency: str | None = None

    @property
    def mode(self) -> str:
        """The mode in which the call is priced, if the provider does not say another."""
        return mode_of(self.service_tier, self.latency)

    @property
    def marks_system(self) -> bool:
        """Whether the provider's prompt cache is to be told to keep ``system``."""
        return self.prompt_cache and is_worth_marking(self.model, self.system)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> ModelCall:
        """Parse the ``call`` of a route plan."""
        return cls(
            provider=event["provider"],
            model=event["model"],
            messages=tuple(event["messages"]),
            system=event.get("system"),
            max_tokens=int(event["max_tokens"]),
            request_id=str(event.get("request_id") or ""),
            schema=event.get("schema"),
            review=Review.from_event(event.get("review")),
            draft_s3=(event.get("repair") or {}).get("draft_s3"),
            prompt_cache=bool(event.get("prompt_cache")),
            service_tier=event.get("service_tier"),
            latency=event.get("latency"),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered. ``usage`` is the provider's own object, ``None`` if none came.

    An answer too large to hand on stands at ``output_s3``, and ``text`` is empty. ``mode`` is how
    the provider says that it served, ``None`` if it does not.
    """

    text: str
    truncated: bool
    usage: Mapping[str, Any] | None
    response_model: str | None
    output_s3: str | None = None
    mode: str | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What an error must know of the call, where its answer does not reach the caller."""
        return {"usage": self.usage, "response_model": self.response_model, "mode": self.mode}


class Provider(Protocol):
    """One provider's API: an answer, or a ``CallError`` that says what happened on the wire."""

    def complete(self, call: ModelCall) -> Answer: ...


def invoke(
    call: ModelCall,
    provider: Provider,
    clock: Callable[[], datetime],
    memory_mb: int,
) -> dict[str, Any]:
    """Return ``{"answer", "output_s3", "status", "attempt"}`` for one call.

    Raise the provider's ``CallError`` with the attempt, as JSON, for its message: Step Functions
    keeps nothing else of an exception, and a failed call may have been billed.
    """
    started = clock()
    try:
        answer = provider.complete(call)
    except CallError as error:
        attempt = _attempt(call, started, clock(), memory_mb) | {
            "outcome": error.outcome,
            "cause": type(error).__name__,
            "served": False,
            "detail": _without_quotation(error.detail, call),
            **_known(
                usage=error.usage,
                response_model=error.response_model,
                mode=error.mode,
                draft_s3=error.draft_s3,
                input_bytes=error.input_bytes,
            ),
        }
        raise type(error)(json.dumps(attempt)) from None
    attempt = _attempt(call, started, clock(), memory_mb) | {
        "outcome": "TRUNCATED" if answer.truncated else "OK",
        "served": True,
        **_known(**answer.facts),
    }
    status = "TRUNCATED" if answer.truncated else "SUCCEEDED"
    return {
        "answer": answer.text,
        "output_s3": answer.output_s3,
        "status": status,
        "attempt": attempt,
    }


def unknown_provider(name: str) -> InvalidModelRequest:
    """Return the error for a provider that no adapter speaks to."""
    return InvalidModelRequest(f"unknown provider {name}: write bedrock, openai or anthropic")


def _attempt(call: ModelCall, started: datetime, ended: datetime, memory_mb: int) -> dict[str, Any]:
    latency_ms = round((ended - started).total_seconds() * 1000)
    return {
        "provider": call.provider,
        "model": call.model,
        "max_tokens": call.max_tokens,
        "mode": call.mode,
        "started_at": iso(started),
        "ended_at": iso(ended),
        "latency_ms": latency_ms,
        "lambda_ms": latency_ms,
        "lambda_mb": memory_mb,
    }


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _without_quotation(detail: str, call: ModelCall) -> str:
    prompt = "\0".join([call.system or "", *(turn["content"] for turn in call.messages)])
    runs = (detail[at : at + _QUOTATION] for at in range(max(1, len(detail) - _QUOTATION + 1)))
    if any(len(run) == _QUOTATION and run in prompt for run in runs):
        return "(the provider's message quotes the prompt and is left out)"
    return detail[:_DETAIL_LENGTH]
