"""The price book: dated rows, found by exact model id; a near miss is never a match."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cost_calculator.price_entry import InvalidPriceRow, PriceRow, Rates, is_date, read_row
from cost_calculator.surcharges import STANDARD, joined, read_surcharges, residency_of

BOOK_PATH = Path(__file__).with_name("price_book.json")

_DATED = re.compile(r"(.+)-(\d{4}-?\d{2}-?\d{2})")
_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:(?P<region>[a-z0-9-]+):\d*:"
    r"(?P<kind>inference-profile|application-inference-profile|foundation-model)/(?P<id>.+)"
)


class PriceUnknown(LookupError):
    """No row prices this call; the message explains why and what would help."""


class PriceBook:
    """Rows and aliases of one book, with the user's own rows laid over it.

    ``residency`` is where the endpoint of a provider serves all of its calls, by provider: a word
    of each call's mode.
    """

    def __init__(
        self,
        book: Mapping[str, Any],
        overrides: Mapping[str, Any] | None = None,
        residency: Mapping[str, str] | None = None,
    ) -> None:
        self._residency = residency or {}
        self._rows: dict[tuple[str, str, str], list[PriceRow]] = {}
        self._raw: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        for raw in book["rows"]:
            self._raw.setdefault((raw["provider"], raw["model"], raw["mode"]), []).append(raw)
        self._dated = {name: frozenset(models) for name, models in book["dated_aliases"].items()}
        self._aliases = {name: dict(pairs) for name, pairs in book["aliases"].items()}
        self._overrides: dict[tuple[str, str, str], list[PriceRow]] = {}
        self._surcharges = read_surcharges(book.get("surcharges", ()))
        self._dearest: dict[str, Rates] = {}  # by day: it looks at every row of the book
        for raw in (overrides or {}).get("rows", ()):
            row = read_row(raw, origin="override:")
            self._overrides.setdefault((row.provider, row.model, row.mode), []).append(row)
        for provider, pairs in (overrides or {}).get("aliases", {}).items():
            self._aliases.setdefault(provider, {}).update(pairs)

    def find(
        self, provider: str, model: str, at: datetime, mode: str = "standard", region: str = ""
    ) -> PriceRow:
        """Return the row that prices ``model`` at the instant ``at``, or raise PriceUnknown.

        ``region`` (of the caller) matters only to Bedrock ids without a geography prefix. A mode
        without rows of its own is priced as the mode without its last word, with the surcharge of
        that word, if there is one.
        """
        name, known_region = self.resolve(provider, model)
        mode = joined(mode, self._residency.get(provider, ""))
        if mode != STANDARD and not self._newest_first((provider, name, mode)):
            *base, word = mode.split("+")
            for surcharge in self._surcharges:
                if surcharge.applies(provider, name, word):
                    base_mode = joined(STANDARD, *base)
                    row = self._find(provider, name, base_mode, at, known_region or region)
                    return surcharge.on(row, word)
        return self._find(provider, name, mode, at, known_region or region)

    def _find(self, provider: str, name: str, mode: str, at: datetime, region: str) -> PriceRow:
        day = at.astimezone(UTC).isoformat()[:10]
        for row in self._newest_first((provider, name, mode)):
            if row.effective_from > day:
                continue
            if row.regions and region not in row.regions:
                where = region or "an unknown region"
                raise PriceUnknown(
                    f"{name} has no geography prefix and its price in {where} is not known"
                )
            return row
        raise PriceUnknown(f"the book has no {mode} price of {provider} {name} on {day}")

    def highest_factor(self, provider: str, model: str) -> Decimal:
        """Return the highest surcharge that an answer may report, whatever was asked for."""
        try:
            name, _ = self.resolve(provider, model)
        except PriceUnknown:
            name = model
        factors = (
            surcharge.factor
            for surcharge in self._surcharges
            if surcharge.reported
            and surcharge.provider == provider
            and surcharge.models.fullmatch(name)
        )
        return max(factors, default=Decimal(1))

    def most_expensive(self, at: datetime) -> Rates:
        """Return the highest rate of each token class that any model of the book has at ``at``."""
        day = at.astimezone(UTC).isoformat()[:10]
        if day in self._dearest:
            return self._dearest[day]
        highest: dict[str, Decimal | None] = {}
        for key in {*self._raw, *self._overrides}:
            row = next((r for r in self._newest_first(key) if r.effective_from <= day), None)
            for rates in (row.rates, *(tier for _, tier in row.above)) if row else ():
                for name, rate in rates.items():
                    highest[name] = max(rate or Decimal(0), highest.get(name) or Decimal(0))
        self._dearest[day] = highest
        return highest

    def resolve(self, provider: str, model: str) -> tuple[str, str]:
        """Return the book's name of a model, and the region if an ARN contains it (else empty)."""
        aliases = self._aliases.get(provider, {})
        region = ""
        if model.startswith("arn:") and model not in aliases and (arn := _ARN.fullmatch(model)):
            if arn["kind"] == "application-inference-profile" and arn["id"] not in aliases:
                raise PriceUnknown(
                    f"{model} is an application profile; map it to its model in PRICE_OVERRIDES, "
                    '"aliases"'
                )
            model = arn["id"]
            region = arn["region"] if arn["kind"] == "foundation-model" else ""
        if model in aliases:
            return aliases[model], region
        if (dated := _DATED.fullmatch(model)) and dated[1] in self._dated.get(provider, ()):
            base = str(dated[1])
            if is_date(dated[2], "%Y-%m-%d" if provider == "openai" else "%Y%m%d"):
                return aliases.get(base, base), region
        return model, region

    def _newest_first(self, key: tuple[str, str, str]) -> list[PriceRow]:
        """Return the rows of a key: the user's own before the book's, each the newest first."""
        rows = self._rows.get(key)
        if rows is None:  # read on first use: one call needs one model, not the whole book
            book = [read_row(raw) for raw in self._raw.get(key, ())]
            rows = sorted(self._overrides.get(key, ()), key=_start, reverse=True)
            rows += sorted(book, key=_start, reverse=True)
            self._rows[key] = rows
        return rows


def read_overrides(text: str) -> Mapping[str, Any]:
    """Read the user's own rows: ``{"rows": [...], "aliases": {...}}`` or a bare list of rows."""
    if not text.strip():
        return {}
    try:
        overrides = json.loads(text)
    except ValueError as error:
        raise InvalidPriceRow(f"PRICE_OVERRIDES is not JSON: {error}") from None
    if isinstance(overrides, list):
        overrides = {"rows": overrides}
    if not isinstance(overrides, dict) or set(overrides) - {"rows", "aliases"}:
        raise InvalidPriceRow(
            'PRICE_OVERRIDES must be a list of rows, or {"rows": [...], "aliases": {...}}'
        )
    return overrides


@cache
def default_book() -> PriceBook:
    """Return the shipped book with PRICE_OVERRIDES laid over it, read once per process."""
    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    overrides = read_overrides(os.environ.get("PRICE_OVERRIDES", ""))
    return PriceBook(book, overrides, residency_of(os.environ))


def _start(row: PriceRow) -> str:
    return row.effective_from
