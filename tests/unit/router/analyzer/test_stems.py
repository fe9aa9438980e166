"""Stems of other languages count at the start of a word, the longest one alone."""

from __future__ import annotations

import pytest

from router.analyzer.grams import Stems

STEMS = {"乘": 1, "calcul": 2, "calculadora": 4, "что": 8, "元": 16}


@pytest.mark.parametrize(
    ("text", "counters"),
    [
        ("3乘4是多少", 1),
        ("300元", 16),
        ("calcula la suma", 2),
        ("una calculadora", 4),
        ("recalcula", 0),
        ("потому что calcula", 8 | 2),
        ("", 0),
    ],
)
def test_the_longest_stem_of_each_word_counts(text: str, counters: int) -> None:
    assert Stems(STEMS).seen(text) == counters
