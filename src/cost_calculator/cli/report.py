"""Shows spend and net savings, or what one workflow run or session cost; what has no price has a
row of its own.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cost_calculator.cli.arguments import UsageError, duration, request_id, session_id, tenant
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, open_store
from cost_calculator.cli.workflow_tree import show_run
from cost_calculator.contributions import Sums
from cost_calculator.pricing import plain
from cost_calculator.reports import (
    GAPS,
    Report,
    as_json,
    days_between,
    net_savings,
    nothing_priced,
    partitions,
    roll_up,
    savings_in_words,
    session_partitions,
    tokens,
)
from cost_calculator.row_keys import DEFAULT_TENANT
from cost_calculator.rows import Row

if TYPE_CHECKING:
    from rich.table import Table

_MONEY = ("cost_usd", "overhead_usd")
_SAVINGS = ("baseline_usd", "net_savings_usd")
_ZERO = Decimal(0)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=duration, default="7d", help="such as 12h, 7d, 4w (%(default)s)"
    )
    parser.add_argument(
        "--by",
        choices=("model", "tenant", "tier", "workflow", "session", "day"),
        default="model",
        help="group by (%(default)s)",
    )
    parser.add_argument(
        "--workflow",
        type=request_id,
        metavar="ID",
        help="what this workflow run cost, step by step, instead",
    )
    parser.add_argument(
        "--session",
        type=session_id,
        metavar="ID",
        help="what this session cost, by model or by day, instead",
    )
    parser.add_argument(
        "--tenant", type=tenant, help="whose it is; only with --workflow or --session"
    )
    parser.add_argument("--savings", action="store_true", help="add the baseline and net savings")
    form = parser.add_mutually_exclusive_group()
    add_json_argument(form, "print JSON, money as decimal strings")
    form.add_argument("--csv", action="store_true", help="print CSV, money as decimal strings")
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.workflow:
        if arguments.csv or arguments.savings:
            raise UsageError("--workflow shows one run as a tree, or as --json")
        return show_run(arguments)
    if arguments.tenant and not arguments.session:
        raise UsageError("--tenant goes with --workflow or --session; for all: --by tenant")
    if arguments.session and arguments.by not in ("model", "day"):
        raise UsageError("--session goes with --by model or --by day")
    now = datetime.now(UTC)
    days = days_between(now - arguments.since, now)
    report = roll_up(_read(arguments, days), arguments.by)
    if arguments.json:
        print(json.dumps(as_json(report, days, arguments.by)))
    elif arguments.csv:
        print(as_csv(report, arguments.by, arguments.savings), end="")
    else:
        from rich.console import Console

        Console().print(as_table(report, days, arguments.by, arguments.savings))
        if arguments.savings:
            print(savings_in_words(report.total))
    return 0


def _read(arguments: argparse.Namespace, days: list[str]) -> Iterable[Row]:
    store = open_store(arguments)
    if session := arguments.session:
        whose = arguments.tenant or DEFAULT_TENANT
        return store.cells_of_tenant(session_partitions(days), whose, session)
    places = session_partitions if arguments.by == "session" else partitions
    return store.cells_of(places(days))


def as_csv(report: Report, by: str, savings: bool) -> str:
    """Return one line a group, then the total, then what the sums of money leave out."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([by, *_headings(savings)])
    for name, sums in [*report.lines.items(), ("TOTAL", report.total)]:
        writer.writerow([name, *_cells(sums, savings)])
    for name in GAPS:
        if report.total.get(name):
            writer.writerow([name.upper(), "", plain(report.total[name])])
    if refused := report.total.get("refusals"):
        writer.writerow(["REFUSED", plain(refused)])
    return out.getvalue()


def as_table(report: Report, days: list[str], by: str, savings: bool) -> Table:
    """Return the report as a table for the terminal."""
    from rich.table import Table

    title = f"Spend from {days[0]} to {days[-1]} (UTC), US dollars"
    table = Table(title=title, show_footer=True)
    totals = _cells(report.total, savings)
    table.add_column(by, "total", no_wrap=True)
    for heading, total in zip(_headings(savings), totals, strict=True):
        table.add_column(heading, total, justify="right")
    for name, sums in report.lines.items():
        table.add_row(name, *_cells(sums, savings))
    missing = [name for name in GAPS if report.total.get(name)]
    refused = report.total.get("refusals")
    if missing or refused:
        table.add_section()
    padding = [""] * (len(totals) - 5)
    for name in missing:
        label = f"[bold red]{name.replace('_', ' ')}[/]"
        at_most = report.total.get("upper_estimate_usd")
        note = f"at most {plain(at_most)}" if name == "unknown" and at_most else "no cost"
        attempts = plain(report.total[name])
        table.add_row(f"{label}: {GAPS[name]}", "", attempts, "", "", note, *padding)
    if refused:
        label = "refused: started, never accepted; their overhead is counted above"
        table.add_row(label, plain(refused), "", "", "", "", *padding)
    return table


def _headings(savings: bool) -> list[str]:
    names = ["requests", "attempts", "tokens_in", "tokens_out", *_MONEY]
    return names + (list(_SAVINGS) if savings else [])


def _cells(sums: Sums, savings: bool) -> list[str]:
    sent, received = tokens(sums)
    counts = [sums.get("requests", _ZERO), sums.get("attempts", _ZERO), sent, received]
    known = not nothing_priced(sums)
    money = [sums.get("cost_usd", _ZERO) if known else None, sums.get("overhead_usd", _ZERO)]
    if savings:
        money += [sums.get("baseline_usd", _ZERO), net_savings(sums)] if known else [None, None]
    return ["" if value is None else plain(value) for value in (*counts, *money)]
