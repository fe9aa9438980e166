"""The account's Bedrock guardrail: part of Converse, and put around providers without one.

Text that a guardrail stops is ``Blocked``, whichever model would have answered, and no other model
is asked. It sees every text that is sent and that is answered. Converse itself shows it only what
users and models say, so instructions, the schema, tools and what they gave back are shown to it
first, and a model's calls of tools before they go out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router import errors
from router.catalog.providers import PROVIDERS
from router.invocation.call import Answer, Done, ModelCall, StreamingProvider
from router.providers.guarded_texts import all_texts, texts_of, unseen_texts
from router.providers.guardrail_trace import added, policies_named

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

    from router.conversation.events import Delta


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail's id or ARN, and its version (a number, or ``DRAFT``)."""

    id: str
    version: str

    @classmethod
    def from_environment(cls) -> Guardrail | None:
        """Return the deployment's guardrail, ``None`` if it has none."""
        id = os.environ.get("BEDROCK_GUARDRAIL_ID")
        return cls(id, os.environ["BEDROCK_GUARDRAIL_VERSION"]) if id else None

    def config(self) -> dict[str, str]:
        """Return Converse's ``guardrailConfig``. The trace names the policy that intervened."""
        return {
            "guardrailIdentifier": self.id,
            "guardrailVersion": self.version,
            "trace": "enabled",
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """What ``ApplyGuardrail`` found: which policies intervened, if any, and the units billed."""

    stopped: str | None
    units: Mapping[str, int]


def assess(
    client: BedrockRuntimeClient,
    guardrail: Guardrail,
    source: Literal["INPUT", "OUTPUT"],
    texts: Iterable[str],
) -> Assessment:
    """Show texts to the guardrail; botocore's errors are the caller's."""
    found: Any = client.apply_guardrail(
        guardrailIdentifier=guardrail.id,
        guardrailVersion=guardrail.version,
        source=source,
        content=[{"text": {"text": text}} for text in texts],
    )
    stopped = found["action"] != "NONE"
    reason = policies_named(source, found.get("assessments")) if stopped else None
    return Assessment(reason, added(found.get("usage")))


def check_unseen(
    client: BedrockRuntimeClient, guardrail: Guardrail, call: ModelCall
) -> Mapping[str, int]:
    """Show what Converse's own guardrail does not see of a call; return the units.

    Raise ``Blocked``, or what it means that the guardrail did not answer.
    """
    return _check_sent(client, guardrail, unseen_texts(call), PROVIDERS["bedrock"].no_usage)


def check_answer(
    client: BedrockRuntimeClient, guardrail: Guardrail, answer: Answer, texts: Sequence[str]
) -> Answer:
    """Show texts of an answer; return it with the units, or raise ``Blocked``."""
    if not texts:
        return answer
    try:
        found = assess(client, guardrail, "OUTPUT", texts)
    except (ClientError, BotoCoreError) as error:
        # The answer is paid for, but not cleared.
        name = type(_not_asked(error)).__name__
        raise errors.BadResponse(f"the guardrail did not see it: {name}", **answer.facts) from error
    seen = replace(answer, guardrail_units=added(answer.guardrail_units, found.units))
    if found.stopped is not None:
        raise errors.Blocked(found.stopped, **seen.facts)
    return seen


def _check_sent(
    client: BedrockRuntimeClient,
    guardrail: Guardrail,
    texts: Sequence[str],
    no_usage: Mapping[str, int],
) -> Mapping[str, int]:
    if not texts:
        return {}
    try:
        found = assess(client, guardrail, "INPUT", texts)
    except (ClientError, BotoCoreError) as error:
        raise _not_asked(error) from error
    if found.stopped is not None:
        # The model was never called: the zeros that Converse reports for an input it stops.
        raise errors.Blocked(found.stopped, usage=no_usage, guardrail_units=found.units)
    return found.units


class Guarded:
    """A provider whose input and answers pass the guardrail through ``ApplyGuardrail``."""

    def __init__(
        self, provider: StreamingProvider, guardrail: Guardrail, client: BedrockRuntimeClient
    ) -> None:
        self._provider = provider
        self._guardrail = guardrail
        self._client = client

    @classmethod
    def around(cls, provider: StreamingProvider, guardrail: Guardrail) -> Guarded:
        """Return the provider behind the guardrail. Assessing twice does no harm: it may retry."""
        config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 4})
        return cls(provider, guardrail, boto3.client("bedrock-runtime", config=config))

    def complete(self, call: ModelCall) -> Answer:
        """Return the answer if the guardrail lets all texts pass; see ``Provider``."""
        units = self._check(call)
        with units_in_errors(units):
            answer = self._provider.complete(call)
        return self._passed(answer, units)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        """Yield the answer in one piece: no word of it goes out before the guardrail saw it all."""
        from router.invocation.pieces import pieces_of

        units = self._check(call)
        with units_in_errors(units):
            pieces = list(self._provider.stream(call))
        done = next(piece for piece in pieces if isinstance(piece, Done))
        yield from pieces_of(self._passed(done.answer, units))

    def _check(self, call: ModelCall) -> Mapping[str, int]:
        no_usage = PROVIDERS[call.provider].no_usage
        return _check_sent(self._client, self._guardrail, all_texts(call), no_usage)

    def _passed(self, answer: Answer, units: Mapping[str, int]) -> Answer:
        answer = replace(answer, guardrail_units=added(answer.guardrail_units, units))
        return check_answer(self._client, self._guardrail, answer, texts_of(answer))


@contextmanager
def units_in_errors(units: Mapping[str, int]) -> Iterator[None]:
    """Add what a guardrail has cost to the error that a call ends with."""
    try:
        yield
    except errors.CallError as error:
        error.guardrail_units = added(error.guardrail_units, units)
        raise


def _not_asked(error: ClientError | BotoCoreError) -> errors.CallError:
    """Return what a guardrail that did not answer means before the model was called: no bill."""
    if isinstance(error, BotoCoreError):
        return errors.Unreachable(f"the guardrail: {type(error).__name__}")
    code = code_of(error)
    kinds: dict[str, type[errors.CallError]] = {
        "ThrottlingException": errors.Throttled,
        "ServiceQuotaExceededException": errors.Throttled,
        "AccessDeniedException": errors.AccessDenied,
        "ResourceNotFoundException": errors.ModelNotFound,
        "ValidationException": errors.InvalidModelRequest,
    }
    return kinds.get(code, errors.Overloaded)(f"the guardrail: {code}")
