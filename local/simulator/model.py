"""What the providers' wire formats have in common: a question, an answer, a refusal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Ending = Literal["end", "length", "refusal", "filter", "guardrail"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as the model sees it; `prompt` is all of its text, `question` the last turn's.

    `marked` is the text in front of the caller's mark for the prompt cache.
    `service_tier` and `latency` are the provider's own words, "" if nothing was asked.
    `turns` are the same texts as (role, text), the system's first.
    """

    model: str
    prompt: str
    question: str
    max_tokens: int | None
    schema: Mapping[str, Any] | None
    marked: str = ""
    turns: Sequence[tuple[str, str]] = ()
    guarded: bool = False
    service_tier: str = ""
    latency: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Tokens of the marked text that came out of the prompt cache, or went into it."""

    read: int = 0
    written: int = 0


NOTHING_KEPT = Kept()


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's reply; token counts are those a provider would bill, if they are known.

    `input_tokens` leaves out what is `kept`.
    """

    text: str
    thinking: str
    input_tokens: int
    output_tokens: int
    thinking_tokens: int
    ending: Ending
    kept: Kept = NOTHING_KEPT
    usage_known: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; `model` is the path's, "" if the body names it."""

    model: str
    body: Json
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply on its way out."""

    ask: Ask
    reply: Reply
    request_id: str
    milliseconds: int


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


def turns_of(
    system: str | None, messages: Sequence[Json], texts: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Return (role, text) of a conversation whose messages have these texts."""
    first = (("system", system),) if system else ()
    roles = [message.get("role", "user") for message in messages]
    return first + tuple(zip(roles, texts, strict=True))


class Provider(Protocol):
    """One wire format. All methods are pure; `Reject` is the only exception they raise."""

    name: str

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

    def reject(self, status: int, code: str | None, message: str | None) -> Reject:
        """The provider's usual error for a status, for faults on order."""

    def error(self, reject: Reject) -> Json:
        """The body of an error."""

    def headers(self, request_id: str, reject: Reject | None) -> dict[str, str]:
        """The headers the provider adds to an answer or an error."""
