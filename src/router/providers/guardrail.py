"""The account's Bedrock guardrail: part of Converse, and put around providers that know none.

What a guardrail stops is ``Blocked``, whoever would have answered, and no other model is asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from router import errors
from router.catalog.providers import PROVIDERS
from router.invocation.call import Answer, ModelCall, Provider
from router.providers.guardrail_trace import policies_named

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail's id or ARN, and its version (a number, or ``DRAFT``)."""

    id: str
    version: str

    @classmethod
    def from_environment(cls) -> Guardrail | None:
        """Return the deployment's guardrail, ``None`` where it has none."""
        id = os.environ.get("BEDROCK_GUARDRAIL_ID")
        return cls(id, os.environ["BEDROCK_GUARDRAIL_VERSION"]) if id else None

    def config(self) -> dict[str, str]:
        """Return Converse's ``guardrailConfig``. The trace names the policy that intervened."""
        return {
            "guardrailIdentifier": self.id,
            "guardrailVersion": self.version,
            "trace": "enabled",
        }


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
        """Return the answer if the guardrail lets both texts pass; see ``Provider``."""
        try:
            stopped = self._stopped("INPUT", (turn["content"] for turn in call.messages))
        except (ClientError, BotoCoreError) as error:
            raise _not_asked(error) from error
        if stopped is not None:
            # The model was never called: the zeros that Converse reports for an input it stops.
            raise errors.Blocked(stopped, usage=PROVIDERS[call.provider].no_usage)
        answer = self._provider.complete(call)
        try:
            stopped = self._stopped("OUTPUT", [answer.text])
        except (ClientError, BotoCoreError) as error:
            # It is paid for, and nobody said that it may be shown.
            name = type(_not_asked(error)).__name__
            raise errors.BadResponse(
                f"the guardrail did not see it: {name}", **answer.facts
            ) from error
        if stopped is not None:
            raise errors.Blocked(stopped, **answer.facts)
        return answer

    def _stopped(self, source: Literal["INPUT", "OUTPUT"], texts: Iterable[str]) -> str | None:
        """Return which policies stop the texts, ``None`` if they pass."""
        found = self._client.apply_guardrail(
            guardrailIdentifier=self._guardrail.id,
            guardrailVersion=self._guardrail.version,
            source=source,
            content=[{"text": {"text": text}} for text in texts],
        )
        if found["action"] == "NONE":
            return None
        return policies_named(source, found["assessments"])


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
