"""A tool for the workflow ``agent``: runs one SELECT on the table `deliveries` of deliveries.csv.

The data processor of the worked example in docs/workflows/agent.md. It needs nothing but Python's
own library. The same query returns the same rows, so a run that is started again pays for nothing
twice.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("deliveries.csv")
_NUMBERS = ("deliveries", "late", "damaged", "cost_eur")
_FENCED = re.compile(r"```(?:sql)?\s*(.*?)```", re.DOTALL)
_MOST_ROWS = 100


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a step of the agent; return the rows of the query in the result that it needs."""
    query = _query(event)
    table = _table()
    try:
        found = table.execute(query)
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchmany(_MOST_ROWS)]
    finally:
        table.close()
    return {"query": query, "rows": rows}


def _query(event: dict[str, Any]) -> str:
    """Return the one query that earlier steps wrote, or that the step's own input is."""
    texts = list(event["results"].values()) or [event["input"]]
    if len(texts) != 1:
        raise ValueError("need the result of one step: the SQL query to run")
    fenced = _FENCED.search(texts[0])
    return (fenced[1] if fenced else texts[0]).strip().rstrip(";")


def _table() -> sqlite3.Connection:
    with _DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    table = sqlite3.connect(":memory:")
    kinds = ", ".join(f"{name} {'REAL' if name in _NUMBERS else 'TEXT'}" for name in columns)
    table.execute(f"CREATE TABLE deliveries ({kinds})")
    holes = ", ".join("?" * len(columns))
    table.executemany(
        f"INSERT INTO deliveries VALUES ({holes})",
        [[row[name] for name in columns] for row in rows],
    )
    table.execute("PRAGMA query_only = ON")
    return table


if __name__ == "__main__":
    import sys

    print(json.dumps(handler({"input": sys.argv[1], "results": {}}, None), indent=2))
