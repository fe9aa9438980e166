"""A notice that cannot be sent is lost alone."""

from __future__ import annotations

import pytest
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError, ReadTimeoutError

from router.aws import notices

NOTICE = {"request_id": "r-1", "cause": "Aborted"}


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AuthorizationError"}}, "Publish"),
        ReadTimeoutError(endpoint_url="https://sns"),
    ],
)
def test_a_topic_that_does_not_take_the_notice_is_logged_and_nothing_more(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def publish(self, **_: object) -> None:
            raise error

    monkeypatch.setenv("FAILURE_TOPIC_ARN", "arn:topic")
    monkeypatch.setattr(notices, "_sns", Broken)

    notices.notify_topic(Logger(service="test"))(NOTICE)

    [line] = caplog.records
    assert line.message == "notice lost"
    assert vars(line)["correlation_id"] == NOTICE["request_id"]


def test_a_notice_is_sent_once_though_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert notices._sns.__wrapped__().meta.config.retries["total_max_attempts"] == 1
