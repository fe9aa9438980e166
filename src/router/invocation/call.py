"""One model call and its answer, as every provider's adapter takes and gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from router.catalog.prompt_cache import is_worth_marking
from router.catalog.service_tiers import mode_of
from router.review.bands import Review


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
