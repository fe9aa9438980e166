"""Adds rows to the price book from genai-prices; a row that is there is never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from cost_calculator.book import BOOK_PATH

HERE = Path(__file__).parent
MODELS_PATH = HERE / "models.json"
RESOLUTIONS_PATH = HERE / "resolutions.json"
SURCHARGES_PATH = HERE / "surcharges.json"

_SOURCE_PROVIDER = {"bedrock": "aws", "openai": "openai", "anthropic": "anthropic"}
_SOURCE_UNIT = {
    "input": "input_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "output": "output_mtok",
}
_GEO_PREFIX = re.compile(r"(us|eu|apac|au|jp|global)\.")
# What the source calls the modes of the book.
_CONTEXTS: dict[str, dict[str, str] | None] = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast"},
}
# The sources quote ids without a geography prefix for these regions alone.
_QUOTED_REGIONS = ["us-east-1", "us-west-2"]

Row = dict[str, Any]


def generate(today: str) -> int:
    """Bring the book up to date; ``today`` dates the changes that name no date of their own."""
    book = _read_book()
    models = json.loads(MODELS_PATH.read_text(encoding="utf-8"))
    aliases: dict[str, dict[str, str]] = {}
    dated: dict[str, list[str]] = {}
    added: list[Row] = []
    for provider, names in models.items():
        canonical: dict[str, str] = {}
        found = {name: _find(provider, name) for name in names}
        for name in sorted(names, key=lambda name: (name != found[name].id, len(name), name)):
            model = found[name]
            if provider != "bedrock" and _has_dated_snapshots(provider, name, model):
                dated.setdefault(provider, []).append(name)
            first = name if provider == "bedrock" else canonical.setdefault(model.id, name)
            if first != name:
                aliases.setdefault(provider, {})[name] = first
                continue
            for mode in _CONTEXTS:
                added += _new_rows(book["rows"], list(_rows(provider, name, model, mode)), today)
    book["rows"] = sorted([*book["rows"], *added], key=_row_order)
    book["aliases"] = aliases
    book["dated_aliases"] = {provider: sorted(names) for provider, names in dated.items()}
    book["resolutions"] = json.loads(RESOLUTIONS_PATH.read_text(encoding="utf-8"))
    book["surcharges"] = json.loads(SURCHARGES_PATH.read_text(encoding="utf-8"))
    _write_book(book)
    print(f"{len(added)} rows added, {len(book['rows'])} in the book")
    return 0


def _rows(provider: str, name: str, model: ModelInfo, mode: str) -> Iterator[Row]:
    """Yield one row per change of price, the oldest first."""
    previous: Row | None = None
    context = _CONTEXTS[mode]
    for start in _starts(model):
        at = datetime.combine(start or date.min, time.min, UTC)
        if context and not _has_variant(model, context, at):
            continue
        prices = model.get_prices(at, context)
        rates = _rates(provider, name, prices)
        if rates is None or rates == previous:
            continue
        previous = rates
        row: Row = {"provider": provider, "model": name, "mode": mode}
        if provider == "bedrock" and not _GEO_PREFIX.match(name):
            row["regions"] = _QUOTED_REGIONS
        yield {**row, "effective_from": start.isoformat() if start else None, **rates}


def _new_rows(existing: list[Row], wanted: list[Row], today: str) -> Iterator[Row]:
    """Yield what the book lacks; a silent change of a known row becomes a row dated today."""
    for row in wanted:
        mine = [old for old in existing if _key(old) == _key(row)]
        same_start = [old for old in mine if old["effective_from"] == row["effective_from"]]
        if any(_prices(old) == _prices(row) for old in same_start):
            continue
        if same_start:
            newest = max(mine, key=lambda old: old["effective_from"] or "")
            if row is not wanted[-1] or _prices(newest) == _prices(row):
                continue  # history was billed as it stood
            if newest["effective_from"] == today:
                raise SystemExit(f"{newest['version']} is in the book already: try again tomorrow")
            yield _finish({**row, "effective_from": today}, today)
        else:
            yield _finish(row, today)


def _finish(row: Row, today: str) -> Row:
    start = row["effective_from"] or "start"
    row["version"] = f"{row['provider']}/{row['model']}/{row['mode']}@{start}"
    row["source"] = f"genai-prices {version('genai-prices')}"
    row["checked"] = today
    return row


def _rates(provider: str, name: str, prices: ModelPrice) -> Row | None:
    values = {name: prices.__dict__.get(unit) for name, unit in _SOURCE_UNIT.items()}
    if "-embed-" in name and values["output"] is None:
        values["output"] = Decimal(0)  # it replies with a vector, which has no tokens
    if values["input"] is None or values["output"] is None:
        return None
    if provider == "openai":
        # No price of its own means the price of input.
        values["cache_read"] = values["cache_read"] or values["input"]
        values["cache_write_5m"] = values["cache_write_5m"] or values["input"]
    if provider == "openai" or ".openai." in name:
        # One price for cache writes, whatever their age.
        values["cache_write_1h"] = values["cache_write_1h"] or values["cache_write_5m"]
    thresholds = {t.start for v in values.values() if isinstance(v, TieredPrices) for t in v.tiers}
    rates: Row = {"usd_per_mtok": _at_tier(values, 0)}
    if thresholds:
        rates["above"] = [
            {"input_tokens": start, "usd_per_mtok": _at_tier(values, start + 1)}
            for start in sorted(thresholds)
        ]
    return rates


def _at_tier(values: dict[str, Any], total_input: int) -> dict[str, str]:
    chosen = {}
    for name, value in values.items():
        price = value
        if isinstance(value, TieredPrices):
            price = value.base
            for tier in value.tiers:
                if total_input > tier.start:
                    price = tier.price
        if price is not None:
            chosen[name] = f"{price.normalize():f}"
    return chosen


def _starts(model: ModelInfo) -> list[date | None]:
    conditions = [p.constraint for p in model.prices] if isinstance(model.prices, list) else []
    conditions += [v.constraint for v in model.price_variants or () if v.when in _CONTEXTS.values()]
    dates = {c.start_date for c in conditions if isinstance(c, StartDateConstraint)}
    return [None, *sorted(dates)]


def _has_variant(model: ModelInfo, context: dict[str, str], at: datetime) -> bool:
    return any(
        variant.when == context and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def _has_dated_snapshots(provider: str, name: str, model: ModelInfo) -> bool:
    """Return whether the source states a pattern of snapshots; a common prefix is not a match."""
    snapshot = f"{name}-2026-02-03" if provider == "openai" else f"{name}-20260203"
    return model.is_match(snapshot) and "\\\\d{" in repr(model.match)


def _find(provider: str, name: str) -> ModelInfo:
    source = next(p for p in providers if p.id == _SOURCE_PROVIDER[provider])
    model = source.find_model(name)
    if model is None:
        raise SystemExit(
            f"genai-prices does not know {provider} {name}: take it out of models.json"
        )
    geo = _GEO_PREFIX.match(name)
    priced_as = model.id.partition(".")[0]
    if geo and priced_as == ("regional" if geo[1] == "global" else "global"):
        raise SystemExit(f"{name} would be priced as {model.id}: take it out of models.json")
    return model


def _key(row: Row) -> tuple[str, str, str]:
    return row["provider"], row["model"], row["mode"]


def _prices(row: Row) -> tuple[Any, Any, Any]:
    return row["usd_per_mtok"], row.get("above"), row.get("regions")


def _row_order(row: Row) -> tuple[str, ...]:
    return (*_key(row), row["effective_from"] or "")


def _read_book() -> dict[str, Any]:
    if BOOK_PATH.exists():
        return dict(json.loads(BOOK_PATH.read_text(encoding="utf-8")))
    return {"schema": 1, "currency": "USD", "unit": "1,000,000 tokens", "rows": []}


def _write_book(book: dict[str, Any]) -> None:
    """Write one row a line, so that a change of price is a line in the diff."""
    head = {name: book[name] for name in ("schema", "currency", "unit", "aliases", "dated_aliases")}
    by_hand = {name: book[name] for name in ("resolutions", "surcharges")}
    lines = json.dumps({**head, **by_hand}, indent=1)[:-2]
    rows = ",\n".join("  " + json.dumps(row) for row in book["rows"])
    BOOK_PATH.write_text(f'{lines},\n "rows": [\n{rows}\n ]\n}}\n', encoding="utf-8")
