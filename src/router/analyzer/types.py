"""The analyzer's verdict on a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Complexity(StrEnum):
    """The three kinds of work a prompt can ask for."""

    SIMPLE = "SIMPLE"
    CALCULATION = "CALCULATION"
    COMPLEX = "COMPLEX"


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict on one prompt, with everything needed to explain it.

    ``confidence`` is the calibrated probability of ``label`` (0..1); ``probabilities`` sum to 1.
    ``score`` (0..1) is the need of the strong model: task type is not difficulty. ``reasons`` may
    be kept where prompts are not: no word of the prompt is in them. ``quoting`` has the same with
    the words that decided, for readers who may see the prompt. ``situation``: it is called
    SIMPLE, though it describes a situation first (see :mod:`router.analyzer.situation`).
    """

    label: Complexity
    confidence: float
    probabilities: Mapping[Complexity, float]
    score: float
    reasons: tuple[str, ...]
    version: str
    quoting: tuple[str, ...] = ()
    situation: bool = False
