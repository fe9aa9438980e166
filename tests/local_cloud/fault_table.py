"""The table that `make faults` prints: what was injected, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from local.client import Traced

PROPERTY = "fault"
_COLUMNS = ("fault", "injected", "expected path", "rows", "money", "direct", "verdict")


@dataclass(slots=True)
class Told:
    """One line of the table. A test fills in `rows` and `money` as it finds them.

    `direct` is what the fault leaves where one function carries the run; what several tests find of
    a fault is one line.
    """

    fault: str
    injected: str
    path: str
    rows: str = ""
    money: str = ""
    direct: str = ""

    def found(self, traced: Traced) -> None:
        """Say what stands on the rows of a request."""
        attempts = ", ".join(_attempt(row) for row in traced.attempts) or "no attempt"
        self.rows = f"{traced.request.get('status', 'no row')}: {attempts}"
        self.money = _money(traced)


Tell = Callable[[str, str, str], Told]


def teller(record_property: Callable[[str, object], None]) -> Tell:
    """Return what a test calls to put its line into the table."""

    def tell(fault: str, injected: str, path: str) -> Told:
        told = Told(fault, injected, path)
        record_property(PROPERTY, told)
        return told

    return tell


def plain(properties: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return a report's properties with lines of the table as texts, which processes can share."""
    return [
        (name, [str(each) for each in asdict(told).values()] if name == PROPERTY else told)
        for name, told in properties
    ]


def lines(reports: Iterable[Any]) -> list[str]:
    """Return the table, line by line; a fault holds if every test that speaks of it passed."""
    rows: dict[str, list[str]] = {}
    failed: set[str] = set()
    for report in reports:
        if getattr(report, "when", None) != "call":
            continue
        for name, told in report.user_properties:
            if name == PROPERTY:
                fault = told[0]
                before = rows.get(fault, [""] * len(told))
                rows[fault] = [new or old for new, old in zip(told, before, strict=True)]
                if not report.passed:
                    failed.add(fault)
    return _table([[*row, "FAILED" if row[0] in failed else "holds"] for row in rows.values()])


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    table = Table(*_COLUMNS, title="What goes wrong, and what is left of it")
    for row in rows:
        table.add_row(*row)
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(table)
    broken = sum(row[-1] == "FAILED" for row in rows)
    verdict = f"{len(rows)} faults, {len(rows) - broken} hold, {broken} FAILED"
    return [*capture.get().splitlines(), verdict]


def _attempt(row: Any) -> str:
    retries = f" after {row['retries']} retries" if row.get("retries") else ""
    return f"{row['outcome']}{retries} ({row.get('cost_status')})"


def _money(traced: Traced) -> str:
    known = traced.cost_usd
    parts = [] if known is None else [f"${known:.6f}"]
    for row in traced.attempts:
        if row.get("cost_status") == "UNKNOWN":
            most = row.get("upper_estimate_usd")
            parts.append("unknown" if most is None else f"unknown, at most ${most:.6f}")
        elif row.get("cost_status") != "PRICED":
            parts.append(str(row.get("cost_status")).lower())
    return " + ".join(parts) or "nothing"
