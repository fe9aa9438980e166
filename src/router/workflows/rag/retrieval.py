"""What every retriever does, whatever is behind it, and what it reports. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from router.encoding import clean, json_object, size_in_bytes
from router.errors import RouterError
from router.workflows.corpus.chunks import Chunk

_SHOWN = 300
_ALL_BYTES = 160_000
"""Of the chunks of all retrievers together: they travel in one state, of 256 KiB at most."""


class RetrieverUnavailable(RouterError):
    """A retriever is throttled or does not answer: it may be asked again."""


class RetrieverFailed(RouterError):
    """A retriever refuses, or replies with what is no list of chunks: asking again is no use."""


class Retriever(Protocol):
    """Finds chunks for a question."""

    def retrieve(self, question: str, most: int) -> Sequence[Chunk]:
        """Return the chunks that fit the question, the best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one retriever found, the best first; or why it failed."""

    retriever: str
    chunks: tuple[Chunk, ...] = ()
    error: str = ""
    cause: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Found:
        """Read what a state carries: what was found, or the error as Step Functions reports it."""
        if error := value.get("error"):
            cause = json_object(error.get("Cause")).get("errorMessage") or error.get("Cause", "")
            return cls(value["retriever"], error=error["Error"], cause=str(cause)[:_SHOWN])
        chunks = (Chunk(each["id"], each["source"], each["text"]) for each in value["chunks"])
        return cls(value["retriever"], tuple(chunks))


def as_json(retriever: str, chunks: Sequence[Chunk], retrievers: int) -> dict[str, Any]:
    """Return what a retriever found as a state carries it: the best, as many as have room.

    The room is shared by so many retrievers.
    """
    room = _ALL_BYTES // max(retrievers, 1)
    kept: list[dict[str, str]] = []
    for chunk in chunks:
        shown = {"id": chunk.id, "source": clean(chunk.source), "text": clean(chunk.text)}
        room -= size_in_bytes(shown)
        if room < 0:
            break
        kept.append(shown)
    return {"retriever": retriever, "chunks": kept}
