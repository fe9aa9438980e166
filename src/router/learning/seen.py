"""A request as the reports see it: its row, and what its attempts used and cost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cost_calculator.contributions import ANSWERED
from cost_calculator.pricing import price
from cost_calculator.rates import Rates
from cost_calculator.rows import Row
from cost_calculator.usage import TOKEN_CLASSES, Tokens

_PRICED = "PRICED"
_ATTEMPT = "ATTEMPT#"
_CLASSIFY = 0  # the number of the attempt that asks an LLM for its opinion


@dataclass(frozen=True, slots=True)
class Seen:
    """A REQUEST row with its ATTEMPT rows, and further rows by their ``item`` if they were read."""

    request: Row
    attempts: Sequence[Row]
    further: Mapping[str, Row] = field(default_factory=dict)

    @property
    def is_answered(self) -> bool:
        return self.request.get("status") in ANSWERED

    @property
    def served(self) -> Row | None:
        """The attempt whose answer was given, ``None`` if there is none."""
        return next((row for row in self.attempts if row.get("served")), None)

    @property
    def opinion(self) -> Row | None:
        """The attempt that asked an LLM which tier is right, ``None`` if none was asked."""
        return next((row for row in self.attempts if row.get("purpose") == "classify"), None)

    @property
    def models_usd(self) -> Decimal | None:
        """What its models cost, ``None`` if a call's cost is not known, or not yet."""
        if any(row.get("cost_status") != _PRICED for row in self.attempts):
            return None
        return sum((Decimal(row["cost_usd"]) for row in self.attempts), Decimal(0))

    @property
    def total_usd(self) -> Decimal | None:
        """What it cost, Faregate's own cost included; ``None`` if that is not known."""
        models = self.models_usd
        if models is None or self.request.get("cost_status") != _PRICED:
            return None
        own = (Decimal(row.get("overhead_usd", 0)) for row in (self.request, *self.attempts))
        return models + sum(own, Decimal(0))

    def usd_on(self, provider: str, model: str, mode: str, rates: Rates) -> Decimal | None:
        """Return what the tokens of its answer cost on a model by the price of that day; ``None``
        if the tokens or the price are not known, or the answer came from the cache.
        """
        row = self.served
        if row is None or any(f"{name}_tokens" not in row for name in TOKEN_CLASSES):
            return None
        tokens = Tokens(**{name: int(row[f"{name}_tokens"]) for name in TOKEN_CLASSES})
        at = datetime.fromisoformat(row.get("started_at") or row["ended_at"])
        return price(tokens, provider, model, at, mode, region=rates.region, book=rates.book).usd


def keys_of(request: Row, further: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Yield the keys that the attempts of a closed request can have, and those of further items."""
    numbers = range(_CLASSIFY, int(request.get("attempts", 0)) + 1)
    for item in (*further, *(f"{_ATTEMPT}{number:02d}" for number in numbers)):
        yield {"request_id": str(request["request_id"]), "item": item}


def grouped(requests: Sequence[Row], rows: Mapping[str, Sequence[Row]]) -> Iterator[Seen]:
    """Yield each request with its rows, which come by the request's key."""
    for request in requests:
        own = rows.get(str(request["request_id"]), ())
        attempts = [row for row in own if row["item"].startswith(_ATTEMPT)]
        further = {row["item"]: row for row in own if not row["item"].startswith(_ATTEMPT)}
        yield Seen(request, attempts, further)
