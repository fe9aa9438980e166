"""What a price depends on beside the row: the book, AWS's prices, the region."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cost_calculator.book import PriceBook, default_book
from cost_calculator.overhead import AwsPrices, aws_prices


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything a price depends on besides the row itself."""

    book: PriceBook
    aws: AwsPrices
    region: str = ""


def default_rates() -> Rates:
    """Return the shipped prices, with the user's own over them, for the function's region."""
    return Rates(default_book(), aws_prices(), os.environ.get("AWS_REGION", ""))
