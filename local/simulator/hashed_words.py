"""A text as a vector: a bag of hashed words.

Texts that share words are near, and that is all. It is **not semantic**: "car" and "automobile"
have nothing in common.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")


def hashed(text: str, dimensions: int) -> list[float]:
    """A text's words as a vector of length 1: each word adds to a place that its hash gives."""
    vector = [0.0] * dimensions
    for word, count in Counter(_WORD.findall(text.casefold())).items():
        digest = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
        sign = 1 if digest >> 63 else -1
        vector[digest % dimensions] += sign * (1 + math.log(count))
    return fitted(vector, dimensions)


def fitted(vector: Sequence[float], dimensions: int) -> list[float]:
    """A vector of length 1 with so many dimensions; more of them are zeros, which turn nothing."""
    wide = [*vector, *[0.0] * (dimensions - len(vector))]
    length = math.sqrt(sum(each * each for each in wide)) or 1.0
    return [round(each / length, 7) for each in wide]
