from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from router.aws.executions import Executions
from router.errors import InvalidRequest
from router.executions.run import Busy, NoSuchRun, NotStarted, Run

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:faregate"


class Client:
    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.asked: list[str] = []

    def start_execution(self, **_: Any) -> None:
        if self.error:
            raise self.error

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(executionArn)
        return {"status": "FAILED", "input": "{}", "error": "RateLimited", "cause": "later"}


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "StartExecution")


def start(error: Exception | None) -> Run | None:
    return Executions(Client(error), ARN).start("r-1", "{}")  # type: ignore[arg-type]


def test_a_new_run_has_no_earlier_one() -> None:
    assert start(None) is None


def test_a_name_in_use_answers_the_run_that_has_it() -> None:
    client = Client(refusal("ExecutionAlreadyExists"))

    earlier = Executions(client, ARN).start("r-1", "{}")  # type: ignore[arg-type]

    assert earlier == Run("FAILED", "{}", "RateLimited", "later")
    assert client.asked == ["arn:aws:states:us-east-1:123456789012:execution:faregate:r-1"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refusal("ThrottlingException"), Busy),
        (refusal("ExecutionLimitExceeded"), Busy),
        (refusal("KmsThrottlingException"), Busy),
        (refusal("Whatever", 503), Busy),
        (ReadTimeoutError(endpoint_url="https://states"), Busy),
        (refusal("InvalidExecutionInput"), InvalidRequest),
        (refusal("ValidationException"), InvalidRequest),
        (refusal("AccessDeniedException"), NotStarted),
        (refusal("StateMachineDoesNotExist"), NotStarted),
    ],
)
def test_an_error_tells_whether_to_wait_to_mend_the_request_or_the_set_up(
    error: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        start(error)


@pytest.mark.parametrize(
    ("code", "is_missing"), [("ExecutionDoesNotExist", True), ("AccessDeniedException", False)]
)
def test_a_run_that_is_not_there_is_told_from_one_that_nobody_may_see(
    code: str, is_missing: bool
) -> None:
    class Blind(Client):
        def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
            raise refusal(code)

    with pytest.raises(NotStarted) as failed:
        Executions(Blind(None), ARN).describe("r-1")  # type: ignore[arg-type]

    assert isinstance(failed.value, NoSuchRun) == is_missing
