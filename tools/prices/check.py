"""Compares the price book with LiteLLM's published table, and wants each difference explained.

Each row is listed with the age of its confirmation: see ``confirm``.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cost_calculator.book import BOOK_PATH

CONFIRMED_PATH = Path(__file__).with_name("confirmed.json")
"""By a row's version: ``on`` which day, ``by`` which source it was confirmed."""

_ALONE = "LiteLLM does not list it"
_TABLE_NAME = "model_prices_and_context_window_backup.json"
_THEIR_FIELD = {
    "input": "input_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
}
# OpenAI's fast is LiteLLM's priority under its newer name: both have one price.
_THEIR_MODE = {
    "standard": "",
    "batch": "_batches",
    "flex": "_flex",
    "priority": "_priority",
    "fast": "_priority",
}
_THEIR_PROVIDERS = {
    "bedrock": {"bedrock", "bedrock_converse"},
    "openai": {"openai"},
    "anthropic": {"anthropic"},
}


def check(table_path: Path | None, today: str) -> int:
    """Print rows, and each disagreement with the reason that settles it; exit 1 if one has none."""
    table, confirmed = read_table(table_path), read_confirmed()
    book = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    open_questions = settled = agreed = alone = 0
    used: set[int] = set()
    for row in current_rows(book["rows"], today):
        differences = differences_of(row, table)
        agreed += not differences
        print(f"{'agrees ' if not differences else 'differs'} {row['version']}: "
              f"{_age(confirmed.get(row['version']), today)}")  # fmt: skip
        for difference in differences:
            reason = _resolve(book["resolutions"], row, difference, used)
            settled += reason is not None
            open_questions += reason is None
            alone += difference == _ALONE
            print(f"{'settled' if reason else 'OPEN   '} {row['version']}: {difference}")
            if reason:
                print(f"        {reason}")
    for index, resolution in enumerate(book["resolutions"]):
        if index not in used and not resolution.get("withheld"):
            print(f"stale   {resolution['models']}: no such disagreement any more")
    print(f"{agreed} rows agree; {settled} differences settled in writing, {alone} known to one"
          f" source only; {open_questions} open")  # fmt: skip
    return 1 if open_questions else 0


def read_table(path: Path | None) -> dict[str, Any]:
    """Return LiteLLM's table: the given one, or the installed one."""
    text = (path or _installed_table()).read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return table


def differences_of(row: dict[str, Any], table: dict[str, Any]) -> list[str]:
    """Return in words where the table has another price than a row of the book."""
    theirs = table.get(row["model"])
    if theirs is None or theirs["litellm_provider"] not in _THEIR_PROVIDERS[row["provider"]]:
        return [_ALONE]
    return list(_differences(row, theirs))


def _age(note: dict[str, str] | None, today: str) -> str:
    if note is None:
        return "no second source has confirmed it"
    days = (date.fromisoformat(today) - date.fromisoformat(note["on"])).days
    return f"confirmed {days} days ago, by {note['by']}"


def _differences(row: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    mode = _THEIR_MODE[row["mode"]]
    tiers = [(0, row["usd_per_mtok"])]
    tiers += [(tier["input_tokens"], tier["usd_per_mtok"]) for tier in row.get("above", ())]
    for name, field in _THEIR_FIELD.items():
        for threshold, rates in tiers:
            above = f"_above_{threshold // 1000}k_tokens" if threshold else ""
            price = theirs.get(f"{field}{above}{mode}")
            mine = rates.get(name)
            theirs_per_mtok = None if price is None else price * 10**6
            if mine is None and theirs_per_mtok is None:
                continue
            if theirs_per_mtok is None and _means_input(row, rates, name):
                continue
            if mine is None or theirs_per_mtok is None or Decimal(mine) != theirs_per_mtok:
                shown = None if theirs_per_mtok is None else f"{theirs_per_mtok.normalize():f}"
                over = f" above {threshold}" if threshold else ""
                yield f"{name}{over}: book {mine}, LiteLLM {shown}"
        if len(tiers) == 1 and any(
            key.startswith(f"{field}_above_") and key.endswith(f"k_tokens{mode}") for key in theirs
        ):
            yield f"{name}: LiteLLM has a long-context tier, the book has none"


def _means_input(row: dict[str, Any], rates: dict[str, str], name: str) -> bool:
    """OpenAI's table omits a price if the price of input, or of a younger write, applies."""
    fallbacks = {rates["input"], rates.get("cache_write_5m")}
    return "openai" in row["version"] and name.startswith("cache_") and rates[name] in fallbacks


def _resolve(
    resolutions: list[dict[str, Any]], row: dict[str, Any], difference: str, used: set[int]
) -> str | None:
    for index, resolution in enumerate(resolutions):
        about = resolution.get("about", "")
        if about in difference and any(
            fnmatchcase(f"{row['provider']}/{row['model']}/{row['mode']}", pattern)
            for pattern in resolution["models"]
        ):
            used.add(index)
            return str(resolution["reason"])
    return None


def current_rows(rows: list[dict[str, Any]], today: str) -> Iterator[dict[str, Any]]:
    """Yield the row of each model and mode that holds today."""
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        if (row["effective_from"] or "") <= today:
            key = (row["provider"], row["model"], row["mode"])
            newest[key] = max(
                newest.get(key, row), row, key=lambda candidate: candidate["effective_from"] or ""
            )
    yield from newest.values()


def read_confirmed() -> dict[str, dict[str, str]]:
    """Return what ``confirm`` has noted so far."""
    if not CONFIRMED_PATH.exists():
        return {}
    found: dict[str, dict[str, str]] = json.loads(CONFIRMED_PATH.read_text(encoding="utf-8"))
    return found


def _installed_table() -> Path:
    spec = importlib.util.find_spec("litellm")  # not imported: that takes seconds and a network
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("litellm is not installed: pip install '.[bench]', or give --table FILE")
    return Path(spec.submodule_search_locations[0]) / _TABLE_NAME
