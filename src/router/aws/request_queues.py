"""SQS as ``ingest`` sees it: the queue of requests, and its dead-letter queue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.ingress.queue.message import Message, NotSent

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_PUT_BACK, _WATCHES = "faregate.put_back", "faregate.watches"
_MOST_DIGITS = 6
_DETAIL = 1024  # characters; attributes share a message's size with its body


class RequestQueues:
    """Sends what ``ingest`` could not start now, or never can."""

    def __init__(self, client: SQSClient, queue_url: str, dead_letter_url: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url

    def requeue(self, message: Message, delay_seconds: int) -> None:
        """Send a copy that is seen after the delay; raise ``NotSent``."""
        attributes = {_PUT_BACK: _number(message.put_back + 1)}
        if message.watches is not None:
            attributes[_WATCHES] = _number(message.watches)
        self._send(self._queue_url, message, attributes, DelaySeconds=delay_seconds)

    def dead_letter(self, message: Message, reason: str, detail: str) -> None:
        """Send it to the dead-letter queue with its reason; raise ``NotSent``."""
        attributes = {"reason": _text(reason), "detail": _text(detail[:_DETAIL])}
        self._send(self._dead_letter_url, message, attributes)

    def _send(
        self, url: str, message: Message, attributes: Mapping[str, Any], **options: Any
    ) -> None:
        try:
            self._client.send_message(
                QueueUrl=url, MessageBody=message.body, MessageAttributes=attributes, **options
            )
        except ClientError as error:
            raise NotSent(code_of(error)) from error
        except BotoCoreError as error:
            raise NotSent(type(error).__name__) from error


def message_of(record: Mapping[str, Any]) -> Message:
    """Return the message in a record of an SQS event."""
    given = {
        name: attribute.get("stringValue")
        for name, attribute in record.get("messageAttributes", {}).items()
    }
    return Message(
        id=record["messageId"],
        body=record["body"],
        received=int(record["attributes"]["ApproximateReceiveCount"]),
        put_back=_count(given.get(_PUT_BACK)) or 0,
        watches=_count(given.get(_WATCHES)),
    )


def _count(text: str | None) -> int | None:
    is_number = text and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if text and is_number else None


def _number(value: int) -> dict[str, str]:
    return {"DataType": "Number", "StringValue": str(value)}


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


@lru_cache(maxsize=1)
def request_queues() -> RequestQueues:
    """Return the deployment's queues; the client is made once a process."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
    return RequestQueues(
        boto3.client("sqs", config=config),
        os.environ["QUEUE_URL"],
        os.environ["DEAD_LETTER_QUEUE_URL"],
    )
