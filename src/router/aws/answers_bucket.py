"""Keeps in S3 what does not travel through the workflow: large answers, and drafts withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_missing_object
from cost_calculator.row_keys import folder_of
from router.conversation.said import Said
from router.errors import StoreUnavailable
from router.invocation.answer_store import NotStored

_TYPES = {".txt": "text/plain; charset=utf-8", ".json": "application/json"}


class AnswerStore:
    """The answers' bucket. Its lifecycle deletes what it holds when stored text expires."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, said: Said) -> str:
        """Store an answer; return its ``s3://`` address. The same answer has the same address."""
        return self._put("answers", key, *said.to_object())

    def put_draft(self, key: str, text: str) -> str:
        """Store an answer that was withheld; return its address."""
        return self._put("drafts", key, text, ".txt")

    def get(self, address: str) -> str | None:
        """Return the text at an address of this bucket, or ``None`` if there is none any more.

        Raise ``StoreUnavailable`` if S3 does not answer. It reports a missing object only to a role
        that may list the bucket.
        """
        prefix = f"s3://{self._bucket}/"
        if not address.startswith(prefix):
            return None
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=address[len(prefix) :])
            return str(found["Body"].read().decode())
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error

    def _put(self, folder: str, key: str, text: str, suffix: str) -> str:
        body = text.encode()
        path = f"{folder}/{folder_of(key)}/{hashlib.sha256(body).hexdigest()[:32]}{suffix}"
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=path, Body=body, ContentType=_TYPES[suffix]
            )
        except (ClientError, BotoCoreError) as error:
            raise NotStored(str(error)) from error
        return f"s3://{self._bucket}/{path}"


def answer_store(bucket: str) -> AnswerStore:
    """Return the store of a bucket; its client is made when the first large answer comes."""
    return AnswerStore(s3_client, bucket)


@lru_cache(maxsize=1)
def s3_client() -> Any:
    """Return the client of the process."""
    config = Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"total_max_attempts": 4},
        signature_version="s3v4",
    )
    return boto3.client("s3", config=config)
