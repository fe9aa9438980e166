"""The cost of a workflow run on the local cloud, as `faregate report --workflow` reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from cost_calculator.aws.workflow_rows import WorkflowRows
from cost_calculator.clock import iso
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from cost_calculator.workflow_cost import WorkflowRun, read_run
from local.deployment import Deployment


def read(deployment: Deployment, run: str) -> WorkflowRun | None:
    """Return a run of the tenant `default`; ``None`` if no row is of it."""
    rows = WorkflowRows(deployment.client("dynamodb"), deployment.usage_table)
    at = iso(datetime.now(UTC))
    return read_run(run, rows, partial(settle, rates=default_rates(), priced_at=at))
