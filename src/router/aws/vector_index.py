"""An index of S3 Vectors: a vector for each chunk, under the chunk's id.

It holds no text. A vector whose chunk is gone finds nothing, so the chunks decide what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from router.aws.retriever_errors import as_retrieval_errors

_Any = TypeVar("_Any")
_MOST_AT_A_TIME = 500
_MOST_FOUND = 100


class VectorIndex:
    """One index, by its ARN."""

    def __init__(self, client: Callable[[], Any], arn: str) -> None:
        self._client = client
        self._arn = arn

    def nearest(self, vector: Sequence[float], most: int) -> list[str]:
        """Return the keys of the nearest vectors, the nearest first."""
        with as_retrieval_errors("s3vectors"):
            found = self._client().query_vectors(
                indexArn=self._arn,
                topK=min(most, _MOST_FOUND),
                queryVector={"float32": list(vector)},
            )
        return [each["key"] for each in found["vectors"]]

    def put(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Put vectors under their keys, in place of those that are there."""
        for some in _portions(list(vectors.items())):
            with as_retrieval_errors("s3vectors"):
                self._client().put_vectors(
                    indexArn=self._arn,
                    vectors=[{"key": key, "data": {"float32": list(each)}} for key, each in some],
                )

    def delete(self, keys: Sequence[str]) -> None:
        """Take these vectors away; one that is not there is no error."""
        for some in _portions(keys):
            with as_retrieval_errors("s3vectors"):
                self._client().delete_vectors(indexArn=self._arn, keys=list(some))


def _portions(all_of_them: Sequence[_Any]) -> Iterator[Sequence[_Any]]:
    for start in range(0, len(all_of_them), _MOST_AT_A_TIME):
        yield all_of_them[start : start + _MOST_AT_A_TIME]


@lru_cache(maxsize=1)
def s3vectors_client() -> Any:
    """Return the client of the process."""
    config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 3})
    return boto3.client("s3vectors", config=config)
