"""The documents of the corpus bucket, as they are at the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.aws.answers_bucket import s3_client
from router.errors import StoreUnavailable
from router.workflows.documents.extraction import MOST_BYTES

_GONE = frozenset({"404", "NoSuchKey", "NotFound", "MethodNotAllowed"})


@dataclass(frozen=True, slots=True)
class Current:
    """What a key holds: a version of a document, read no further than documents are read."""

    version: str
    body: bytes


class CorpusDocuments:
    """The bucket that documents are put into."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def current(self, key: str) -> Current | None:
        """Return what is under a key; ``None`` if it is gone."""
        found = self._call("get_object", key)
        if found is None:
            return None
        return Current(_version(found), found["Body"].read(MOST_BYTES + 1))

    def version(self, key: str) -> str | None:
        """Return the version that is under a key; ``None`` if it is gone."""
        found = self._call("head_object", key)
        return None if found is None else _version(found)

    def _call(self, operation: str, key: str) -> Any:
        try:
            return getattr(self._client(), operation)(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if code_of(error) in _GONE:
                return None
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error


def _version(found: Any) -> str:
    return str(found.get("VersionId") or found["ETag"])


def corpus_documents(bucket: str) -> CorpusDocuments:
    """Return the documents of a bucket."""
    return CorpusDocuments(s3_client, bucket)
