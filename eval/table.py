"""The table that the benchmark prints: a line a figure, a column a classifier."""

from __future__ import annotations

from router.learning.intervals import wilson

Table = dict[str, dict[str, float]]
"""Figure -> column -> value; ``N`` is how many rows ours was counted on, if it is a share of rows.

A figure whose name ends with "<" is better the smaller it is.
"""

OURS, STRANGER, N = "ours", "stranger", "n"


def put(table: Table, figure: str, column: str, value: float, rows: int = 0) -> None:
    """Fill in a value; ``rows`` is how many it is a share of, which the interval follows from."""
    line = table.setdefault(figure, {})
    line[column] = value
    if rows and column == OURS:
        line[N] = rows


def show(table: Table) -> None:
    """Print the table; beside a share of rows its interval of 95 % (Wilson) and their number."""
    others = list(dict.fromkeys(c for line in table.values() for c in line if c not in (OURS, N)))
    names = [OURS, "95 %", N, *others]
    widths = [8, 13, 6, *(max(8, len(c)) for c in others)]
    print(" " * 56 + "".join(f"  {c:>{w}}" for c, w in zip(names, widths, strict=True)))
    for name, line in table.items():
        cells = [_number(line, OURS), _interval(line), f"{line[N]:.0f}" if N in line else ""]
        cells += [_number(line, c) for c in others]
        row = "".join(f"  {c:>{w}}" for c, w in zip(cells, widths, strict=True))
        print(f"{name.removesuffix(' <'):56}{row}".rstrip())


def _number(line: dict[str, float], column: str) -> str:
    if column not in line:
        return ""
    value = line[column]
    return f"{value:.3f}" if value < 2 else f"{value:.4g}"


def _interval(line: dict[str, float]) -> str:
    if N not in line:
        return ""
    rows = int(line[N])
    found = wilson(round(line[OURS] * rows), rows)
    return f"{found.low:.3f}–{found.high:.3f}" if found else ""
