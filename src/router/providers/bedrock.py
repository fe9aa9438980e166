"""Bedrock through the Converse API of ``bedrock-runtime``."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.eventstream import ParserError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError as UrllibError
from urllib3.exceptions import ReadTimeoutError as UrllibTimeoutError

from router import errors
from router.invocation.call import Answer, Done, ModelCall
from router.providers.bedrock_converse import read_converse
from router.providers.bedrock_request import converse_arguments
from router.providers.guarded_texts import unseen_in
from router.providers.guardrail import Guardrail, check_answer, check_unseen, units_in_errors
from router.providers.guardrail_trace import added
from router.providers.statuses import error_of_status, refusal, words

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime.client import BedrockRuntimeClient

    from router.conversation.events import Delta

# Names from botocore's model of bedrock-runtime.
_ERRORS: Mapping[str, type[errors.CallError]] = {
    "ThrottlingException": errors.Throttled,
    "ServiceQuotaExceededException": errors.QuotaExhausted,
    "ModelNotReadyException": errors.Overloaded,
    "ServiceUnavailableException": errors.Overloaded,
    "ValidationException": errors.InvalidModelRequest,
    "AccessDeniedException": errors.AccessDenied,
    "UnrecognizedClientException": errors.AccessDenied,
    "ExpiredTokenException": errors.AccessDenied,
    "ResourceNotFoundException": errors.ModelNotFound,
    "ModelTimeoutException": errors.ModelTimeout,
    "ModelErrorException": errors.ModelError,
    "ModelStreamErrorException": errors.ModelError,
    "InternalServerException": errors.ModelError,
}


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
        """Return the model's answer; see ``Provider``."""
        units = self._check(call)
        with units_in_errors(units):
            answer = read_converse(self._converse(self._arguments(call)), call)
            return self._passed(answer, units)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        """Yield the answer as it is written; see ``Provider``.

        Behind a guardrail a word goes out when Converse has let it pass, and what the guardrail
        there does not see, when it was shown to it at the end.
        """
        from router.conversation.events import TextDelta
        from router.providers.bedrock_stream import ConverseStream
        from router.providers.streamed import read_stream

        units = self._check(call)
        held: list[Delta] = []
        with units_in_errors(units):
            events = self._events(self._arguments(call, streams=True))
            for piece in read_stream(events, ConverseStream(call)):
                if isinstance(piece, Done):
                    answer = self._passed(piece.answer, units)
                    yield from held
                    yield Done(answer)
                elif self._guardrail and not isinstance(piece, TextDelta):
                    held.append(piece)
                else:
                    yield piece

    def _check(self, call: ModelCall) -> Mapping[str, int]:
        return check_unseen(self._client, self._guardrail, call) if self._guardrail else {}

    def _passed(self, answer: Answer, units: Mapping[str, int]) -> Answer:
        if self._guardrail:
            unseen = unseen_in(answer)
            answer = check_answer(self._client, self._guardrail, answer, unseen)
        return replace(answer, guardrail_units=added(answer.guardrail_units, units) or None)

    def _arguments(self, call: ModelCall, *, streams: bool = False) -> dict[str, Any]:
        guarded: dict[str, Any] = {}
        if self._guardrail:
            mode = {"streamProcessingMode": "sync"} if streams else {}
            guarded = {"guardrailConfig": self._guardrail.config() | mode}
        return {
            "modelId": _profiles().get(call.model, call.model),
            **converse_arguments(call, json_mode=call.schema is not None and self._has_json_mode()),
            **guarded,
        }

    def _has_json_mode(self) -> bool:
        # The runtime's own botocore may be older than the field.
        converse: Any = self._client.meta.service_model.operation_model("Converse")
        return "outputConfig" in converse.input_shape.members

    def _converse(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        with _errors_of_wire():
            return self._client.converse(**arguments)

    def _events(self, arguments: Mapping[str, Any]) -> Generator[Any, None, None]:
        with _errors_of_wire():
            stream = self._client.converse_stream(**arguments)["stream"]
            try:
                yield from stream
            finally:
                stream.close()


@contextmanager
def _errors_of_wire() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _of_client_error(error) from error
    except (ConnectTimeoutError, EndpointConnectionError) as error:
        raise errors.Unreachable(type(error).__name__) from error
    except (ReadTimeoutError, UrllibTimeoutError) as error:  # a stream raises urllib3's own
        raise errors.ModelTimeout("no answer within the time limit") from error
    except ParamValidationError as error:
        # Nothing was sent: the runtime's own botocore may be older than a field.
        raise errors.InvalidModelRequest("this botocore cannot ask it") from error
    except NoCredentialsError as error:
        raise errors.AccessDenied(type(error).__name__) from error
    except ResponseParserError as error:
        raise errors.BadResponse("the body is not Converse's JSON") from error
    except (BotoCoreError, UrllibError, ParserError, OSError) as error:
        raise errors.ModelError(type(error).__name__) from error


@lru_cache(maxsize=1)
def _profiles() -> Mapping[str, str]:
    """Return the ARNs that models are called by, if the deployment has profiles of its own."""
    profiles: Mapping[str, str] = json.loads(os.environ.get("BEDROCK_PROFILES", "{}"))
    return profiles


def _of_client_error(error: ClientError) -> errors.CallError:
    code = error.response["Error"].get("Code", "")
    message = error.response["Error"].get("Message", "")
    # Inside a stream the names begin with a small letter, and there is no status.
    if (kind := _ERRORS.get(code[:1].upper() + code[1:])) is None:
        if isinstance(error, EventStreamError):
            return errors.ModelError(words(code))
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return error_of_status("bedrock", status, code, message=message)
    return refusal("bedrock", kind, code, code, message=message)
