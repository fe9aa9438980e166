"""Keeps answers that are too large for a workflow's state in S3, and hands on where they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from router.errors import AnswerNotStored
from router.invoke import Answer

# A state carries 256 KiB. The answer stands in it as JSON beside up to five attempts.
STATE_BYTES = 180_000


class NotStored(Exception):
    """S3 did not take the answer; the message says what it said."""


class Store(Protocol):
    """Where large answers go; raises ``NotStored``."""

    def put(self, request_id: str, text: str) -> str: ...


class AnswerStore:
    """The answers' bucket. Its lifecycle deletes what it holds when stored text expires."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, request_id: str, text: str) -> str:
        """Store an answer; return its ``s3://`` address. The same answer has the same address."""
        body = text.encode()
        key = f"answers/{request_id}/{hashlib.sha256(body).hexdigest()[:32]}.txt"
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="text/plain; charset=utf-8"
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(str(error)) from error
        return f"s3://{self._bucket}/{key}"


def handed_on(answer: Answer, request_id: str, store: Store) -> Answer:
    """Return the answer as a workflow can carry it: itself, or its address.

    Raise ``AnswerNotStored``, with the usage that will be on the bill, where neither is possible.
    """
    if len(json.dumps(answer.text, ensure_ascii=False).encode()) <= STATE_BYTES:
        return answer
    try:
        address = store.put(request_id, answer.text)
    except NotStored as error:
        detail = f"{len(answer.text)} characters of answer were not stored: {error}"
        facts: dict[str, Any] = {"usage": answer.usage, "response_model": answer.response_model}
        raise AnswerNotStored(detail, **facts) from error
    return replace(answer, text="", output_s3=address)


def answer_store(bucket: str) -> AnswerStore:
    """Return the store of a bucket; its client is made when the first large answer comes."""
    return AnswerStore(_s3, bucket)


@lru_cache(maxsize=1)
def _s3() -> Any:
    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4})
    return boto3.client("s3", config=config)
