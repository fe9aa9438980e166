"""Cuts text into n-grams, and finds the stems of words of other languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

_TOKEN = re.compile(
    r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+"
    r"|\d+(?:[.,]\d+)*|[^\w\s']"
)
# The four separators are white space to every pattern that is not re.A.
_ASCII_TOKEN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[^\w\s'\x1c-\x1f]", re.A)
_FIGURES = "0123456789"
SHAPES = frozenset({"#", "#1", "#2", "#3", "#4", "#5", "#6", "#d", "#y"})  # of numbers
DIGITS = re.compile(r"\d")
LONGEST_STEM = 14
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # any may start a word


def tokens(text: str) -> list[str]:
    """Words, numbers by their shape, and punctuation marks."""
    found = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
    if not any(map(text.__contains__, _FIGURES)):
        return found
    return [t if t >= ":" or t < "0" else _shape(t) for t in found]


def _shape(number: str) -> str:
    if not number.isdigit():
        return "#d"
    if len(number) == 4 and number[:2] in ("15", "16", "17", "18", "19", "20"):
        return "#y"
    return f"#{min(len(number), 6)}"


def ngrams(words: list[str], longest: int) -> set[str]:
    """Return the words and their runs of two, or up to three."""
    found = set(words)
    found.update(map(" ".join, pairwise(words)))
    if longest > 2:
        found.update(map(" ".join, zip(words, words[1:], words[2:], strict=False)))
    return found


def letters(text: str) -> set[str]:
    """Return the runs of four letters."""
    padded = f" {text} "
    return set(map("".join, zip(padded, padded[1:], padded[2:], padded[3:], strict=False)))


def clip(text: str, head: int, tail: int) -> str:
    """Return the text, or the start and end of a long one."""
    return text if len(text) <= head + tail else f"{text[:head]} {text[-tail:]}"


class Stems:
    """Stems of other languages with their counters; found at the start of words only."""

    def __init__(self, counters: Mapping[str, int]) -> None:
        self._counters = counters
        lengths: dict[str, set[int]] = {}
        for stem in counters:
            if len(stem) > 2:
                lengths.setdefault(stem[:3], set()).add(len(stem))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def seen(self, text: str) -> int:
        """Return the counters of the longest stem of each word, each category at most once."""
        text += " "  # so that the last word ends as all others do
        starts = [match.start() for match in _WORD.finditer(text)]
        if not text.isascii():
            starts += [match.start() for match in _UNSPACED.finditer(text)]
        found = 0
        for word in {text[start : start + LONGEST_STEM] for start in starts}:
            for size in (*self._lengths.get(word[:3], ()), 2, 1):
                if counter := self._counters.get(word[:size]):
                    found |= counter
                    break
        return found
