"""What a provider charges on top for where, or how fast, a call was served. Pure.

A mode is one word, or several joined by ``+``: ``priority+eu``. A word without rows of its own may
have a surcharge: a factor on every rate of the mode without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cost_calculator.price_entry import PriceRow, Rates

STANDARD = "standard"


def joined(mode: str, *more: str) -> str:
    """Return a mode with further words, each once."""
    parts = [part for part in (*mode.split("+"), *more) if part and part != STANDARD]
    return "+".join(dict.fromkeys(parts)) or STANDARD


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A factor on every rate, for the models and words that match.

    It is ``reported`` if only the answer's usage has its word; otherwise the endpoint decides.
    """

    provider: str
    models: re.Pattern[str]
    words: re.Pattern[str]
    factor: Decimal
    reported: bool

    def applies(self, provider: str, model: str, word: str) -> bool:
        """Return whether the word costs this factor on the model."""
        return (
            provider == self.provider
            and bool(self.words.fullmatch(word))
            and bool(self.models.fullmatch(model))
        )

    def on(self, row: PriceRow, word: str) -> PriceRow:
        """Return a row's price with the surcharge; its version names both."""
        return replace(
            row,
            mode=joined(row.mode, word),
            version=f"{row.version}+{word}*{self.factor}",
            rates=_times(row.rates, self.factor),
            above=tuple((start, _times(rates, self.factor)) for start, rates in row.above),
        )


def read_surcharges(raw: Iterable[Mapping[str, Any]]) -> tuple[Surcharge, ...]:
    """Read the book's surcharges."""
    return tuple(
        Surcharge(
            provider=entry["provider"],
            models=re.compile(entry["models"]),
            words=re.compile(entry["mode"]),
            factor=Decimal(entry["factor"]),
            reported=entry["known_by"] == "usage",
        )
        for entry in raw
    )


# A provider's endpoint with data residency has its place as the first label of its host.
_RESIDENT = {
    "openai": ("OPENAI_BASE_URL", re.compile(r"https://([a-z]{2})\.api\.openai\.com(?::\d+)?/")),
}


def residency_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return where a deployment's endpoints serve their calls, by provider."""
    found = {
        provider: pattern.match(environment.get(variable, "") + "/")
        for provider, (variable, pattern) in _RESIDENT.items()
    }
    return {provider: match[1] for provider, match in found.items() if match}


def _times(rates: Rates, factor: Decimal) -> Rates:
    return {name: None if rate is None else rate * factor for name, rate in rates.items()}
