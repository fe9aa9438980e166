"""What a comparison assumes: the mix of prompts, the models, durations and sizes of functions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cost_calculator.usage import Tokens

TYPICAL = Tokens(300, 200)
"""The tokens of a typical request."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as a call names it, and the mode in which it is priced."""

    provider: str
    model: str
    mode: str = "standard"


@dataclass(frozen=True, slots=True)
class PromptKind:
    """One kind of prompt: its share of all (0..1) and the tokens of an average call."""

    share: Decimal
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Classifier:
    """The model that is asked when the heuristic is unsure: how often, and what asking takes."""

    model: Model
    asked_share: Decimal
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Assumptions beside the mix: durations, and sizes of the functions."""

    answer_ms: int = 2_000
    analyze_ms: int = 25
    analyze_mb: int = 512
    invoke_mb: int = 256
    quality: Decimal = Decimal("0.95")
