"""A document as chunks: their ids, and the one object that holds them all. Pure.

The chunks of a document are one object, so that writing it replaces them and deleting it takes
them all away. A chunk's id names its document and its place, and so where it is kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

FOLDER = "chunks/"
_SUFFIX = ".json"
_ID = re.compile(r"([0-9a-f]{12})-([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, small enough to be quoted whole."""

    id: str
    source: str
    text: str

    @property
    def content(self) -> str:
        """What is the same for the same words, wherever they were found."""
        return hashlib.sha256(" ".join(self.text.split()).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Document:
    """The chunks of one source, as of one version of it, without those of its ``unread`` pages."""

    source: str
    version: str
    texts: tuple[str, ...]
    unread: tuple[int, ...] = ()

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        name = document_name(self.source)
        return tuple(
            Chunk(f"{name}-{place}", self.source, text)
            for place, text in enumerate(self.texts, start=1)
        )

    def to_bytes(self) -> bytes:
        """Return the object that holds the document's chunks."""
        value = {"source": self.source, "version": self.version, "texts": self.texts}
        unread = {"unread": self.unread} if self.unread else {}
        return json.dumps(value | unread, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> Document:
        """Read such an object."""
        value = json.loads(body)
        return cls(
            value["source"], value["version"], tuple(value["texts"]), tuple(value.get("unread", ()))
        )


def document_name(source: str) -> str:
    """Return the short name that the ids of a source's chunks begin with."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def object_key(source: str) -> str:
    """Return the key of the object that holds a source's chunks."""
    return f"{FOLDER}{document_name(source)}{_SUFFIX}"


def object_keys(chunk_ids: Iterable[str]) -> list[str]:
    """Return the keys of the objects that hold these chunks, each once, in the order given."""
    names = (found[1] for each in chunk_ids if (found := _ID.fullmatch(each)))
    return list(dict.fromkeys(f"{FOLDER}{name}{_SUFFIX}" for name in names))
