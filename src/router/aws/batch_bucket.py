"""S3 as a batch sees it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of, is_missing_object
from router.ingress.batch.layout import InvalidBatch
from router.ingress.batch.lines import blocks_of

_READERS = 16


class Bucket:
    """The answers' bucket. Its lifecycle deletes what it holds when stored text expires."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def blocks(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield the object from an offset on; raise ``InvalidBatch`` if there is none."""
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key, Range=f"bytes={offset}-")
        except ClientError as error:
            code = code_of(error)
            if code == "InvalidRange":  # nothing is left, or the file is empty
                return
            if code in ("NoSuchKey", "AccessDenied", "404"):
                raise InvalidBatch(
                    f"s3://{self.name}/{key} cannot be read: put the file below"
                    f" s3://{self.name}/batches/ first"
                ) from error
            raise
        yield from blocks_of(answer["Body"])

    def find(self, key: str) -> str | None:
        """Return an object's text, or ``None`` if there is none."""
        try:
            answer = self._client.get_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise
        text: str = answer["Body"].read().decode()
        return text

    def find_all(self, keys: Iterable[str]) -> list[str | None]:
        """Return the texts of many objects, in the order of the keys."""
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(self.find, keys))

    def put(self, key: str, body: str) -> None:
        self._client.put_object(
            Bucket=self.name, Key=key, Body=body.encode("utf-8", "backslashreplace")
        )


@lru_cache(maxsize=1)
def bucket() -> Bucket:
    """Return the deployment's bucket; the client is made once a process."""
    config = Config(
        connect_timeout=2,
        read_timeout=30,
        retries={"total_max_attempts": 4},
        max_pool_connections=_READERS,
    )
    return Bucket(boto3.client("s3", config=config), os.environ["ANSWERS_BUCKET"])
