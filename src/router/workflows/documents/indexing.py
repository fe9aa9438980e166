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
from router.workflows.documents.changed import Change
from router.workflows.documents.content import Content, UnreadableDocument
from router.workflows.documents.extraction import content_of
from router.workflows.documents.reading import PagesUnread, Reading

READING = "READING"
"""The status of a document whose pages a model is to read first."""

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


class Scans(Protocol):
    """Who reads the pages that have no text."""

    def read(self, found: Found, scans: Sequence[int]) -> Reading: ...
    def read_before(self, found: Found, scans: Sequence[int]) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was done: how many chunks there are, how many of them are new or changed.

    ``reading`` is what is known of the scanned pages; with requests in it, nothing was done so far.
    """

    status: str
    chunks: int = 0
    changed: int = 0
    text: str = ""
    reading: Reading | None = None


def index(
    change: Change,
    documents: Documents,
    chunks: Chunks,
    vectors: Vectors | None,
    scans: Scans | None = None,
) -> Indexed:
    """Make the chunks those of the document as it is now; none if it is gone.

    Raise ``UnreadableDocument`` if it has no text, and ``PagesUnread`` if all that it has is on
    pages that could not be read: its former chunks then stay.
    """
    for _ in range(_TURNS):
        found = documents.current(change.key)
        if found:
            done = _replaced(change, found, chunks, vectors, scans)
        else:
            done = _gone(change, chunks, vectors)
        if done.status == READING:
            return done
        if documents.version(change.key) == (found.version if found else None):
            return done
    raise StoreUnavailable("the document changes faster than it can be read")


def _replaced(
    change: Change, found: Found, chunks: Chunks, vectors: Vectors | None, scans: Scans | None
) -> Indexed:
    content = content_of(change.source, found.body)
    old = chunks.get(change.source)
    reading = None
    if content.scans:
        if old and old.version == found.version and not old.unread:
            # Read before, and paid: also if nobody reads such pages any more.
            before = Reading(content.scans, read_before=True)
            if scans:
                before = scans.read_before(found, content.scans)
            return Indexed("UNCHANGED", len(old.texts), 0, _joined(old), before)
        reading = scans.read(found, content.scans) if scans else Reading(content.scans)
        if reading.requests:
            return Indexed(READING, reading=reading)
    new = Document(
        change.source,
        found.version,
        content.chunks(reading.texts if reading and scans else None),
        reading.unread if reading else (),
    )
    if not new.texts:
        raise _without_text(content, reading)
    text = _joined(new) if reading and scans else content.text
    if old == new:
        return Indexed("UNCHANGED", len(new.texts), 0, text, reading)
    former = {chunk.id: chunk.content for chunk in old.chunks} if old else {}
    changed = [chunk for chunk in new.chunks if former.get(chunk.id) != chunk.content]
    if vectors:
        # Until the chunks are replaced, a vector leads to the old text in its place, or to none.
        if changed:
            vectors.put(vectors.embed(changed))
        if surplus := sorted(former.keys() - {chunk.id for chunk in new.chunks}):
            vectors.delete(surplus)
    chunks.put(new)
    return Indexed("INDEXED", len(new.texts), len(changed), text, reading)


def _joined(document: Document) -> str:
    """Return the text of a document whose pages were read: the same for the same chunks."""
    return "\n\n".join(document.texts)


def _without_text(content: Content, reading: Reading | None) -> UnreadableDocument | PagesUnread:
    count = len(content.scans)
    if reading and (problem := reading.problem()):
        return PagesUnread(problem["cause"])
    if reading and reading.texts:
        return UnreadableDocument(f"a model found no text on its scanned pages, {count} in all")
    return UnreadableDocument(
        f"it has no text layer: set workflows.documents.scanned_pages to have a model read its"
        f" scanned pages, {count} in all"
    )


def _gone(change: Change, chunks: Chunks, vectors: Vectors | None) -> Indexed:
    old = chunks.get(change.source)
    if old:
        if vectors:
            vectors.delete([chunk.id for chunk in old.chunks])
        chunks.delete(change.source)
    return Indexed("DELETED")
