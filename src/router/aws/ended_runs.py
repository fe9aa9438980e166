"""Step Functions as ``record_outcome`` and ``sweep`` see it: runs that ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.clock import iso, now
from router.encoding import json_object
from router.errors import StoreUnavailable
from router.intake.identity import requested_key
from router.recovery.close import EndedRun
from router.recovery.history import Event

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_CAUSES = {"TIMED_OUT": "WorkflowTimedOut", "ABORTED": "Aborted", "SUCCEEDED": "OutcomeNotRecorded"}


@lru_cache(maxsize=1)
def step_functions() -> SFNClient:
    """Return the client, made once a process."""
    return boto3.client("stepfunctions")


def ended_run(
    client: SFNClient, arn: str, key_of: Callable[[Any, str], str] = requested_key
) -> tuple[str, EndedRun] | None:
    """Return the key and the end of a Standard run, or ``None`` while it still runs.

    ``key_of`` takes the run's input and name; by default it gives the key of its request.

    Raise ``StoreUnavailable`` if Step Functions does not answer. A run that it no longer has (its
    history is kept for 90 days) is over, and whether it called a model is not known.
    """
    try:
        return _ended_run(client, arn, key_of)
    except ClientError as error:
        if code_of(error) != "ExecutionDoesNotExist":
            raise StoreUnavailable(code_of(error)) from error
        return arn.rsplit(":", 1)[-1], EndedRun(arn, "Abandoned", iso(now()), None)
    except BotoCoreError as error:
        raise StoreUnavailable(type(error).__name__) from error


def _ended_run(
    client: SFNClient, arn: str, key_of: Callable[[Any, str], str]
) -> tuple[str, EndedRun] | None:
    run: Any = client.describe_execution(executionArn=arn)
    if run["status"] in ("RUNNING", "PENDING_REDRIVE"):
        return None
    cause = _CAUSES.get(run["status"]) or run.get("error") or "Failed"
    key = key_of(json_object(run.get("input")), run["name"])
    ended_at = iso(run.get("stopDate") or now())
    return key, EndedRun(arn, cause, ended_at, list(_history(client, arn)), run["status"])


def _history(client: SFNClient, arn: str) -> Iterator[Event]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn, includeExecutionData=True
    )
    for page in pages:
        yield from page["events"]
