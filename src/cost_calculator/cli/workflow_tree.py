"""``report --workflow``: the steps of one workflow run as a tree, with what each cost."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal
from functools import partial

from cost_calculator.cli.tables import dynamodb, table_name
from cost_calculator.clock import iso, now
from cost_calculator.contributions import Sums
from cost_calculator.rates import default_rates
from cost_calculator.reports import GAPS, tokens
from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from cost_calculator.settlement import settle
from cost_calculator.workflow_cost import WorkflowRun, lines, read_run
from cost_calculator.workflow_figures import money, run_as_json

_HEADINGS = ("step", "status", "model", "tokens in", "out", "models $", "workflow $", "total $")
_RIGHT_FROM = 3
_NOT_KNOWN = "not known"


def show_run(arguments: argparse.Namespace) -> int:
    """Print the run that the arguments name; exit 1 if no request is a step of it."""
    # The AWS SDK is imported when a table is opened.
    from cost_calculator.aws.workflow_rows import WorkflowRows

    parent = key_of(arguments.tenant or DEFAULT_TENANT, arguments.workflow)
    rows = WorkflowRows(dynamodb(arguments), table_name(arguments, "usage"))
    run = read_run(parent, rows, partial(settle, rates=default_rates(), priced_at=iso(now())))
    if run is None:
        raise SystemExit(
            f"no request names {arguments.workflow} as its parent_id: give the id of a workflow"
            " run, and --tenant if it is not of the tenant default"
        )
    print(json.dumps(run_as_json(run)) if arguments.json else as_text(run))
    return 0


def as_text(run: WorkflowRun) -> str:
    """Return the run as a tree, then its total, then what the total leaves out."""
    body = [
        (branch + step.name, step.status, step.model, *_figures(step.sums))
        for branch, step in lines(run)
    ]
    name = f"{run.run_id} ({run.workflow})" if run.workflow else run.run_id
    status = f"{run.status} ({run.cause})" if run.cause else run.status or ""
    table = [_HEADINGS, (name, status, *[""] * (len(_HEADINGS) - 2)), *body]
    if run.own:
        table.append(("the run's own states", "", "", *_figures(run.own)))
    table.append(("total", "", f"{len(body)} step{'s' * (len(body) != 1)}", *_figures(run.total)))
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADINGS))]
    text = [
        "  ".join(
            cell.rjust(width) if column >= _RIGHT_FROM else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    text += [
        f"{run.total[gap]} attempts {gap.replace('_', ' ')}: {GAPS[gap]}"
        for gap in GAPS
        if run.total.get(gap)
    ]
    if run.pending:
        text.append(f"{run.pending} steps or calls have not ended: there is more to come")
    return "\n".join(text)


def _figures(sums: Sums) -> tuple[str, ...]:
    amounts = money(sums).values()
    return (*(f"{count}" for count in tokens(sums)), *map(_dollars, amounts))


def _dollars(usd: Decimal | None) -> str:
    return _NOT_KNOWN if usd is None else f"{usd:.6f}"
