"""Merges what several retrievers found: reciprocal rank fusion, each content once. Pure.

Scores of different retrievers cannot be compared; ranks can. A chunk that two of them rank high
comes before one that either ranks first alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from router.catalog.tokens import estimated_tokens
from router.workflows.corpus.chunks import Chunk
from router.workflows.rag.retrieval import Found

_RANK_OFFSET = 60
_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with its fused score, and the retrievers that found its content."""

    chunk: Chunk
    score: Decimal
    retrievers: tuple[str, ...]


def fused(found: Iterable[Found]) -> list[Passage]:
    """Return all chunks, the best first; of those with the same content the first one found."""
    chunks: dict[str, Chunk] = {}
    scores: dict[str, Decimal] = {}
    finders: dict[str, list[str]] = {}
    for each in found:
        ranked = {chunk.content: chunk for chunk in reversed(each.chunks)}
        best_first = sorted(ranked.values(), key=each.chunks.index)
        for rank, chunk in enumerate(best_first, start=1):
            chunks.setdefault(chunk.content, chunk)
            score = Decimal(1) / (_RANK_OFFSET + rank)
            scores[chunk.content] = scores.get(chunk.content, Decimal(0)) + score
            finders.setdefault(chunk.content, []).append(each.retriever)
    order = sorted(chunks, key=lambda content: -scores[content])
    return [
        Passage(chunks[content], scores[content].quantize(_PLACES), tuple(finders[content]))
        for content in order
    ]


def capped(passages: Sequence[Passage], tokens: int) -> list[Passage]:
    """Return the best passages that fit so many tokens; the best of all in any case."""
    kept: list[Passage] = []
    for passage in passages:
        tokens -= estimated_tokens(len(passage.chunk.text.encode()))
        if kept and tokens < 0:
            break
        kept.append(passage)
    return kept
