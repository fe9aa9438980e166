"""Turns a cleaned prompt into what the model reads: n-grams in blocks, and countable signals."""

from __future__ import annotations

from typing import NamedTuple

from router.analyzer.ask import Parts, split
from router.analyzer.grams import DIGITS, Stems, clip, letters, ngrams, tokens
from router.analyzer.lexicon import CATEGORIES, ENGLISH, counters
from router.analyzer.messages import ALONE, Context, without_harness
from router.analyzer.noise import strip_noise
from router.analyzer.signals import counted
from router.analyzer.text import bounded, fold, smooth, strip_courtesies

BLOCKS = ("ask", "letters", "ends", "text")
_COUNTS = counters()
_COUNTED = frozenset(_COUNTS)
_WIDTH = len(CATEGORIES)
_CAPPED = bytes(min(n, 8) for n in range(256))  # the ninth word of a kind adds nothing


class Features(NamedTuple):
    """N-grams by block (in the order of BLOCKS) and one number for each of SIGNALS."""

    grams: tuple[set[str], ...]
    signals: list[float]
    parts: Parts


def extract(prompt: str, stems: Stems, context: Context = ALONE) -> Features:
    """Read one prompt of any length in bounded time; ``stems`` are other languages'."""
    cleaned = smooth(fold(bounded(without_harness(prompt))))
    return read(strip_courtesies(strip_noise(cleaned)), stems, context)


def read(text: str, stems: Stems, context: Context = ALONE) -> Features:
    """Read text that was cleaned already."""
    parts = split(text)
    asked = clip(parts.ask, 160, 80).replace("'", "")
    ask = body_words = tokens(asked)
    if (body := clip(parts.body, 1100, 700).replace("'", "")) != asked:
        body_words = tokens(body)
        if len(body_words) > 250:
            body_words = body_words[:160] + body_words[-90:]
    ask_grams = ngrams(["^", *ask, "$"], 3)
    text_grams = ngrams(body_words, 2)
    ends = set(map("<".__add__, ngrams(body_words[:6], 3)))
    ends.update(map(">".__add__, ngrams(body_words[-7:], 2)))
    grams = (ask_grams, letters(DIGITS.sub("0", asked)), ends, text_grams)
    in_ask = sum(map(_COUNTS.__getitem__, _COUNTED & ask_grams))
    in_text = sum(map(_COUNTS.__getitem__, _COUNTED & text_grams))
    foreign = ENGLISH.isdisjoint(ask) or not text.isascii()
    if foreign:
        in_ask += stems.seen(asked)
        in_text += stems.seen(clip(parts.body, 300, 200))
    counts = in_ask.to_bytes(_WIDTH, "little") + in_text.to_bytes(_WIDTH, "little")
    return Features(
        grams,
        [
            *counted(text, parts, body_words, ask, foreign, context),
            *counts.translate(_CAPPED),
        ],
        parts,
    )
