"""The classifier behind ``load()``: a few hand-set rules until trained weights take their place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from router.analyzer.types import Classification, Complexity

_CALCULATE = re.compile(
    r"\b(how (many|much)|calculate|compute|solve|evaluate|sum|total|average|mean|median|percent\w*"
    r"|convert|difference|multiply|divided?|simplify|integral|derivative|probability)\b|%|\d\s*[-+*/^=]\s*\d"
)
_CREATE = re.compile(
    r"\b(prove|design|implement|architect\w*|develop|write an?|compose|refactor|optimi[sz]e|debug"
    r"|strategy|trade-?offs?|step by step|essay|story|imagine|you are an?|plan|analy[sz]e|why does)\b"
)
_EDIT = re.compile(
    r"\b(translate|summari[sz]e|title|fix the typos?|proofread|rewrite in|spell|define|what language)\b"
)


class Analyzer:
    """Judges prompts one at a time; holds no state between them."""

    version = "rules-2026.11.0"

    def classify(self, messages: Sequence[Mapping[str, str]]) -> Classification:
        """Judge a conversation by its last user turn; system text never steers the label."""
        turns = [m["content"] for m in messages if m["role"] == "user"]
        return self.classify_prompt(turns[-1] if turns else "")

    def classify_prompt(self, prompt: str) -> Classification:
        """Judge one prompt."""
        text = (
            prompt[:3000].lower() + "\n" + prompt[-3000:].lower()
            if len(prompt) > 6000
            else prompt.lower()
        )
        calculate, create = len(_CALCULATE.findall(text)), len(_CREATE.findall(text))
        edit, numbers = len(_EDIT.findall(text)), len(re.findall(r"\d+", text))
        long = math.log2(1 + len(text) / 100)
        logits = (
            1.2 + 1.5 * edit,
            1.2 * calculate + 0.4 * min(numbers, 5) - 1.0,
            1.4 * create + 0.7 * long - 0.6,
        )
        powers = [math.exp(x - max(logits)) for x in logits]
        shares = {k: p / sum(powers) for k, p in zip(Complexity, powers, strict=True)}
        label = max(shares, key=lambda k: shares[k])
        found = {
            "asks for a number": calculate,
            "asks to design, write or prove": create,
            "asks for an edit": edit,
        }
        return Classification(
            label=label,
            confidence=shares[label],
            probabilities=shares,
            score=min(1.0, shares[Complexity.COMPLEX] + 0.5 * shares[Complexity.CALCULATION]),
            reasons=tuple(words for words, count in found.items() if count)
            or ("no sign of hard work",),
            version=self.version,
        )


@lru_cache(maxsize=4)
def load(path: Path | None = None) -> Analyzer:
    """Return the analyzer of a weights file; without a path, the one shipped in the package."""
    if path is not None:
        raise FileNotFoundError(
            f"{path}: weights files are not read yet; call load() without a path"
        )
    return Analyzer()
