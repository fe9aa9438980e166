"""Writes docs/clients.md from what the clients could do when they were tried last.

python -m tools.clients_page           write it
python -m tools.clients_page --check   exit 1 when it differs
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.clients.record import CELLS, CLIENTS, NPM_LOCKS, RECORD, Client, recorded

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "clients.md"
_TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)
_TITLES = {
    "text": "text",
    "stream": "stream",
    "tools": "tools",
    "image": "image",
    "document": "PDF",
    "structured": "object",
    "error": "error",
    "broken": "broken stream",
    "cancel": "cancel",
}
_MARKS = {"yes": "✓", "lacks": "–"}


def version_of(client: Client) -> str:
    """Return the version of a client that its lock pins."""
    if client.kind in NPM_LOCKS:
        lock = json.loads((RECORD.parent / NPM_LOCKS[client.kind]).read_text(encoding="utf-8"))
        return str(lock["packages"][f"node_modules/{client.package}"]["version"])
    text = (ROOT / "requirements" / f"{client.kind}.lock").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(client.package)}==([^ ;]+)", text, re.MULTILINE)
    assert found, client.package
    return found[1]


def note(client: Client, cells: Mapping[str, str]) -> None:
    """Write down what a client could do, and the page with it."""
    rows = dict(recorded()) if RECORD.exists() else {}
    rows[client.name] = {
        "client": client.name,
        "package": client.package,
        "version": version_of(client),
        "tried": datetime.now(UTC).date().isoformat(),
        "cells": dict(cells),
    }
    kept = [rows[each.name] for each in CLIENTS if each.name in rows]
    RECORD.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page with the table of the record in it."""
    text = PAGE.read_text(encoding="utf-8")
    return _TABLE.sub(lambda _: table([*recorded().values()]), text)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a table, with what went wrong below it."""
    head = f"| client | {' | '.join(_TITLES.values())} | tried |"
    lines = [head, f"|---|{'---|' * (len(_TITLES) + 1)}"]
    notes: list[str] = []
    for row in rows:
        marks = []
        for cell in CELLS:
            found = row["cells"][cell]
            if found not in _MARKS:
                notes.append(f"{len(notes) + 1}. {row['client']}, {_TITLES[cell]}: {found}")
            marks.append(_MARKS.get(found, f"✗ {len(notes)}"))
        named = f"{row['client']} (`{row['package']}` {row['version']})"
        lines.append(f"| {named} | {' | '.join(marks)} | {row['tried']} |")
    return "\n".join([*lines, *([""] if notes else []), *notes, ""])


def main(arguments: Sequence[str]) -> int:
    """Write or check the page."""
    if "--check" in arguments:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
