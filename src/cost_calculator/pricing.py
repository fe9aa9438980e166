"""Prices one call: (tokens, provider, model, instant, mode) in, an explained cost out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import StrEnum

from cost_calculator.book import PriceBook, PriceUnknown, default_book
from cost_calculator.usage import TOKEN_CLASSES, Tokens

# DynamoDB's own precision; a result that would have to be rounded raises instead.
_EXACT = Context(prec=38, traps=[Inexact, InvalidOperation, Overflow])
_ZERO = Decimal(0)


class CostStatus(StrEnum):
    """What is known of a row's cost."""

    PENDING = "PENDING"
    PRICED = "PRICED"
    UNPRICED = "UNPRICED"
    UNKNOWN = "UNKNOWN"
    INVALID_USAGE = "INVALID_USAGE"


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost in US dollars, or the reason why there is none; never a 0 that means "not known"."""

    status: CostStatus
    usd: Decimal | None = None
    price_version: str | None = None
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    reason: str | None = None


def price(
    tokens: Tokens,
    provider: str,
    model: str,
    at: datetime,
    mode: str = "standard",
    *,
    region: str = "",
    book: PriceBook | None = None,
) -> Cost:
    """Return the exact cost of one call at the price of the day it was made (``at``, with offset).

    UNPRICED, with a reason, if the book has no row or no rate for a class that was used.
    """
    try:
        row = (book or default_book()).find(provider, model, at, mode, region)
    except PriceUnknown as error:
        return Cost(CostStatus.UNPRICED, reason=str(error))
    rates = row.rates_for(tokens.total_input)
    parts: dict[str, Decimal] = {}
    micros = _ZERO
    for name in TOKEN_CLASSES:
        count = getattr(tokens, name)
        if not count:
            continue
        rate = rates[name]
        if rate is None:
            return Cost(CostStatus.UNPRICED, reason=f"{row.version} has no {name} price")
        amount = _EXACT.multiply(rate, count)
        micros = _EXACT.add(micros, amount)
        parts[name] = amount.scaleb(-6, _EXACT)
    usd = micros.scaleb(-6, _EXACT)
    assert sum(parts.values(), _ZERO) == usd, "the parts of a cost must add up to it"
    return Cost(CostStatus.PRICED, usd, row.version, parts)


def plain(amount: Decimal) -> str:
    """Write an amount exactly, without exponent or trailing zeros: ``0.000132``."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
