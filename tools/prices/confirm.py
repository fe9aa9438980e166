"""Notes what LiteLLM's published table confirms: prices of the book, and when models retire.

The notes are facts about a day; a price changes only by a row of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cost_calculator.book import BOOK_PATH
from cost_calculator.retirements import RETIREMENTS_PATH
from tools.prices.check import (
    CONFIRMED_PATH,
    current_rows,
    differences_of,
    read_confirmed,
    read_table,
)


def confirm(table_path: Path | None, source: str | None, today: str) -> int:
    """Write down which rows the table confirms today, and the dates on which models retire."""
    table, book = read_table(table_path), json.loads(BOOK_PATH.read_text(encoding="utf-8"))
    by = source or _installed()
    confirmed = read_confirmed()
    for row in current_rows(book["rows"], today):
        if not differences_of(row, table):
            confirmed[row["version"]] = {"on": today, "by": by}
    _write(CONFIRMED_PATH, confirmed)
    retirements: dict[str, dict[str, str]] = {}
    for provider, model, day in retirements_in(book, table):
        retirements.setdefault(provider, {})[model] = day
    _write(RETIREMENTS_PATH, {"checked": today, "source": by, "models": retirements})
    print(f"{len(confirmed)} rows confirmed, {sum(map(len, retirements.values()))} dates noted")
    return 0


def retirements_in(
    book: Mapping[str, Any], table: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Yield provider, model and the day from which the table no longer expects it to answer."""
    for provider, model in sorted({(row["provider"], row["model"]) for row in book["rows"]}):
        if day := table.get(model, {}).get("deprecation_date"):
            yield provider, model, date.fromisoformat(day).isoformat()


def _installed() -> str:
    try:
        return f"LiteLLM {version('litellm')}"
    except PackageNotFoundError:
        raise SystemExit("litellm is not installed: name the table's version by --source") from None


def _write(path: Path, notes: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(notes, indent=1, sort_keys=True) + "\n", encoding="utf-8")
