"""One row of the price book, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cost_calculator.usage import TOKEN_CLASSES

_MAX_RATE = Decimal(10**6)


class InvalidPriceRow(ValueError):
    """A price row cannot be read; the message names the row and the field."""


Rates = Mapping[str, Decimal | None]
"""US dollars per million tokens, by token class; None if no price is known."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One dated price, from ``effective_from`` (UTC ``YYYY-MM-DD``; empty: always) to the next."""

    provider: str
    model: str
    mode: str
    effective_from: str
    version: str
    rates: Rates
    above: tuple[tuple[int, Rates], ...]
    regions: frozenset[str]

    def rates_for(self, total_input: int) -> Rates:
        """Return the rates of the whole call: a long context reprices all of it, not its excess."""
        rates = self.rates
        for threshold, tier in self.above:
            if total_input > threshold:
                rates = tier
        return rates


def read_row(raw: object, origin: str = "") -> PriceRow:
    """Read a row as JSON holds it; ``origin`` goes before its version. Raise InvalidPriceRow."""
    if not isinstance(raw, Mapping):
        raise InvalidPriceRow("a price row must be an object")
    for field in ("provider", "model", "usd_per_mtok"):
        if not raw.get(field):
            raise InvalidPriceRow(f"the price row of {raw.get('model', 'a model')} lacks {field!r}")
    model, mode = str(raw["model"]), str(raw.get("mode", "standard"))
    effective_from = str(raw.get("effective_from") or "")
    if effective_from and not is_date(effective_from, "%Y-%m-%d"):
        raise InvalidPriceRow(f"{model}: effective_from must look like 2026-11-21")
    version = raw.get("version") or f"{raw['provider']}/{model}/{mode}@{effective_from or 'start'}"
    return PriceRow(
        provider=str(raw["provider"]),
        model=model,
        mode=mode,
        effective_from=effective_from,
        version=origin + str(version),
        rates=_read_rates(model, raw["usd_per_mtok"]),
        above=_read_tiers(model, raw.get("above", ())),
        regions=frozenset(raw.get("regions", ())),
    )


def _read_tiers(model: str, raw: Iterable[Any]) -> tuple[tuple[int, Rates], ...]:
    try:
        tiers = [(int(t["input_tokens"]), _read_rates(model, t["usd_per_mtok"])) for t in raw]
    except (KeyError, TypeError):
        raise InvalidPriceRow(f"{model}: each of above needs input_tokens, usd_per_mtok") from None
    return tuple(sorted(tiers, key=lambda tier: tier[0]))


def _read_rates(model: str, raw: object) -> Rates:
    if not isinstance(raw, Mapping) or not {"input", "output"} <= set(raw) <= set(TOKEN_CLASSES):
        raise InvalidPriceRow(
            f"{model}: usd_per_mtok needs input and output, and may have {', '.join(TOKEN_CLASSES)}"
        )
    return {name: _read_rate(model, name, raw.get(name)) for name in TOKEN_CLASSES}


def _read_rate(model: str, name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        # A string, so that no rate ever passes through a binary fraction.
        rate = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 <= rate < _MAX_RATE or len(rate.as_tuple().digits) > 12:
        raise InvalidPriceRow(
            f'{model}: {name} must be dollars per million tokens, a string such as "0.11"'
        )
    return rate


def is_date(text: str, pattern: str) -> bool:
    """Return whether ``text`` is a day of the calendar, written exactly so."""
    try:
        return datetime.strptime(text, pattern).replace(tzinfo=UTC).strftime(pattern) == text
    except ValueError:
        return False
