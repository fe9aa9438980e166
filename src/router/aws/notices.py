"""Notifies the failures' topic of a request that the workflow could not close itself.

The words are those of the workflow's NotifyFailure, without text of prompt or answer. A notice is
sent once the row is written, and once at most: what is lost is the notice, never the row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

SUBJECT = "Faregate: a request failed"

Tell = Callable[[Mapping[str, Any]], None]


def notify_topic(logger: Logger) -> Tell:
    """Return what sends a notice to FAILURE_TOPIC_ARN, or logs that it is lost."""

    def notify(notice: Mapping[str, Any]) -> None:
        try:
            _sns().publish(
                TopicArn=os.environ["FAILURE_TOPIC_ARN"],
                Subject=SUBJECT,
                Message=json.dumps(notice),
            )
        except (ClientError, BotoCoreError) as error:
            reason = type(error).__name__
            logger.warning("notice lost", correlation_id=notice["request_id"], reason=reason)

    return notify


@lru_cache(maxsize=1)
def _sns() -> SNSClient:
    # A second try after a time-out might be a second notice.
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    return boto3.client("sns", config=config)
