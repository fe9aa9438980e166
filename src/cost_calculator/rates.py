"""What a price depends on beside the row: the book, AWS's prices, the region."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal

from cost_calculator.book import PriceBook, default_book
from cost_calculator.overhead import TRACED_SHARE, AwsPrices, aws_prices


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything a price depends on besides the row itself."""

    book: PriceBook
    aws: AwsPrices
    region: str = ""


def default_rates() -> Rates:
    """Return the shipped prices, with the user's own over them, for the function's region.

    ``TRACED_SHARE`` is the share of requests that X-Ray records here.
    """
    traced = Decimal(os.environ.get("TRACED_SHARE") or TRACED_SHARE)
    return Rates(default_book(), aws_prices(traced), os.environ.get("AWS_REGION", ""))
