"""Embeds text with Amazon's Titan Text Embeddings V2, by Bedrock's InvokeModel."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config

from router.aws.retriever_errors import as_retrieval_errors
from router.workflows.rag.retrieval import RetrieverFailed

MODEL = "amazon.titan-embed-text-v2:0"
_MOST_CHARACTERS = 50_000


@dataclass(frozen=True, slots=True)
class Embedded:
    """One call of the model that was answered, and so is billed."""

    model: str
    tokens: int
    milliseconds: int


Paid = Callable[[Embedded], None]


class Embeddings:
    """Titan's embeddings of so many dimensions; ``paid`` hears of each call."""

    def __init__(self, client: Callable[[], Any], dimensions: int, paid: Paid) -> None:
        self._client = client
        self._dimensions = dimensions
        self._paid = paid

    def of(self, text: str) -> list[float]:
        """Return the embedding of a text."""
        started = time.monotonic()
        body = {"inputText": text[:_MOST_CHARACTERS], "dimensions": self._dimensions}
        with as_retrieval_errors("bedrock-runtime"):
            answer = self._client().invoke_model(
                modelId=MODEL,
                body=json.dumps({**body, "normalize": True}),
                contentType="application/json",
                accept="application/json",
            )
            read = json.loads(answer["body"].read())
        self._paid(Embedded(MODEL, int(read["inputTextTokenCount"]), _milliseconds_since(started)))
        vector = [float(each) for each in read["embedding"]]
        if len(vector) != self._dimensions:
            raise RetrieverFailed(f"{MODEL} sent {len(vector)} of {self._dimensions} dimensions")
        return vector


@lru_cache(maxsize=1)
def bedrock_client() -> Any:
    """Return the client of the process."""
    config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 3})
    return boto3.client("bedrock-runtime", config=config)


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
