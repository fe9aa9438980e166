"""Step Functions as the queue and the batch see it: one execution for one request."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.errors import InvalidRequest
from router.executions.run import Busy, NoSuchRun, NotStarted, Run

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_BUSY = {
    "ExecutionLimitExceeded",
    "InternalFailure",
    "KmsThrottlingException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_INVALID = {"InvalidExecutionInput", "InvalidName", "ValidationException"}


class Executions:
    """The executions of one state machine."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, name: str, payload: str) -> Run | None:
        """Start an execution; return ``None``, or the run that has had the name before.

        On a Standard machine a second start of a run that is still open, with the same input, is
        that run, and ``None``. An Express machine ignores names: it starts another run, which the
        REQUEST row recognises. Raise ``Busy``, ``NotStarted``, or ``InvalidRequest`` for an input
        that Step Functions cannot take.
        """
        return None if self.start_once(name, payload) else self.describe(name)

    def start_once(self, name: str, payload: str) -> bool:
        """Start an execution; return ``False`` if a closed one, or another input, has the name.

        Raise as ``start`` does.
        """
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=payload)
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            if code_of(error) in _INVALID:
                raise InvalidRequest(
                    "Step Functions does not take the request as input: it must be JSON of at most"
                    " 262144 bytes"
                ) from error
            raise _failure(error) from error
        except BotoCoreError as error:
            raise Busy(type(error).__name__) from error
        return True

    def describe(self, name: str) -> Run:
        """Return a run of a Standard machine; raise ``Busy``, ``NoSuchRun`` or ``NotStarted``."""
        arn = self._arn.replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            found: Any = self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            raise _failure(error) from error
        except BotoCoreError as error:
            raise Busy(type(error).__name__) from error
        return Run(
            found["status"],
            found.get("input", ""),
            found.get("error"),
            found.get("cause"),
            found.get("output"),
        )


def _failure(error: ClientError) -> Exception:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code_of(error) in _BUSY or status >= 500:
        return Busy(code_of(error))
    unknown = code_of(error) == "ExecutionDoesNotExist"
    return (NoSuchRun if unknown else NotStarted)(code_of(error))


@lru_cache(maxsize=1)
def executions() -> Executions:
    """Return the deployment's executions; the client is made once a process."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
    return Executions(boto3.client("stepfunctions", config=config), os.environ["STATE_MACHINE_ARN"])
