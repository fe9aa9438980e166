"""Finds prompts whose words look easier than their work: a situation, then a question about it.

Plain sentences describe rules to reason by, a case, a conflict or symptoms; the question after them
holds no verb of hard work. The model calls many such prompts SIMPLE, and is sure of it: of kinds
that it has not seen, half of those are COMPLEX. ``hybrid`` asks for a second opinion on them.
"""

from __future__ import annotations

from operator import itemgetter

from router.analyzer.features import Features
from router.analyzer.signals import SIGNALS

SENTENCES = 3
WORDS = 3  # of the lists below, each list counted up to eight
# Of those called SIMPLE, in families of sources that were held out (0.57 by eval.second_opinions).
COMPLEX_SHARE = 0.5
_DESCRIBED = ("rule", "share", "logic", "case", "dilemma", "symptom", "several", "truth")
_counts = itemgetter(*(SIGNALS.index(f"text: {name}") for name in _DESCRIBED))


def describes_a_situation(features: Features) -> bool:
    """Return whether several sentences describe what has to be thought through."""
    return features.parts.sentences >= SENTENCES and sum(_counts(features.signals)) >= WORDS
