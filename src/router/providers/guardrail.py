"""The account's Bedrock guardrail: part of Converse, and put around providers without one.

Text that a guardrail stops is ``Blocked``, whichever model would have answered, and no other model
is asked. It sees every text that is sent: Converse itself shows it only the turns, so system and
schema are shown to it first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from router import errors
from router.catalog.providers import PROVIDERS
from router.invocation.call import Answer, ModelCall, Provider
from router.providers.guardrail_trace import added, policies_named

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient


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


def check_instructions(
    client: BedrockRuntimeClient, guardrail: Guardrail, call: ModelCall
) -> Mapping[str, int]:
    """Show what Converse's own guardrail does not see: system and schema; return the units.

    Raise ``Blocked``, or what it means that the guardrail did not answer.
    """
    texts = instructions_of(call)
    if not texts:
        return {}
    try:
        found = assess(client, guardrail, "INPUT", texts)
    except (ClientError, BotoCoreError) as error:
        raise _not_asked(error) from error
    if found.stopped is not None:
        zeros = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
        raise errors.Blocked(found.stopped, usage=zeros, guardrail_units=found.units)
    return found.units


def instructions_of(call: ModelCall) -> list[str]:
    """Return the texts of a call that are in no turn."""
    schema = [json.dumps(call.schema, ensure_ascii=False)] if call.schema is not None else []
    return [*([call.system] if call.system else []), *schema]


class Guarded:
    """A provider whose input and answers pass the guardrail through ``ApplyGuardrail``."""

    def __init__(
        self, provider: Provider, guardrail: Guardrail, client: BedrockRuntimeClient
    ) -> None:
        self._provider = provider
        self._guardrail = guardrail
        self._client = client

    @classmethod
    def around(cls, provider: Provider, guardrail: Guardrail) -> Guarded:
        """Return the provider behind the guardrail. Assessing twice does no harm: it may retry."""
        config = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 4})
        return cls(provider, guardrail, boto3.client("bedrock-runtime", config=config))

    def complete(self, call: ModelCall) -> Answer:
        """Return the answer if the guardrail lets all texts pass; see ``Provider``."""
        sent = [*instructions_of(call), *(turn["content"] for turn in call.messages)]
        try:
            asked = assess(self._client, self._guardrail, "INPUT", sent)
        except (ClientError, BotoCoreError) as error:
            raise _not_asked(error) from error
        if asked.stopped is not None:
            # The model was never called: the zeros that Converse reports for an input it stops.
            zeros = PROVIDERS[call.provider].no_usage
            raise errors.Blocked(asked.stopped, usage=zeros, guardrail_units=asked.units)
        try:
            answer = self._provider.complete(call)
        except errors.CallError as error:
            error.guardrail_units = asked.units
            raise
        return self._shown(replace(answer, guardrail_units=asked.units))

    def _shown(self, answer: Answer) -> Answer:
        if not answer.text:
            return answer
        try:
            found = assess(self._client, self._guardrail, "OUTPUT", [answer.text])
        except (ClientError, BotoCoreError) as error:
            # The answer is paid for, but not cleared.
            name = type(_not_asked(error)).__name__
            raise errors.BadResponse(
                f"the guardrail did not see it: {name}", **answer.facts
            ) from error
        seen = replace(answer, guardrail_units=added(answer.guardrail_units, found.units))
        if found.stopped is not None:
            raise errors.Blocked(found.stopped, **seen.facts)
        return seen


def _not_asked(error: ClientError | BotoCoreError) -> errors.CallError:
    """Return what a guardrail that did not answer means before the model was called: no bill."""
    if isinstance(error, BotoCoreError):
        return errors.Unreachable(f"the guardrail: {type(error).__name__}")
    code = error.response["Error"]["Code"]
    kinds: dict[str, type[errors.CallError]] = {
        "ThrottlingException": errors.Throttled,
        "ServiceQuotaExceededException": errors.Throttled,
        "AccessDeniedException": errors.AccessDenied,
        "ResourceNotFoundException": errors.ModelNotFound,
        "ValidationException": errors.InvalidModelRequest,
    }
    return kinds.get(code, errors.Overloaded)(f"the guardrail: {code}")
