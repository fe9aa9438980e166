"""The corpus in S3: one object for each document, with its chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of, is_missing_object
from router.aws.answers_bucket import s3_client
from router.errors import StoreUnavailable
from router.workflows.corpus.chunks import FOLDER, Chunk, Document, object_key, object_keys

_READERS = 8


@dataclass(frozen=True, slots=True)
class _Kept:
    tag: str
    document: Document


class ChunkStore:
    """The chunks of all documents; what was read stays in memory until its object changes."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._kept: dict[str, _Kept] = {}
        self._state: frozenset[tuple[str, str]] = frozenset()

    def all(self) -> tuple[tuple[Document, ...], bool]:
        """Return every document, and whether any has changed since the last time."""
        listed = dict(self._listed())
        state = frozenset(listed.items())
        changed = state != self._state
        stale = [key for key, tag in listed.items() if self._tag_of(key) != tag]
        for key in self._kept.keys() - listed.keys():
            del self._kept[key]
        self._read(stale)
        self._state = state
        kept = [self._kept[key].document for key in sorted(listed) if key in self._kept]
        return tuple(kept), changed

    def chunks(self, ids: Iterable[str]) -> dict[str, Chunk]:
        """Return the chunks with these ids; one that is gone is absent."""
        wanted = list(ids)
        keys = object_keys(wanted)
        self._read(keys)
        documents = [self._kept[key].document for key in keys if key in self._kept]
        found = {chunk.id: chunk for document in documents for chunk in document.chunks}
        return {each: found[each] for each in wanted if each in found}

    def get(self, source: str) -> Document | None:
        """Return the document of a source, as it is stored; ``None`` if there is none."""
        found = self._get(object_key(source))
        return found.document if found else None

    def put(self, document: Document) -> None:
        """Store a document's chunks in place of those it had."""
        self._call(
            "put_object",
            Key=object_key(document.source),
            Body=document.to_bytes(),
            ContentType="application/json",
        )

    def delete(self, source: str) -> None:
        """Take a source's chunks away."""
        self._call("delete_object", Key=object_key(source))

    def _tag_of(self, key: str) -> str | None:
        return self._kept[key].tag if key in self._kept else None

    def _listed(self) -> Iterator[tuple[str, str]]:
        token: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=FOLDER, **token)
            yield from ((each["Key"], each["ETag"]) for each in page.get("Contents", ()))
            if not page.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _read(self, keys: Iterable[str]) -> None:
        with ThreadPoolExecutor(_READERS) as readers:
            for key, found in readers.map(lambda key: (key, self._get(key)), keys):
                if found:
                    self._kept[key] = found
                else:
                    self._kept.pop(key, None)

    def _get(self, key: str) -> _Kept | None:
        try:
            found = self._client().get_object(Bucket=self._bucket, Key=key)
            return _Kept(found["ETag"], Document.from_bytes(found["Body"].read()))
        except ClientError as error:
            if is_missing_object(error):
                return None
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client(), operation)(Bucket=self._bucket, **arguments)
        except ClientError as error:
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error


def chunk_store(bucket: str) -> ChunkStore:
    """Return the store of a bucket."""
    return ChunkStore(s3_client, bucket)
