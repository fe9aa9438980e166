"""What the analyzer is compared with: TF-IDF with logistic regression, and LiteLLM's routers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from eval.data import Row
from eval.metrics import COMPLEX, SIMPLE, Ints

Labeller = Callable[[Sequence[str]], Ints]


def tfidf(rows: Sequence[Row]) -> Labeller:
    """Return the baseline: word 1-2 and character 2-5 grams with logistic regression."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    prompts = [r.prompt for r in rows]
    x = sp.hstack([words.fit_transform(prompts), letters.fit_transform(prompts)]).tocsr()
    model = LogisticRegression(C=10, max_iter=60, tol=1e-3).fit(x, [r.label for r in rows])

    def label(texts: Sequence[str]) -> Ints:
        found = sp.hstack([words.transform(texts), letters.transform(texts)]).tocsr()
        return np.asarray(model.predict(found), dtype=np.int64)

    return label


def litellm_routers() -> dict[str, Callable[[str], int]]:
    """Return LiteLLM's local routers, or none if it is not installed.

    They know no CALCULATION, so only SIMPLE against COMPLEX can be compared; which of their four
    tiers is which is a choice, so the table has the rules under both mappings.
    """
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    try:
        from litellm.router_strategy.complexity_router.complexity_router import (
            ComplexityRouter,
        )
    except ImportError:
        return {}
    tiers = {"SIMPLE": "a", "MEDIUM": "a", "COMPLEX": "b", "REASONING": "b"}

    def made(kind: str) -> Any:
        return ComplexityRouter("bench", None, {"tiers": tiers, "classifier_type": kind}, "a")

    rules, trained = made("heuristic"), made("heuristic_v2")
    simple = {"SIMPLE": SIMPLE}
    low = {"SIMPLE": SIMPLE, "MEDIUM": SIMPLE}
    return {
        "LiteLLM rules": lambda p: simple.get(rules.classify(p)[0].value, COMPLEX),
        "LiteLLM rules, MEDIUM low": lambda p: low.get(rules.classify(p)[0].value, COMPLEX),
        "LiteLLM heuristic_v2": lambda p: simple.get(
            trained._classify_with_heuristic_v2(p).tier.value, COMPLEX
        ),
    }
