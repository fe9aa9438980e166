"""Finds chunks by their words: BM25, over an index in memory. Pure.

It knows words, not what they mean: a question in other words than the documents' finds nothing.
That is what it adds to vectors, which know meanings, and miss names, numbers and error codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log

from router.workflows.corpus.chunks import Chunk

_WORD = re.compile(r"[^\W_]+")
_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75
_ENDINGS = ("ions", "ion", "ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    chunk: Chunk
    counts: Mapping[str, int]
    length: int


class KeywordIndex:
    """Chunks by the words they have."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._entries = [_entry(chunk) for chunk in chunks]
        self._having = Counter(word for entry in self._entries for word in entry.counts)
        total = sum(entry.length for entry in self._entries)
        self._mean = total / len(self._entries) if self._entries else 1.0

    def find(self, question: str, most: int) -> list[tuple[Chunk, float]]:
        """Return the chunks that share words with the question, the best first, with scores."""
        asked = set(words(question)) & self._having.keys()
        rarity = {word: self._rarity(word) for word in asked}
        scored = [(entry.chunk, self._score(entry, rarity)) for entry in self._entries]
        found = sorted((each for each in scored if each[1] > 0), key=lambda each: -each[1])
        return found[:most]

    def _rarity(self, word: str) -> float:
        having = self._having[word]
        return log(1 + (len(self._entries) - having + 0.5) / (having + 0.5))

    def _score(self, entry: _Entry, rarity: Mapping[str, float]) -> float:
        length = 1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * entry.length / self._mean
        score = 0.0
        for word, weight in rarity.items():
            if count := entry.counts.get(word):
                score += weight * count * (_SATURATION + 1) / (count + _SATURATION * length)
        return score


def words(text: str) -> list[str]:
    """Return the words of a text as the index compares them: folded, without English endings."""
    return [_stem(word) for word in _WORD.findall(text.casefold())]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def _entry(chunk: Chunk) -> _Entry:
    found = words(chunk.text)
    return _Entry(chunk, Counter(found), len(found))
