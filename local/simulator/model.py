"""What the providers' wire formats have in common: a question, an answer, a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from local.simulator.conversation import (
    AS_THE_MODEL_LIKES,
    Choice,
    Tool,
    ToolCall,
    Turn,
    marked_texts,
)

if TYPE_CHECKING:
    from local.simulator.deltas import Delta

Json = dict[str, Any]
Ending = Literal["end", "length", "refusal", "filter", "guardrail", "tools", "stop"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as the model sees it; `prompt` is all of its text, `question` what is asked now.

    `marked` are the texts in front of the caller's marks for the prompt cache.
    `service_tier` and `latency` are the provider's own words, "" if nothing was asked.
    `turns` are the conversation, the system's first. `thinks` is None if the request leaves it to
    the model. A stream's usage comes with its last event, if `stream_usage`. `sealed_reasoning`:
    the caller wants reasoning to send back. `embeds`: a vector of so many dimensions is asked for,
    and the reply's text is it, as JSON.
    """

    model: str
    prompt: str
    question: str
    max_tokens: int | None
    schema: Mapping[str, Any] | None
    marked: Sequence[str] = ()
    turns: Sequence[Turn] = ()
    guarded: bool = False
    service_tier: str = ""
    latency: str = ""
    tools: Sequence[Tool] = ()
    choice: Choice = AS_THE_MODEL_LIKES
    stops: Sequence[str] = ()
    thinks: bool | None = None
    stream: bool = False
    stream_usage: bool = True
    sealed_reasoning: bool = False
    embeds: int = 0


def asking(turns: Sequence[Turn], model: str, max_tokens: int | None, **more: Any) -> Ask:
    """Return the request that these turns make."""
    asked = turns[-1].words or next(
        (turn.words for turn in reversed(turns) if turn.role == "user" and turn.words), ""
    )
    return Ask(
        model=model,
        prompt="\n".join(turn.text for turn in turns if turn.text),
        question=asked,
        max_tokens=max_tokens,
        turns=tuple(turns),
        marked=marked_texts(more.get("tools", ()), turns),
        **{"schema": None, **more},
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Tokens of the marked text that came out of the prompt cache, or went into it."""

    read: int = 0
    written: int = 0


NOTHING_KEPT = Kept()


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's reply; token counts are those a provider would bill, if they are known.

    `input_tokens` leaves out what is `kept`. `stopped_by` is the stop sequence that ended the text.
    `stop_reason` is said to be the end in place of the provider's own word, if it is given.
    """

    text: str
    thinking: str
    input_tokens: int
    output_tokens: int
    thinking_tokens: int
    ending: Ending
    kept: Kept = NOTHING_KEPT
    usage_known: bool = True
    calls: Sequence[ToolCall] = ()
    stopped_by: str | None = None
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; `model` is the path's, "" if the body names it."""

    model: str
    body: Json
    headers: Mapping[str, str]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply on its way out; `usage_says` replaces fields of the usage, right or wrong."""

    ask: Ask
    reply: Reply
    request_id: str
    milliseconds: int
    usage_says: Mapping[str, Any] = field(default_factory=dict)

    def usage(self, counted: Json) -> Json | None:
        """The usage as it is said to the caller, None if nothing is."""
        if not self.reply.usage_known and not self.usage_says:
            return None
        return {**(counted if self.reply.usage_known else {}), **self.usage_says}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream; `usage` is the call's, in the one event that has it."""

    name: str
    data: Json
    usage: Json | None = None


class Reject(Exception):
    """An error in the provider's own terms: HTTP status, its code for it, its message.

    The server fills in `request_id`, which some providers repeat in the body.
    """

    def __init__(self, status: int, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.request_id = ""


class Provider(Protocol):
    """One wire format. All methods are pure; `Reject` is the only exception they raise."""

    name: str
    stream_type: str
    stream_failure: int  # the status of the error that ends a stream, unless another is ordered

    def model_of(self, path: str) -> str | None:
        """The model in the path, "" if the body names it, None if the path is not ours."""

    def authorize(self, headers: Mapping[str, str], knows: Callable[[str], bool]) -> str:
        """Answer the caller's key, or refuse one that is missing or not known."""

    def read(self, request: Request) -> Ask:
        """Check the request as the real model does, and answer what it asks."""

    def answer(self, answered: Answered) -> Json:
        """The body of a 200."""

    def without_content(self, body: Json) -> Json:
        """The same body with its list of answers empty."""

    def events(self, answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
        """The same answer as a stream, in the provider's order; the last delta has all of it."""

    def stream_error(self, reject: Reject, sequence: int, /) -> Event:
        """The event that ends a stream with an error, `sequence` events after its start."""

    def frame(self, event: Event) -> bytes:
        """The event as it crosses the wire."""

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        """The provider's usual error for a status, for faults on order."""

    def error(self, reject: Reject) -> Json:
        """The body of an error."""

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        """The headers the provider adds to an answer or an error."""
