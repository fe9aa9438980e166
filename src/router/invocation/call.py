"""One model call and its answer, as every provider's adapter takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from router.catalog.prompt_cache import is_worth_marking, least_tokens
from router.catalog.service_tiers import mode_of
from router.conversation.blocks import Conversation, Reasoning, ToolCall
from router.conversation.loop import tag_of
from router.conversation.said import Said
from router.intake.call_options import CallOptions
from router.review.bands import Review

if TYPE_CHECKING:
    from router.conversation.events import Delta


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call as the route plan asks for it.

    ``draft_s3`` is an answer that did not fit the schema of ``options``, to be repaired. With
    ``prompt_cache`` the provider is asked to keep the instructions for the next call, with
    ``cache_points`` all of the prompt; ``cache_key`` tells OpenAI which calls share one. The
    provider chooses ``service_tier`` and ``latency`` if they are ``None``. ``without`` are sampling
    options that the model does not take. A conversation too large for the workflow is in the
    payload at ``payload_s3``, see ``router.invocation.stored_input``.
    """

    provider: str
    model: str
    conversation: Conversation
    max_tokens: int
    request_id: str = ""
    options: CallOptions = field(default_factory=CallOptions)
    review: Review | None = None
    draft_s3: str | None = None
    prompt_cache: bool = False
    service_tier: str | None = None
    latency: str | None = None
    without: tuple[str, ...] = ()
    payload_s3: str | None = None
    cache_points: bool = False
    cache_key: str | None = None

    @property
    def sampling(self) -> Mapping[str, Any]:
        """The sampling options that are sent: those that the model takes."""
        return self.options.without(self.without).sampling

    @property
    def own_stops(self) -> tuple[str, ...]:
        """The texts that end the answer and that the model cannot be given: they are kept here."""
        return (self.options.stop or ()) if "stop" in self.without else ()

    @property
    def may_stream(self) -> bool:
        """Whether its answer may be passed on as it is written: nothing is checked or cut first."""
        return self.schema is None and self.review is None and not self.own_stops

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema that the answer must fit."""
        return self.options.response_schema

    @property
    def tag(self) -> str:
        """The tag of its model on the ids of tool calls."""
        return tag_of(self.provider, self.model)

    @property
    def by(self) -> str:
        """Who answers, as thinking that goes back names its writer."""
        return f"{self.provider}/{self.model}"

    @property
    def mode(self) -> str:
        """The mode in which the call is priced, unless the provider reports another."""
        return mode_of(self.service_tier, self.latency)

    @property
    def marks_system(self) -> bool:
        """Whether the call asks the provider's prompt cache to keep the instructions."""
        return self.prompt_cache and is_worth_marking(self.model, self.conversation.system_text)

    @property
    def points_from(self) -> int | None:
        """From how many tokens on points of ours have an effect, ``None`` if it has none."""
        return least_tokens(self.model) if self.cache_points else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered: a text, calls of tools, or both.

    ``usage`` is the provider's own object, ``None`` if none came. ``reasoning`` goes back to the
    model with the results of its ``calls``. An answer too large to hand on is at ``output_s3``, and
    nothing else is here. ``mode`` is the service tier that the provider reports, ``None`` if it
    reports none. ``altered`` if characters that no store accepts were replaced. ``guardrail_units``
    are the units billed for a guardrail, by policy.
    """

    text: str
    truncated: bool
    usage: Mapping[str, Any] | None
    response_model: str | None
    output_s3: str | None = None
    mode: str | None = None
    altered: bool = False
    guardrail_units: Mapping[str, int] | None = None
    calls: tuple[ToolCall, ...] = ()
    reasoning: tuple[Reasoning, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the call that an error carries if the answer does not reach the caller."""
        return {
            "usage": self.usage,
            "response_model": self.response_model,
            "mode": self.mode,
            "guardrail_units": self.guardrail_units,
            "altered": self.altered,
        }

    @property
    def said(self) -> Said:
        """What the caller gets of it."""
        return Said(self.text, self.calls, self.reasoning)

    def saying(self, said: Said, *, altered: bool = False) -> Answer:
        """Return the answer with other words."""
        return replace(
            self,
            text=said.text,
            calls=said.calls,
            reasoning=said.reasoning,
            altered=self.altered or altered,
        )

    def with_text(self, text: str, *, altered: bool = False) -> Answer:
        """Return the answer with another text."""
        return replace(self, text=text, altered=self.altered or altered)


@dataclass(frozen=True, slots=True)
class Done:
    """The last piece of a stream: the whole answer, with its usage."""

    answer: Answer


class Provider(Protocol):
    """One provider's API: an answer, or a ``CallError`` for what happened on the wire."""

    def complete(self, call: ModelCall) -> Answer: ...


class StreamingProvider(Provider, Protocol):
    """A provider that also gives the answer as it is written, and ``Done`` last.

    The call is made when the first piece is asked for; an error after a piece carries the usage
    that is known by then.
    """

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]: ...
