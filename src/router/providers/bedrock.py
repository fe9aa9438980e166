"""Bedrock through the Converse API of ``bedrock-runtime``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from router import errors
from router.invocation.call import Answer, ModelCall
from router.providers.bedrock_converse import read_converse
from router.providers.guardrail import Guardrail, check_instructions
from router.providers.guardrail_trace import added
from router.providers.json_modes import for_claude, has_claude_mode
from router.providers.statuses import error_of_status, words

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

# Names from botocore's model of bedrock-runtime.
_ERRORS: Mapping[str, type[errors.CallError]] = {
    "ThrottlingException": errors.Throttled,
    "ServiceQuotaExceededException": errors.Throttled,
    "ModelNotReadyException": errors.Overloaded,
    "ServiceUnavailableException": errors.Overloaded,
    "ValidationException": errors.InvalidModelRequest,
    "AccessDeniedException": errors.AccessDenied,
    "UnrecognizedClientException": errors.AccessDenied,
    "ExpiredTokenException": errors.AccessDenied,
    "ResourceNotFoundException": errors.ModelNotFound,
    "ModelTimeoutException": errors.ModelTimeout,
    "ModelErrorException": errors.ModelError,
    "InternalServerException": errors.ModelError,
}
_TOO_LONG = ("too long", "context window", "maximum context", "input length")


class Bedrock:
    """Calls a model, a system profile (``us.…``) or an inference-profile ARN."""

    def __init__(self, client: BedrockRuntimeClient, guardrail: Guardrail | None = None) -> None:
        self._client = client
        self._guardrail = guardrail

    @classmethod
    def from_environment(cls) -> Bedrock:
        """Return the adapter with the function's own time limit and the deployment's guardrail."""
        seconds = float(os.environ["MODEL_TIMEOUT_SECONDS"])
        return cls.within(seconds, Guardrail.from_environment())

    @classmethod
    def within(cls, seconds: float, guardrail: Guardrail | None = None) -> Bedrock:
        """Return the adapter with one wire call an attempt: the caller owns retries.

        botocore would send a call again after its read time-out, and both would be billed.
        """
        config = Config(
            connect_timeout=min(5.0, seconds),
            read_timeout=seconds,
            retries={"total_max_attempts": 1},
        )
        return cls(boto3.client("bedrock-runtime", config=config), guardrail)

    def complete(self, call: ModelCall) -> Answer:
        """Return the model's text; see ``Provider``."""
        units: Mapping[str, int] = {}
        if self._guardrail:
            units = check_instructions(self._client, self._guardrail, call)
        try:
            answer = read_converse(self._converse(self._arguments(call)), call)
        except errors.CallError as error:
            error.guardrail_units = added(error.guardrail_units, units)
            raise
        return replace(answer, guardrail_units=added(answer.guardrail_units, units) or None)

    def _arguments(self, call: ModelCall) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "modelId": _profiles().get(call.model, call.model),
            "messages": [
                {"role": turn["role"], "content": [{"text": turn["content"]}]}
                for turn in call.messages
            ],
            # No temperature, topP or topK: the models of today refuse them.
            "inferenceConfig": {"maxTokens": call.max_tokens},
            **_how_to_serve(call),
        }
        if call.schema is not None:
            call = self._bound_to_schema(call, arguments)
        if self._guardrail:
            arguments["guardrailConfig"] = self._guardrail.config()
        if call.system:
            arguments["system"] = [{"text": call.system}]
            if call.marks_system:
                arguments["system"].append({"cachePoint": {"type": "default"}})
        return arguments

    def _converse(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._client.converse(**arguments)
        except ClientError as error:
            raise _of_client_error(error) from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise errors.Unreachable(type(error).__name__) from error
        except ReadTimeoutError as error:
            raise errors.ModelTimeout("no answer within the time limit") from error
        except ParamValidationError as error:
            # Nothing was sent: the runtime's own botocore may be older than a field.
            raise errors.InvalidModelRequest("this botocore cannot ask it") from error
        except NoCredentialsError as error:
            raise errors.AccessDenied(type(error).__name__) from error
        except ResponseParserError as error:
            raise errors.BadResponse("the body is not Converse's JSON") from error
        except BotoCoreError as error:
            raise errors.ModelError(type(error).__name__) from error

    def _bound_to_schema(self, call: ModelCall, arguments: dict[str, Any]) -> ModelCall:
        """Put the schema into the arguments; return the call, with words for the rest."""
        from router.invocation.answer_schema import with_schema_instructions

        mode = for_claude(call.schema or {}) if self._has_mode(call.model) else None
        if mode is not None:
            definition = {"name": "answer", "schema": json.dumps(mode, ensure_ascii=False)}
            arguments["outputConfig"] = {
                "textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}
            }
        return call if mode == call.schema else with_schema_instructions(call)

    def _has_mode(self, model: str) -> bool:
        # The runtime's own botocore may be older than the field.
        converse: Any = self._client.meta.service_model.operation_model("Converse")
        return has_claude_mode(model) and "outputConfig" in converse.input_shape.members


@lru_cache(maxsize=1)
def _profiles() -> Mapping[str, str]:
    """Return the ARNs that models are called by, if the deployment has profiles of its own."""
    profiles: Mapping[str, str] = json.loads(os.environ.get("BEDROCK_PROFILES", "{}"))
    return profiles


def _how_to_serve(call: ModelCall) -> dict[str, Any]:
    asked = {
        "serviceTier": {"type": call.service_tier},
        "performanceConfig": {"latency": call.latency},
    }
    return {field: words for field, words in asked.items() if all(words.values())}


def _of_client_error(error: ClientError) -> errors.CallError:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    too_long = any(sign in message.lower() for sign in _TOO_LONG)
    if (kind := _ERRORS.get(code)) is None:
        return error_of_status(status, words(code), too_long=too_long)
    if kind is errors.InvalidModelRequest and too_long:
        kind = errors.ContextTooLong
    return kind(code)
