"""Brings the chunks of one document in line with what the corpus holds. Pure, but for its ports.

What counts is what lies under the key when it is looked at, not what an event said: events come
twice, late, and out of order. After writing, the key is looked at again, so that of two runs of one
document, whichever writes last has written the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from router.errors import StoreUnavailable
from router.workflows.corpus.chunks import Chunk, Document
from router.workflows.corpus.splitting import split
from router.workflows.documents.changed import Change
from router.workflows.documents.extraction import text_of

_TURNS = 5


class Found(Protocol):
    """What lies under a key."""

    @property
    def version(self) -> str: ...
    @property
    def body(self) -> bytes: ...


class Documents(Protocol):
    """Where documents are put."""

    def current(self, key: str) -> Found | None: ...
    def version(self, key: str) -> str | None: ...


class Chunks(Protocol):
    """Where chunks are kept."""

    def get(self, source: str) -> Document | None: ...
    def put(self, document: Document) -> None: ...
    def delete(self, source: str) -> None: ...


class Vectors(Protocol):
    """Where vectors of chunks are kept; ``embed`` pays a model."""

    def embed(self, chunks: Sequence[Chunk]) -> Mapping[str, Sequence[float]]: ...
    def put(self, vectors: Mapping[str, Sequence[float]]) -> None: ...
    def delete(self, keys: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was done: how many chunks there are, how many of them are new or changed."""

    status: str
    chunks: int = 0
    changed: int = 0
    text: str = ""


def index(change: Change, documents: Documents, chunks: Chunks, vectors: Vectors | None) -> Indexed:
    """Make the chunks those of the document as it is now; none if it is gone.

    Raise ``UnreadableDocument`` if it has no text: its former chunks then stay.
    """
    for _ in range(_TURNS):
        found = documents.current(change.key)
        if found:
            done = _replaced(change, found, chunks, vectors)
        else:
            done = _gone(change, chunks, vectors)
        if documents.version(change.key) == (found.version if found else None):
            return done
    raise StoreUnavailable("the document changes faster than it can be read")


def _replaced(change: Change, found: Found, chunks: Chunks, vectors: Vectors | None) -> Indexed:
    text = text_of(change.source, found.body)
    new = Document(change.source, found.version, tuple(split(text)))
    old = chunks.get(change.source)
    if old == new:
        return Indexed("UNCHANGED", len(new.texts), 0, text)
    before = {chunk.id: chunk.content for chunk in old.chunks} if old else {}
    changed = [chunk for chunk in new.chunks if before.get(chunk.id) != chunk.content]
    if vectors:
        # Until the chunks are replaced, a vector leads to the old text in its place, or to none.
        if changed:
            vectors.put(vectors.embed(changed))
        if surplus := sorted(before.keys() - {chunk.id for chunk in new.chunks}):
            vectors.delete(surplus)
    chunks.put(new)
    return Indexed("INDEXED", len(new.texts), len(changed), text)


def _gone(change: Change, chunks: Chunks, vectors: Vectors | None) -> Indexed:
    old = chunks.get(change.source)
    if old:
        if vectors:
            vectors.delete([chunk.id for chunk in old.chunks])
        chunks.delete(change.source)
    return Indexed("DELETED")
